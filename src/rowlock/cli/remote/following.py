"""What a server streams, as commands follow it; if it has no room, they ask again and again."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import aclosing, closing, suppress
from uuid import UUID

from rowlock.app.ticker_flows import checked_names
from rowlock.cli.output import warn, without_controls
from rowlock.cli.pacing import Polling
from rowlock.cli.remote.reading import model
from rowlock.cli.remote.ticker_flows import POLL_SECONDS, next_tick
from rowlock.client import AsyncClient, Client
from rowlock.errors import OverloadedError, RateLimitError
from rowlock.model.tickers import Tick

LOG_SECONDS = 1.0
"""So often the log of a running task is looked at: events tell nothing of it."""


class LivePace:
    """Looks at a task when an event tells of it; often until there are events, or if none come.

    A thread of its own reads the events, so that whoever waits can also look at the log.
    """

    def __init__(self, connect: Callable[[], AsyncClient], task_id: UUID) -> None:
        self._connect, self._task_id = connect, task_id
        self._polling = Polling()
        self._changed = threading.Event()
        self._live = False
        self._error: Exception | None = None
        self._told = False
        self._stop: Callable[[], None] | None = None

    def wait(self, *, running: bool, busy: bool) -> None:
        """Wait for an event, or for a while."""
        if self._stop is None:
            self._start()
        if self._error is not None and not self._told:
            self._told = True
            warn(f"rowlock: no live events, asking instead: {without_controls(str(self._error))}")
        pause: float | None = LOG_SECONDS if running else None
        if not self._live:
            pause = self._polling.next_pause(busy=busy)
        self._changed.wait(pause)
        self._changed.clear()

    def _start(self) -> None:
        loop = asyncio.new_event_loop()
        following = loop.create_task(self._follow())

        def run() -> None:
            with closing(loop), suppress(asyncio.CancelledError):
                loop.run_until_complete(following)

        thread = threading.Thread(target=run, name="rowlock-events", daemon=True)
        thread.start()

        def stop() -> None:
            with suppress(RuntimeError):  # it has ended by itself
                loop.call_soon_threadsafe(following.cancel)
            thread.join()

        self._stop = stop

    async def _follow(self) -> None:
        try:
            async with (
                self._connect() as client,
                aclosing(client.watch_events(task=[self._task_id])) as events,
            ):
                async for _ in events:
                    self._live = True
                    self._changed.set()
        except Exception as error:  # noqa: BLE001 - told by the thread that waits
            self._error, self._live = error, False
            self._changed.set()

    def close(self) -> None:
        """Read no more."""
        if self._stop is not None:
            self._stop()


def ticks(client: Client, names: Sequence[str] | None) -> Iterator[Tick]:
    """Yield ticks as they come."""
    wanted = checked_names(names)
    try:
        with closing(client.watch_ticks(name=wanted)) as events:
            for event in events:
                if event.data is not None:
                    yield model(Tick, event.data.tick)
    except (OverloadedError, RateLimitError) as error:
        warn(f"rowlock: no stream, asking every {POLL_SECONDS:g} s instead: {error}")
    while True:
        tick = next_tick(client, names, timeout=None)
        assert tick is not None  # noqa: S101 - it waits for ever
        yield tick
