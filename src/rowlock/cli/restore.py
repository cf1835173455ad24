"""`rowlock restore`: show deleted tasks again."""

from __future__ import annotations

import click

from rowlock.app import operating_flows as flows
from rowlock.app.opened import Opened
from rowlock.cli.changing import Chosen, change_options, change_tasks
from rowlock.cli.options import examples
from rowlock.model.changes import Action, Change


@click.command(
    epilog=examples(
        "rowlock restore 0199b2f0",
        "rowlock restore --state deleted --queue emails --yes",
    )
)
@change_options
def command(chosen: Chosen) -> None:
    """Show deleted tasks again; what waited when it was deleted stays canceled.

    TASK is an id, or the beginning of one if no other begins so. Or the options choose the
    tasks: they are counted, and you are asked.
    """
    wanted = Change(Action.RESTORE)
    change_tasks(
        chosen,
        Opened,
        "restore",
        lambda door, task_id: door.ask(flows.change, task_id, wanted, chosen.by),
    )
