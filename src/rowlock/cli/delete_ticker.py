"""`rowlock delete-ticker`: remove a ticker."""

from __future__ import annotations

from contextlib import closing

import click

from rowlock.app import ticker_flows
from rowlock.app.flow import run_flow
from rowlock.cli.changing import by_options
from rowlock.cli.options import Database, database_options, examples, json_option
from rowlock.cli.output import say, say_json
from rowlock.model.changes import By
from rowlock.wire.tickers import ticker_to_wire


@click.command(epilog=examples("rowlock delete-ticker heartbeat --reason 'nobody listens'"))
@click.argument("name")
@by_options
@database_options
@json_option
def command(database: Database, *, name: str, by: By, as_json: bool) -> None:
    """Remove a ticker; the tasks that it made are left alone.

    A worker whose code declares the ticker stores it again at its start.
    """
    with closing(database.open(reserved=True)) as opened:
        gone = run_flow(opened, ticker_flows.delete_ticker(opened, name, by=by))
    if as_json:
        say_json(ticker_to_wire(gone))
    else:
        say(f"{gone.name}\tdeleted")
