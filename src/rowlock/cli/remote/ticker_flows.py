"""`rowlock.app.ticker_flows`, asked of a server."""

from __future__ import annotations

import time
from typing import Any

from rowlock.app.listing_flows import checked_limit
from rowlock.app.ticker_flows import checked_names
from rowlock.cli.remote.reading import model, models, paged, with_queue
from rowlock.cli.remote.saying import cleared, said
from rowlock.client import Client
from rowlock.errors import InvalidValueError, NoTickError, TickLostError
from rowlock.model.changes import NOBODY, By
from rowlock.model.durations import duration_from
from rowlock.model.queues import checked_count
from rowlock.model.tickers import GivenTicker, Tick, Ticker, checked_ticker_name, checked_values

POLL_SECONDS = 1.0
"""How long to wait before a tick is asked for again."""


def create_ticker(client: Client, name: object, given: GivenTicker, *, by: By = NOBODY) -> Ticker:
    """Create a ticker."""
    values = {"name": checked_ticker_name(name), **_values(given, by)}
    made = with_queue(client, given.get("queue"), lambda: client.create_ticker(**values))
    return model(Ticker, made)


def get_ticker(client: Client, name: object) -> Ticker:
    """Show a ticker."""
    return model(Ticker, client.get_ticker(checked_ticker_name(name)))


def list_tickers(client: Client, *, limit: int, offset: int) -> list[Ticker]:
    """List tickers by name."""
    found = paged(
        lambda place, size: client.list_tickers(offset=place, limit=size),
        limit=checked_limit(limit),
        offset=checked_count("offset", offset, least=0),
    )
    return models(Ticker, found)


def count_tickers(client: Client) -> int:
    """Count tickers."""
    return client.list_tickers(limit=1).count


def update_ticker(client: Client, name: object, given: GivenTicker, *, by: By = NOBODY) -> Ticker:
    """Change what is given of a ticker."""
    wanted, values = checked_ticker_name(name), _values(given, by)
    changed = with_queue(client, given.get("queue"), lambda: client.update_ticker(wanted, **values))
    return model(Ticker, changed)


def delete_ticker(client: Client, name: object, *, by: By = NOBODY) -> Ticker:
    """Remove a ticker."""
    return model(Ticker, client.delete_ticker(checked_ticker_name(name), reason=by.reason))


def next_tick(client: Client, names: object, *, timeout: object) -> Tick | None:
    """Take the next tick, or return None after the timeout."""
    wanted, until = checked_names(names), None
    if timeout is not None:
        until = time.monotonic() + duration_from("timeout", timeout).total_seconds()
    while True:
        try:
            return model(Tick, client.take_tick(name=wanted))
        except NoTickError:
            if until is not None and time.monotonic() + POLL_SECONDS >= until:
                return None
        time.sleep(POLL_SECONDS)


def confirm_tick(client: Client, tick: object) -> bool:
    """Be done with a tick."""
    if not isinstance(tick, Tick):
        raise InvalidValueError("tick", f"must be a Tick, not {tick!r}")
    try:
        client.confirm_tick(tick.name, token=str(tick.token))
    except TickLostError:
        return False
    return True


def _values(given: GivenTicker, by: By) -> dict[str, Any]:
    """Return what is said of a ticker for a request, refused here if it makes no sense."""
    checked_values(given)
    return {**said({"reason": by.reason}), **cleared(given)}
