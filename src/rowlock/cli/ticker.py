"""`rowlock ticker`: show one ticker; and what the commands that change one share."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import wraps
from typing import Any

import click

from rowlock.app import ticker_flows
from rowlock.cli.doors import Place, any_namespace
from rowlock.cli.options import examples, json_option
from rowlock.cli.output import colored, duration_text, say, say_json, time_text, without_controls
from rowlock.cli.places import place_options
from rowlock.model.tickers import GivenTicker, Ticker
from rowlock.wire.tickers import ticker_to_wire

LABEL_WIDTH = 9
NEVER = "never"

_VALUE_OPTIONS = (
    click.option("--interval", metavar="DURATION", help="From tick to tick: 1h30m; or 'never'."),
    click.option("--payload", metavar="JSON", help="Given with each tick; any JSON."),
    click.option("--queue", metavar="NAME", help="Where each tick makes a task of the payload."),
)


def value_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command `--interval`, `--payload` and `--queue`, as one `GivenTicker`."""

    @wraps(command)
    def run(*, interval: str | None, payload: str | None, queue: str | None, **rest: Any) -> None:
        command(given=_given(interval, payload, queue), **rest)

    decorated: Callable[..., None] = run
    for option in reversed(_VALUE_OPTIONS):
        decorated = option(decorated)
    return decorated


def _given(interval: str | None, payload: str | None, queue: str | None) -> GivenTicker:
    given = GivenTicker()
    if interval is not None:
        given["interval"] = None if interval.strip().lower() == NEVER else interval
    if payload is not None:
        from rowlock.model import json_text

        given["payload"] = json_text.parse("payload", payload)
    if queue is not None:
        given["queue"] = queue
    return given


@click.command(epilog=examples("rowlock ticker heartbeat", "rowlock ticker heartbeat --json"))
@click.argument("name")
@place_options
@json_option
def command(place: Place, *, name: str, as_json: bool) -> None:
    """Show everything about one ticker."""
    with place.door(any_namespace) as door:
        found = door.ask(ticker_flows.get_ticker, name)
    show_ticker(found, as_json=as_json)


def show_ticker(ticker: Ticker, *, as_json: bool) -> None:
    """Print everything about a ticker."""
    if as_json:
        say_json(ticker_to_wire(ticker))
        return
    for label, value in _facts(ticker):
        say(f"{colored(label.ljust(LABEL_WIDTH), bold=True)} {without_controls(value)}")


def _facts(ticker: Ticker) -> list[tuple[str, str]]:
    facts = [
        ("Ticker", ticker.name),
        ("Id", str(ticker.id)),
        ("Interval", NEVER if ticker.interval is None else duration_text(ticker.interval)),
        ("Payload", json.dumps(ticker.payload, ensure_ascii=False)),
        ("Queue", ticker.queue or "-"),
        ("Taken", time_text(ticker.last_tick_at)),
        ("Next", time_text(ticker.next_tick_at)),
    ]
    if ticker.queue is not None:
        facts.append(("Last task", time_text(ticker.last_task_at)))
        facts.append(("Next task", time_text(ticker.next_task_at)))
    if ticker.held_until is not None:
        facts.append(("Held", f"until {time_text(ticker.held_until)}, attempt {ticker.attempt}"))
    return [
        *facts,
        ("Created", time_text(ticker.created_at)),
        ("Updated", time_text(ticker.updated_at)),
    ]
