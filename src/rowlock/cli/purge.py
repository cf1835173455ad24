"""`rowlock purge`: remove finished tasks for good."""

from __future__ import annotations

import click

from rowlock.app import operating_flows as flows
from rowlock.app.opened import Opened
from rowlock.cli.changing import Chosen, change_options, change_tasks
from rowlock.cli.options import examples


@click.command(
    epilog=examples(
        "rowlock purge 0199b2f0",
        "rowlock purge --state deleted --yes",
    )
)
@change_options
def command(chosen: Chosen) -> None:
    """Remove finished tasks for good, with their attempts and logs.

    TASK is an id, or the beginning of one if no other begins so. Or the options choose the
    tasks: they are counted, and you are asked.
    """
    change_tasks(
        chosen,
        Opened,
        "purge",
        lambda door, task_id: door.ask(flows.purge, task_id, chosen.by),
    )
