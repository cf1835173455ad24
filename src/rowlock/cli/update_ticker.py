"""`rowlock update-ticker`: change what is given of a ticker."""

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
@place_options
@json_option
def command(
    place: Place,
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
    with place.door(any_namespace) as door:
        changed = door.ask(ticker_flows.update_ticker, name, given, by=by)
    show_ticker(changed, as_json=as_json)
