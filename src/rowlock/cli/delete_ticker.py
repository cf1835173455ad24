"""`rowlock delete-ticker`: remove a ticker."""

from __future__ import annotations

import click

from rowlock.app import ticker_flows
from rowlock.cli.changing import by_options
from rowlock.cli.doors import Place, any_namespace
from rowlock.cli.options import examples, json_option
from rowlock.cli.output import say, say_json
from rowlock.cli.places import place_options
from rowlock.model.changes import By
from rowlock.wire.tickers import ticker_to_wire


@click.command(epilog=examples("rowlock delete-ticker heartbeat --reason 'nobody listens'"))
@click.argument("name")
@by_options
@place_options
@json_option
def command(place: Place, *, name: str, by: By, as_json: bool) -> None:
    """Remove a ticker; the tasks that it made are left alone.

    A worker whose code declares the ticker stores it again at its start.
    """
    with place.door(any_namespace) as door:
        gone = door.ask(ticker_flows.delete_ticker, name, by=by)
    if as_json:
        say_json(ticker_to_wire(gone))
    else:
        say(f"{gone.name}\tdeleted")
