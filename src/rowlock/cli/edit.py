"""`rowlock edit`: change waiting tasks."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import click

from rowlock.app import operating_flows as flows
from rowlock.app.intake import Intake
from rowlock.cli.changing import Chosen, change_options, change_tasks
from rowlock.cli.doors import Door
from rowlock.cli.edits import edit_options
from rowlock.cli.options import examples
from rowlock.model.tasks import Task


@click.command(
    epilog=examples(
        "rowlock edit 0199b2f0 --priority 10",
        "rowlock edit 0199b2f0 user_id:=8 --delay 0",
        "rowlock edit --queue emails --state scheduled --delay 1h --yes",
        "rowlock edit template=welcome --queue emails --dry-run",
    )
)
@change_options
@edit_options
def command(chosen: Chosen, *, changes: dict[str, Any], arguments: dict[str, Any] | None) -> None:
    """Change waiting tasks; only what is given changes.

    TASK is an id, or the beginning of one if no other begins so. Or the options choose the
    tasks: they are counted, and you are asked.
    KEY=TEXT and KEY:=JSON change single arguments of each; the others stay.
    """
    edits = flows.checked_edits(changes)

    def change(door: Door[Intake], task_id: UUID) -> Task:
        return door.ask(
            flows.edit, task_id, chosen.by, arguments=arguments, edits=edits, merge=True
        )

    asked = {"changes": changes, "set_arguments": arguments}
    change_tasks(chosen, Intake, "edit", change, asked)
