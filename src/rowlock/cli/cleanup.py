"""`rowlock cleanup`: remove old finished tasks."""

from __future__ import annotations

from contextlib import closing

import click

from rowlock.app import operating_flows as flows
from rowlock.app.flow import run_flow
from rowlock.cli.changing import by_options
from rowlock.cli.options import Database, database_options, examples, json_option
from rowlock.cli.output import say, say_json
from rowlock.model.changes import By


@click.command(
    epilog=examples(
        "rowlock cleanup --older-than 7d",
        "rowlock cleanup --older-than 1h --queue emails --state succeeded",
    )
)
@click.option("--older-than", required=True, metavar="DURATION", help="Since their end: 7d, 12h.")
@click.option("--queue", metavar="NAME", help="Only of this queue.")
@click.option(
    "--state",
    "--status",
    "states",
    multiple=True,
    metavar="STATE",
    help="Only in this final state.",
)
@by_options
@database_options
@json_option
def command(
    database: Database,
    *,
    older_than: str,
    queue: str | None,
    states: tuple[str, ...],
    by: By,
    as_json: bool,
) -> None:
    """Remove finished tasks for good that ended long enough ago; print how many.

    Workers do so by themselves after each queue's retention.
    """
    with closing(database.open()) as opened:
        flow = flows.cleanup(opened, by, older_than=older_than, queue=queue, states=states)
        count = run_flow(opened, flow).removed
    if as_json:
        say_json({"removed": count})
    else:
        say(f"removed\t{count}")
