"""`rowlock delete`: hide tasks from every list."""

from __future__ import annotations

import click

from rowlock.app import operating_flows as flows
from rowlock.app.opened import Opened
from rowlock.cli.changing import Chosen, change_options, change_tasks
from rowlock.cli.options import examples
from rowlock.model.changes import Action, Change


@click.command(
    epilog=examples(
        "rowlock delete 0199b2f0",
        "rowlock delete --state failed --queue emails",
    )
)
@change_options
@click.option("--force", is_flag=True, help="Also what runs: what it still does is not recorded.")
def command(chosen: Chosen, *, force: bool) -> None:
    """Hide tasks from every list; those that wait are canceled.

    TASK is an id, or the beginning of one if no other begins so. Or the options choose the
    tasks: they are counted, and you are asked. 'rowlock restore' brings them back.
    """
    wanted = Change(Action.DELETE, force=force)
    change_tasks(
        chosen,
        Opened,
        "delete",
        lambda door, task_id: door.ask(flows.change, task_id, wanted, chosen.by),
        {"force": force},
    )
