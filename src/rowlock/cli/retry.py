"""`rowlock retry`: run finished tasks again."""

from __future__ import annotations

import click

from rowlock.app import flows
from rowlock.app.opened import Opened
from rowlock.cli.changing import Chosen, change_options, change_tasks
from rowlock.cli.options import examples, number


@click.command(
    epilog=examples(
        "rowlock retry 0199b2f0",
        "rowlock retry 0199b2f0 --attempts 1",
        "rowlock retry --state failed --queue emails --dry-run",
        "rowlock retry --state failed --queue emails --yes",
    )
)
@change_options
@click.option(
    "--attempts", type=number, metavar="N", help="How many more runs.  [default: the queue's]"
)
def command(chosen: Chosen, *, attempts: int | None) -> None:
    """Run finished tasks again under the same ids; their earlier runs stay on record.

    TASK is an id, or the beginning of one if no other begins so. Or the options choose the
    tasks: they are counted, and you are asked.
    """
    change_tasks(
        chosen,
        Opened,
        "retry",
        lambda door, task_id: door.ask(flows.retry, task_id, attempts=attempts, by=chosen.by),
        {"attempts": attempts},
    )
