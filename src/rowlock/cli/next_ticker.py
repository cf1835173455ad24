"""`rowlock next-ticker`: print ticks as they come."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress

import click

from rowlock.app import ticker_flows
from rowlock.app.opened import Opened
from rowlock.cli.doors import Door, Place, any_namespace
from rowlock.cli.options import examples, json_option
from rowlock.cli.output import say, say_json_line, time_text, warn, without_controls
from rowlock.cli.places import place_options
from rowlock.errors import ServerUnavailableError, StorageUnavailableError
from rowlock.model.tickers import Tick
from rowlock.wire.tickers import tick_to_wire

RECONNECT_SECONDS = 1.0


@click.command(
    epilog=examples(
        "rowlock next-ticker",
        'rowlock next-ticker heartbeat --json | while read -r tick; do echo "$tick"; done',
        "rowlock next-ticker heartbeat --once",
    )
)
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--once", is_flag=True, help="End after one tick.")
@place_options
@json_option
def command(place: Place, *, names: Sequence[str], once: bool, as_json: bool) -> None:
    """Print ticks as they come: of these tickers, or of all.

    Each tick goes to one listener, be it this command, a handler or a program. It is
    confirmed once it is printed. --json prints one document on a line for each; otherwise the
    fields are ticker, time, payload and how many were missed. While the database or the server
    is away it tries again. Ctrl-C ends it.
    """
    with place.door(any_namespace) as door, suppress(KeyboardInterrupt):
        door.check()
        for tick in _ticks(door, names or None):
            _print(tick, as_json=as_json)
            _confirm(door, tick)
            if once:
                return


def _ticks(door: Door[Opened], names: Sequence[str] | None) -> Iterator[Tick]:
    while True:
        try:
            yield from door.ticks(names)
        except (StorageUnavailableError, ServerUnavailableError) as error:
            warn(f"rowlock: trying again: {without_controls(str(error))}")
            time.sleep(RECONNECT_SECONDS)


def _print(tick: Tick, *, as_json: bool) -> None:
    if as_json:
        say_json_line(tick_to_wire(tick))
        return
    payload = json.dumps(tick.payload, ensure_ascii=False)
    fields = (tick.name, time_text(tick.at), payload, str(tick.missed))
    say(without_controls("\t".join(fields)))
    sys.stdout.flush()


def _confirm(door: Door[Opened], tick: Tick) -> None:
    try:
        door.ask(ticker_flows.confirm_tick, tick)
    except (StorageUnavailableError, ServerUnavailableError) as error:
        warn(f"rowlock: a tick of {tick.name} may come again: {without_controls(str(error))}")
