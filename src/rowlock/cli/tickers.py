"""`rowlock tickers`: list tickers."""

from __future__ import annotations

import click

from rowlock.app import ticker_flows
from rowlock.cli.doors import Place, any_namespace
from rowlock.cli.options import examples, json_option, number
from rowlock.cli.output import (
    age_text,
    duration_text,
    say_json,
    say_table,
    time_text,
    wants_tables,
    warn,
)
from rowlock.cli.places import place_options
from rowlock.model.tickers import Ticker
from rowlock.wire.tickers import ticker_to_wire

COLUMNS = ("TICKER", "INTERVAL", "QUEUE", "LAST", "NEXT")
SPARE = ("LAST", "QUEUE")


@click.command(
    epilog=examples(
        "rowlock tickers",
        "rowlock tickers --limit 10 --offset 10 --json",
        "rowlock tickers --namespace rowlock",
    )
)
@click.option("--limit", type=number, default=100, show_default=True, metavar="N", help="At most.")
@click.option("--offset", type=number, default=0, metavar="N", help="Leave out this many first.")
@place_options
@json_option
def command(place: Place, *, limit: int, offset: int, as_json: bool) -> None:
    """List tickers by name.

    Piped, it prints a line of tab-separated fields for each: name, interval, queue, last tick,
    next tick. The system's own ticker is in the namespace 'rowlock'.
    """
    with place.door(any_namespace) as door:
        found = door.ask(ticker_flows.list_tickers, limit=limit, offset=offset)
        count = door.ask(ticker_flows.count_tickers)
    if as_json:
        say_json([ticker_to_wire(one) for one in found])
        return
    say_table(COLUMNS, [_row(one) for one in found], whole=("TICKER",), spare=SPARE)
    if not count:
        warn("no tickers")
    elif offset + len(found) < count and wants_tables():
        warn(f"{count:,} in all; more: --offset {offset + len(found)}")


def _row(ticker: Ticker) -> list[str]:
    moments = (ticker.last_at, ticker.next_at)
    shown = [
        age_text(moment) if wants_tables() and moment is not None else time_text(moment)
        for moment in moments
    ]
    interval = "never" if ticker.interval is None else duration_text(ticker.interval)
    return [ticker.name, interval, ticker.queue or "-", *shown]
