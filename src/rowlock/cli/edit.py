"""`rowlock edit`: change waiting tasks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

import click

from rowlock.app import operating_flows as flows
from rowlock.app.flow import Flow
from rowlock.app.intake import Intake
from rowlock.cli.changing import Chosen, change_options, change_tasks, split_arguments
from rowlock.cli.edits import edit_options, merged_arguments
from rowlock.cli.options import examples
from rowlock.model.tasks import Task


@click.command(
    epilog=examples(
        "rowlock edit 0199b2f0 --priority 10",
        "rowlock edit 0199b2f0 user_id:=8 --delay 0",
        "rowlock edit --queue emails --state scheduled --delay 1h --yes",
    )
)
@change_options
@edit_options
def command(chosen: Chosen, *, changes: dict[str, Any]) -> None:
    """Change waiting tasks; only what is given changes.

    TASK is an id, or the beginning of one if no other begins so.
    KEY=TEXT and KEY:=JSON change single arguments; the others stay.
    Or the options choose the tasks: they are counted, and you are asked.
    """
    tasks, pairs = split_arguments(chosen.tasks)
    one = replace(chosen, tasks=tasks)
    if pairs and one.many:
        raise click.UsageError("arguments are changed of tasks that are named, not of many")

    def change(core: Intake, task_id: UUID) -> Flow[Task]:
        arguments = yield from merged_arguments(core, task_id, pairs)
        return (
            yield from flows.edit(
                core, task_id, one.by, arguments=arguments, edits=flows.checked_edits(changes)
            )
        )

    change_tasks(one, Intake, "edit", change, {"changes": changes})
