"""`rowlock retry`: run a finished task again."""

from __future__ import annotations

from contextlib import closing

import click

from rowlock.app import flows
from rowlock.app.flow import run_flow
from rowlock.cli.options import Database, database_options, examples, json_option, number
from rowlock.cli.output import say, say_json
from rowlock.wire.tasks import task_to_wire


@click.command(
    epilog=examples(
        "rowlock retry 0199b2f0",
        "rowlock retry 0199b2f0 --attempts 1",
        "rowlock tasks --state failed | cut -f1 | xargs -n1 rowlock retry",
    )
)
@click.argument("task")
@click.option(
    "--attempts", type=number, metavar="N", help="How many more runs.  [default: the queue's]"
)
@database_options
@json_option
def command(database: Database, *, task: str, attempts: int | None, as_json: bool) -> None:
    """Run a finished task again under the same id; its earlier runs stay on record.

    TASK is its id, or the beginning of it if no other begins so.
    """
    with closing(database.open()) as opened:
        task_id = run_flow(opened, flows.resolve(opened, task))
        found = run_flow(opened, flows.retry(opened, task_id, attempts=attempts))
    if as_json:
        say_json(task_to_wire(found))
    else:
        say(f"{found.id}\t{found.state.value}")
