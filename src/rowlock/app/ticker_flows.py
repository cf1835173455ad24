"""What the facades do with tickers and their ticks, as flows."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Protocol, cast
from uuid import UUID

from rowlock.app.flow import Do, Flow, Pause, Run
from rowlock.app.listing_flows import checked_limit
from rowlock.app.opened import Opened
from rowlock.errors import (
    InvalidValueError,
    StorageConflictError,
    StorageUnavailableError,
    TickLostError,
)
from rowlock.model.changes import NOBODY, By
from rowlock.model.durations import duration_from, positive_duration_from
from rowlock.model.ids import checked_token
from rowlock.model.names import SYSTEM_NAMESPACE
from rowlock.model.queues import checked_count
from rowlock.model.tickers import (
    GivenTicker,
    Tick,
    Ticker,
    checked_new_ticker_name,
    checked_ticker_name,
    checked_values,
)
from rowlock.ops import tickers as ops
from rowlock.plan import Plan
from rowlock.storage.wakeups import TIMES

log = logging.getLogger(__name__)

# Ticks that are known are waited for to the moment; this finds what was changed elsewhere.
POLL_SECONDS = 1.0
SHORTEST_PAUSE_SECONDS = 0.005


class Stop(Protocol):
    """What ends a loop: a `threading.Event` or an `asyncio.Event`."""

    def is_set(self) -> bool:
        """Whether it should end."""
        ...


def create_ticker(
    core: Opened, name: object, given: GivenTicker, *, by: By = NOBODY
) -> Flow[Ticker]:
    """Store a new ticker."""
    check_own(core)
    new = Ticker(name=checked_new_ticker_name(name), **checked_values(given))
    return (yield from _changed(core, partial(ops.create_ticker, new=new, by=by)))


def register_ticker(core: Opened, name: object, given: GivenTicker) -> Flow[Ticker]:
    """Store what code says of a ticker."""
    check_own(core)
    code = Ticker(name=checked_new_ticker_name(name), **checked_values(given))
    return (yield from _changed(core, partial(ops.register_ticker, code=code)))


def get_ticker(core: Opened, name: object) -> Flow[Ticker]:
    """Return a ticker."""
    wanted = checked_ticker_name(name)
    operation = partial(ops.get_ticker, core.storage, core.namespace, wanted)
    found: Ticker = yield Run(operation, reads=True)
    return found


def list_tickers(core: Opened, *, limit: int, offset: int) -> Flow[list[Ticker]]:
    """Return tickers by name."""
    operation = partial(
        core.storage.tickers.list_tickers,
        core.namespace,
        limit=checked_limit(limit),
        offset=checked_count("offset", offset, least=0),
    )
    found: list[Ticker] = yield Run(operation, reads=True)
    return found


def count_tickers(core: Opened) -> Flow[int]:
    """Return how many tickers there are."""
    count: int = yield Run(partial(core.storage.tickers.count_tickers, core.namespace), reads=True)
    return count


def update_ticker(
    core: Opened, name: object, given: GivenTicker, *, by: By = NOBODY
) -> Flow[Ticker]:
    """Change what is given of a ticker."""
    wanted, values = checked_ticker_name(name), checked_values(given)
    if not values:
        raise InvalidValueError("ticker", "nothing is given to change")
    if wanted == ops.CLEANUP and set(values) == {"interval"} and _is_system(core):
        yield Run(partial(ops.ensure_cleanup, core.storage))
    else:
        check_own(core)
    operation = partial(ops.update_ticker, name=wanted, values=values, by=by)
    return (yield from _changed(core, operation))


def delete_ticker(core: Opened, name: object, *, by: By = NOBODY) -> Flow[Ticker]:
    """Remove a ticker."""
    check_own(core)
    operation = partial(ops.delete_ticker, name=checked_ticker_name(name), by=by)
    return (yield from _changed(core, operation))


def _is_system(core: Opened) -> bool:
    return core.namespace == SYSTEM_NAMESPACE


def check_own(core: Opened) -> None:
    """Refuse to touch what belongs to the system.

    Raises:
        InvalidValueError: The namespace is the system's.
    """
    if _is_system(core):
        raise InvalidValueError(
            "namespace",
            f"{SYSTEM_NAMESPACE!r} is the system's own: "
            f"only the interval of its ticker {ops.CLEANUP!r} can be changed",
        )


def _changed(core: Opened, operation: Callable[..., Plan[Ticker]]) -> Flow[Ticker]:
    ticker: Ticker = yield Run(partial(operation, storage=core.storage, namespace=core.namespace))
    core.storage.wakeups.wake_here(core.namespace, TIMES)
    return ticker


def checked_names(names: object) -> list[str] | None:
    """Return the names of tickers whose ticks are wanted; None for all.

    Raises:
        InvalidValueError: Not names, or none at all.
    """
    if names is None:
        return None
    given = [names] if isinstance(names, str) else names
    if not isinstance(given, Sequence) or not given:
        raise InvalidValueError("names", f"must be names of tickers, not {names!r}")
    return sorted({checked_ticker_name(name) for name in cast("Sequence[object]", given)})


def next_tick(core: Opened, names: object, *, timeout: object) -> Flow[Tick | None]:
    """Take the next tick, or return None after the timeout."""
    check_own(core)
    wanted, until = checked_names(names), None
    if timeout is not None:
        until = time.monotonic() + duration_from("timeout", timeout).total_seconds()
    while True:
        found = yield from _look(core, wanted)
        if isinstance(found, Tick):
            return found
        seconds = _pause(found, POLL_SECONDS)
        if until is not None:
            left = until - time.monotonic()
            if left <= 0:
                return None
            seconds = min(seconds, left)
        yield Pause(seconds)


def _look(core: Opened, names: Sequence[str] | None) -> Flow[Tick | float | None]:
    operation = partial(ops.take_tick, core.storage, core.namespace, names)
    found: Tick | float | None = yield Run(operation)
    return found


def _pause(seconds: float | None, longest: float) -> float:
    if seconds is None:
        return longest
    return min(max(seconds, SHORTEST_PAUSE_SECONDS), longest)


def confirm_tick(core: Opened, tick: object) -> Flow[bool]:
    """Be done with a tick."""
    taken = _checked_tick(tick)
    done: bool = yield Run(partial(_confirm, core, taken.name, taken.token))
    return done


def confirm_taken(core: Opened, name: object, token: object) -> Flow[Ticker]:
    """Be done with a tick that is known by its token; returns its ticker.

    Raises:
        TickerNotFoundError: There is none of that name.
        TickLostError: The tick went to another, or its ticker was stopped.
    """
    checked = checked_token(token)
    ticker = yield from get_ticker(core, name)
    if not (yield Run(partial(_confirm, core, ticker.name, checked))):
        raise TickLostError(ticker.name)
    return ticker


def renew_tick(core: Opened, tick: object) -> Flow[bool]:
    """Hold a tick for longer."""
    taken = _checked_tick(tick)
    held: bool = yield Run(partial(_renew, core, taken))
    return held


def renew_taken(core: Opened, name: object, token: object) -> Flow[Ticker]:
    """Hold a tick that is known by its token for longer. See `confirm_taken`."""
    checked = checked_token(token)
    ticker = yield from get_ticker(core, name)
    store = core.storage.tickers
    renew = partial(store.renew_tick, core.namespace, ticker.name, token=checked)
    if not (yield Run(partial(renew, lease=ticker.lease))):
        raise TickLostError(ticker.name)
    return ticker


def _checked_tick(tick: object) -> Tick:
    if not isinstance(tick, Tick):
        raise InvalidValueError("tick", f"must be a Tick, not {tick!r}")
    return tick


def _confirm(core: Opened, name: str, token: UUID) -> Plan[bool]:
    return core.storage.tickers.confirm_tick(core.namespace, name, token=token)


def _renew(core: Opened, tick: Tick) -> Plan[bool]:
    store = core.storage.tickers
    return store.renew_tick(core.namespace, tick.name, token=tick.token, lease=tick.lease)


def run_ticker_loop(
    core: Opened, handle: Callable[[Tick], Do], names: object, *, poll: object, stop: Stop | None
) -> Flow[None]:
    """Give every tick to a handler, one after the other, until stopped.

    Args:
        core: Whose tickers.
        handle: How a tick is handled; raises what the handler raises.
        names: Which tickers; None for all.
        poll: How long to sleep at most between two looks; a duration.
        stop: Ends the loop between two ticks.
    """
    check_own(core)
    wanted = checked_names(names)
    longest = positive_duration_from("poll", poll).total_seconds()
    while stop is None or not stop.is_set():
        try:
            found = yield from _look(core, wanted)
        except (StorageUnavailableError, StorageConflictError) as error:
            log.warning("cannot look for ticks, trying again: %s", error)
            found = None
        if not isinstance(found, Tick):
            yield Pause(_pause(found, longest))
            continue
        try:
            yield handle(found)
        except TickLostError as error:
            log.warning("%s", error)
            continue
        except Exception:
            log.exception("ticker %s: its handler failed", found.name)
        yield from _confirmed(core, found)


def _confirmed(core: Opened, tick: Tick) -> Flow[None]:
    try:
        yield Run(partial(_confirm, core, tick.name, tick.token))
    except (StorageUnavailableError, StorageConflictError) as error:
        log.warning("ticker %s: its tick cannot be confirmed: %s", tick.name, error)


def blocking_handle(core: Opened, handler: Callable[[Tick], Any]) -> Callable[[Tick], Do]:
    """Return how a sync app handles a tick: on the calling thread."""
    from rowlock.runtime.ticks import renewed

    def call(tick: Tick) -> None:
        renew = partial(core.storage.runner.run, partial(_renew, core, tick))
        with renewed(tick, renew):
            handler(tick)

    return lambda tick: Do(partial(call, tick), _never)


async def _never() -> None:
    raise AssertionError  # the flow of a sync app awaits nothing


def awaited_handle(
    core: Opened, handler: Callable[[Tick], Any], *, is_async: bool
) -> Callable[[Tick], Do]:
    """Return how an async app handles a tick: on the event loop, or on a thread of it."""
    import asyncio

    from rowlock.runtime.ticks import handled

    async def call(tick: Tick) -> None:
        loop = asyncio.get_running_loop()
        work = handler(tick) if is_async else loop.run_in_executor(None, handler, tick)
        renew = partial(core.storage.async_runner.run, partial(_renew, core, tick))
        await handled(tick, work, renew)

    return lambda tick: Do(_blocks, partial(call, tick))


def _blocks() -> None:
    raise AssertionError  # the flow of an async app blocks nowhere
