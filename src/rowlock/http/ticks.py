"""Ticks as a stream of events."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Final

import msgspec

from rowlock.app import ticker_flows
from rowlock.app.core import Core
from rowlock.app.flow import run_flow_async
from rowlock.errors import RowlockError, StorageError, TickerNotFoundError
from rowlock.http.answers import error_document
from rowlock.http.live.live import Live
from rowlock.http.streaming import frame
from rowlock.model.tickers import Tick
from rowlock.wire.planned import tick_document, ticker_document

log = logging.getLogger(__name__)

PING_SECONDS: Final = 10.0
LOOK: Final = timedelta(seconds=1)
DOUBT: Final = timedelta(seconds=0.2)
"""After so long a client that is gone is known to be gone, once something was sent to it."""
_PING: Final = frame("ping", b"{}")


async def ticks(
    core: Core, names: Sequence[str] | None, live: Live, check: Callable[[], Awaitable[None]]
) -> AsyncGenerator[bytes]:
    """Yield ticks as they are sent, until the service stops or the client may not go on.

    Args:
        core: Whose.
        names: Of which tickers; None for all.
        live: Says when the service stops.
        check: Raises if the client may not go on; called often.
    """
    yield _PING
    sent_at = time.monotonic()
    # Those that were sent since the last ping, and those before it.
    fresh: list[Tick] = []
    proven: list[Tick] = []
    try:
        while not live.ended:
            doubted = bool(fresh or proven)
            tick = await _next(core, names, check, DOUBT if doubted else LOOK)
            data = None if tick is None else await _ticker(core, tick)
            if tick is not None and data is not None:
                yield frame("ticker", data)
                fresh.append(tick)
            now = time.monotonic()
            if now - sent_at >= (DOUBT.total_seconds() if doubted else PING_SECONDS):
                yield _PING
                sent_at = now
                # A tick that was sent to somebody who had just gone goes to another.
                for one in proven:
                    await _confirm(core, one)
                fresh, proven = [], fresh
    except RowlockError as error:
        yield frame("error", msgspec.json.encode(error_document(error)))


async def _next(
    core: Core,
    names: Sequence[str] | None,
    check: Callable[[], Awaitable[None]],
    longest: timedelta,
) -> Tick | None:
    try:
        await check()
        return await run_flow_async(core, ticker_flows.next_tick(core, names, timeout=longest))
    except StorageError as error:
        log.warning("cannot look for ticks, trying again: %s", error)
        await asyncio.sleep(LOOK.total_seconds())
        return None


async def _ticker(core: Core, tick: Tick) -> bytes | None:
    """Return a ticker that has just ticked, as it is sent; None if it is gone."""
    try:
        ticker = await run_flow_async(core, ticker_flows.get_ticker(core, tick.name))
    except (StorageError, TickerNotFoundError) as error:
        log.warning("ticker %s: its tick cannot be sent: %s", tick.name, error)
        return None
    shown = {**ticker_document(ticker, reveal=True), "tick": tick_document(tick)}
    return msgspec.json.encode(shown)


async def _confirm(core: Core, tick: Tick) -> None:
    try:
        await run_flow_async(core, ticker_flows.confirm_tick(core, tick))
    except StorageError as error:
        log.warning("a tick of %s may come again: %s", tick.name, error)
