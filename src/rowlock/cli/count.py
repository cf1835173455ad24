"""`rowlock count`: count tasks by a filter."""

from __future__ import annotations

from contextlib import closing

import click

from rowlock.app.flow import run_flow
from rowlock.app.listing_flows import count_tasks
from rowlock.cli.filters import filter_options
from rowlock.cli.options import Database, database_options, examples, json_option
from rowlock.cli.output import say, say_json, wants_tables
from rowlock.model.tasks import TaskFilter
from rowlock.wire.queues import count_to_wire


@click.command(
    epilog=examples(
        "rowlock count",
        "rowlock count --state failed --finished-after 24h",
        "rowlock count --definition send_email --argument user_id:=7 --json",
    )
)
@filter_options
@database_options
@json_option
def command(database: Database, *, wanted: TaskFilter, as_json: bool) -> None:
    """Count the tasks that the options choose, up to 10,000; a + stands where there are more."""
    with closing(database.open()) as opened:
        found = run_flow(opened, count_tasks(opened, wanted))
    if as_json:
        say_json(count_to_wire(found))
        return
    number = f"{found.count:,}" if wants_tables() else str(found.count)
    say(f"{number}+" if found.capped else number)
