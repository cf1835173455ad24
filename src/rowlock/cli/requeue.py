"""`rowlock requeue`: store new tasks like others."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import click

from rowlock.app import operating_flows as flows
from rowlock.app.flows import get_task
from rowlock.app.intake import Intake
from rowlock.app.rewriting import merged
from rowlock.cli.changing import Chosen, change_options, change_tasks
from rowlock.cli.doors import Door
from rowlock.cli.edits import edit_options
from rowlock.cli.options import examples
from rowlock.model.tasks import Task


@click.command(
    epilog=examples(
        "rowlock requeue 0199b2f0",
        "rowlock requeue 0199b2f0 user_id:=8 --priority 10",
        "rowlock requeue --state failed --queue emails --yes",
    )
)
@change_options
@edit_options
def command(chosen: Chosen, *, changes: dict[str, Any], arguments: dict[str, Any] | None) -> None:
    """Store new tasks like others, in the same queues; those stay as they are.

    TASK is an id, or the beginning of one if no other begins so. Or the options choose the
    tasks: they are counted, and you are asked.
    KEY=TEXT and KEY:=JSON change single arguments of each new task; the others are the same.
    """

    def change(door: Door[Intake], task_id: UUID) -> Task:
        given = None
        if arguments is not None:
            given = merged(door.ask(get_task, task_id).payload, arguments)
        return door.ask(flows.requeue, task_id, chosen.by, arguments=given, changes=changes)

    asked = {"changes": changes, "set_arguments": arguments}
    change_tasks(chosen, Intake, "requeue", change, asked)
