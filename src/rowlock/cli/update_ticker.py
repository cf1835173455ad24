"""`rowlock update-ticker`: change what is given of a ticker."""

from __future__ import annotations

from contextlib import closing

import click

from rowlock.app import ticker_flows
from rowlock.app.flow import run_flow
from rowlock.cli.changing import by_options
from rowlock.cli.options import Database, database_options, examples, json_option
from rowlock.cli.ticker import show_ticker, value_options
from rowlock.model.changes import By
from rowlock.model.tickers import GivenTicker


@click.command(
    epilog=examples(
        "rowlock update-ticker heartbeat --interval 5m",
        "rowlock update-ticker heartbeat --interval never --reason 'until Monday'",
        "rowlock update-ticker report --no-queue",
        "rowlock update-ticker cleanup --namespace rowlock --interval 10m",
    )
)
@click.argument("name")
@value_options
@click.option("--no-queue", is_flag=True, help="Make no more tasks.")
@by_options
@database_options
@json_option
def command(
    database: Database,
    *,
    name: str,
    given: GivenTicker,
    no_queue: bool,
    by: By,
    as_json: bool,
) -> None:
    """Change what is given of a ticker.

    Another interval counts from the last tick; 'never' stops it. A worker whose code declares
    the ticker writes all of it again at its start.
    """
    if no_queue:
        if "queue" in given:
            raise click.UsageError("give either --queue or --no-queue")
        given["queue"] = None
    with closing(database.open(reserved=True)) as opened:
        changed = run_flow(opened, ticker_flows.update_ticker(opened, name, given, by=by))
    show_ticker(changed, as_json=as_json)
