"""`rowlock create-ticker`: store a new ticker."""

from __future__ import annotations

import click

from rowlock.app import ticker_flows
from rowlock.cli.changing import by_options
from rowlock.cli.doors import Place, any_namespace
from rowlock.cli.options import examples, json_option
from rowlock.cli.places import place_options
from rowlock.cli.ticker import show_ticker, value_options
from rowlock.model.changes import By
from rowlock.model.tickers import GivenTicker


@click.command(
    epilog=examples(
        "rowlock create-ticker heartbeat --interval 30s",
        """rowlock create-ticker report --interval 1h30m --queue reports --payload '{"top": 10}'""",
    )
)
@click.argument("name")
@value_options
@by_options
@place_options
@json_option
def command(
    place: Place,
    *,
    name: str,
    given: GivenTicker,
    by: By,
    as_json: bool,
) -> None:
    """Store a new ticker, which ticks at once and then by its interval.

    The interval is a minute if none is given; 'never' does not tick.
    """
    with place.door(any_namespace, create=True) as door:
        created = door.ask(ticker_flows.create_ticker, name, given, by=by)
    show_ticker(created, as_json=as_json)
