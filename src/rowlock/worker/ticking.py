"""Tickers in a worker: tasks of those with a queue, ticks for handlers. No leader."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any, NamedTuple, TypeAlias

from rowlock.app.core import Core
from rowlock.definitions.tickers import DeclaredTicker
from rowlock.errors import (
    SchemaError,
    StorageConflictError,
    StorageDeniedError,
    StorageError,
    StorageUnavailableError,
    TickLostError,
)
from rowlock.model.ids import new_token
from rowlock.model.names import SYSTEM_NAMESPACE
from rowlock.model.tickers import Tick
from rowlock.ops import tickers as ops
from rowlock.runtime.threads import DaemonThreads
from rowlock.runtime.ticks import handled
from rowlock.storage.storage import Storage
from rowlock.storage.ticker_contract import Upcoming
from rowlock.storage.wakeups import TIMES
from rowlock.worker.loops import cancelled
from rowlock.worker.upkeep import prune

log = logging.getLogger(__name__)

# Due ticks are waited for to the moment; this finds what other processes changed.
POLL_SECONDS = 5.0
# Hints may come with every task that is stored: looking oftener would cost a busy worker.
LEAST_PAUSE_SECONDS = 0.2
FAILED_PAUSE_SECONDS = 1.0
DUE_AT_ONCE = 200
TASKS_AT_ONCE = 50
FIRST_PENALTY_SECONDS = 1.0
LONGEST_PENALTY_SECONDS = 60.0

# Errors for which no single ticker is to blame.
OF_THE_DATABASE = (
    SchemaError,
    StorageConflictError,
    StorageDeniedError,
    StorageUnavailableError,
)

Handle: TypeAlias = Callable[[Tick], Awaitable[Any]]


class Key(NamedTuple):
    """Which ticker."""

    namespace: str
    name: str


class Penalties:
    """Tickers that failed, each left alone for a while, longer every time."""

    def __init__(self) -> None:
        self._until: dict[Key, tuple[float, float]] = {}

    def __len__(self) -> int:
        return len(self._until)

    def wait(self, key: Key) -> float:
        """Return for how many seconds a ticker is still left alone."""
        until, _ = self._until.get(key, (0.0, 0.0))
        return max(0.0, until - time.monotonic())

    def add(self, key: Key) -> None:
        """Leave a ticker alone."""
        _, before = self._until.get(key, (0.0, FIRST_PENALTY_SECONDS / 2))
        seconds = min(before * 2, LONGEST_PENALTY_SECONDS)
        self._until[key] = (time.monotonic() + seconds, seconds)

    def clear(self, key: Key) -> None:
        """Forget that a ticker failed."""
        self._until.pop(key, None)


class Ticking:
    """Looks when a tick is due, sleeps until then, and sees to it if nobody else does."""

    def __init__(
        self,
        app: Core,
        own: Mapping[str, Handle],
        declared: Collection[DeclaredTicker],
        *,
        on_error: Callable[[Exception], None],
    ) -> None:
        """Set it up; on the event loop.

        Args:
            app: Whose tickers are handled; tasks are made of the tickers of all namespaces.
            own: What handles the system's own tickers, by name.
            declared: The app's tickers that are handled here.
            on_error: Told of everything that fails.
        """
        self._app = app
        self._storage: Storage = app.storage
        self._run = app.storage.worker_runner.run
        self._read = app.storage.worker_runner.read
        self._on_error = on_error
        self._declared = tuple(declared)
        self._handles: dict[Key, Handle] = {
            Key(SYSTEM_NAMESPACE, name): handle for name, handle in own.items()
        }
        sync = [one for one in self._declared if not one.is_async]
        self._threads = DaemonThreads(len(sync), name="tickers")
        for one in self._declared:
            self._handles[Key(app.namespace, one.ticker.name)] = self._handle_of(one)
        self._running: dict[Key, asyncio.Task[None]] = {}
        self._penalties = Penalties()
        self._loop = asyncio.get_running_loop()
        self._changed = asyncio.Event()
        self._looked_at = 0.0
        self._hinted = self._stopping = False

    def _handle_of(self, declared: DeclaredTicker) -> Handle:
        handler = declared.handler
        if declared.is_async:
            return handler
        return lambda tick: self._threads.submit(partial(handler, tick))

    async def prepare(self) -> None:
        """Store the tickers that code declares, and the system's own."""
        for one in self._declared:
            await self._run(ops.register_ticker, self._storage, self._app.namespace, one.ticker)
        await self._run(ops.ensure_cleanup, self._storage)

    async def run(self) -> None:
        """See to ticks until cancelled or told to stop taking them."""
        unsubscribe = self._storage.wakeups.subscribe(self._hear)
        try:
            while not self._stopping:
                self._changed.clear()
                try:
                    seconds = await self.look()
                except StorageError as error:
                    log.warning("tickers: cannot look, trying again: %s", error)
                    self._on_error(error)
                    await asyncio.sleep(FAILED_PAUSE_SECONDS)
                else:
                    await self._sleep(seconds)
        finally:
            unsubscribe()

    async def _sleep(self, seconds: float) -> None:
        """Sleep until a tick is due, a handler ended, or something may have changed."""
        self._looked_at = self._loop.time()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._changed.wait()

    def _hear(self, namespace: str | None, queue: str | None) -> None:
        """Look again soon: a ticker may have been changed; from any thread."""
        del namespace
        if queue in {None, TIMES}:
            with suppress(RuntimeError):  # the loop is closed: it has stopped
                self._loop.call_soon_threadsafe(self._take_hint)

    def _take_hint(self) -> None:
        if not self._hinted:
            self._hinted = True
            self._loop.call_at(self._looked_at + LEAST_PAUSE_SECONDS, self._follow_hint)

    def _follow_hint(self) -> None:
        self._hinted = False
        self._changed.set()

    async def close(self) -> None:
        """Cancel handlers that still run; threads are left behind."""
        for key in self._running:
            log.warning("ticker %s: its handler is given up; the tick goes to others", key.name)
        self._threads.close()
        await cancelled(tuple(self._running.values()))

    def stop_taking(self) -> None:
        """Begin nothing more; what runs goes on until `run` is cancelled."""
        self._stopping = True
        self._changed.set()

    async def idle(self) -> None:
        """Wait until no handler runs."""
        while self._running:
            await asyncio.wait(self._running.values())

    async def look(self) -> float:
        """Do what is due; return in how many seconds to look again.

        Raises:
            StorageError: The database cannot be asked.
        """
        return min(await self._make_tasks(), await self._give_ticks())

    async def _make_tasks(self) -> float:
        """Make the tasks of due ticks; return in how many seconds the next one is due."""
        limit = DUE_AT_ONCE + len(self._penalties)
        upcoming = await self._read(self._storage.tickers.upcoming_tasks, limit=limit)
        due, seconds = self._due(upcoming)
        # Each worker in an order of its own, so that they do not wait for each other.
        random.shuffle(due)
        for start in range(0, len(due), TASKS_AT_ONCE):
            await self._make_tasks_of(due[start : start + TASKS_AT_ONCE])
        return seconds

    async def _make_tasks_of(self, keys: list[Key]) -> None:
        """Make the tasks of some tickers together, or one by one if one of them fails."""
        try:
            made = await self._run(ops.make_tasks, self._storage, keys)
        except OF_THE_DATABASE:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the others go on
            if len(keys) == 1:
                self._failed(keys[0], "its task cannot be made", error)
                return
            for key in keys:
                await self._make_tasks_of([key])
        else:
            for key in keys:
                self._penalties.clear(key)
            for namespace, queue in made:
                self._storage.wakeups.wake_here(namespace, queue)

    def _due(self, upcoming: Iterable[Upcoming]) -> tuple[list[Key], float]:
        """Return what is due, and in how many seconds to look again."""
        due, seconds = list[Key](), POLL_SECONDS
        for namespace, name, due_in in upcoming:
            key = Key(namespace, name)
            wait = max(0.0, due_in, self._penalties.wait(key))
            seconds = min(seconds, wait)
            if not wait:
                due.append(key)
        return due, seconds

    async def _give_ticks(self) -> float:
        """Start the handlers of due ticks; return in how many seconds the next one is due."""
        seconds = POLL_SECONDS
        for namespace in {key.namespace for key in self._handles}:
            free = [
                key.name
                for key in self._handles
                if key.namespace == namespace and key not in self._running
            ]
            if free:
                seconds = min(seconds, await self._give_ticks_of(namespace, free))
        return seconds

    async def _give_ticks_of(self, namespace: str, names: list[str]) -> float:
        look = self._storage.tickers.upcoming_ticks
        due, seconds = self._due(await self._read(look, namespace, names, limit=len(names)))
        for key in due:
            await self._give_tick(key)
        return seconds

    async def _give_tick(self, key: Key) -> None:
        take = self._storage.tickers.take_tick
        try:
            tick = await self._run(take, *key, token=new_token())
        except OF_THE_DATABASE:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the others go on
            self._failed(key, "its tick cannot be taken", error)
            return
        self._penalties.clear(key)
        if tick is not None:
            task = asyncio.create_task(self._handle(key, tick), name=f"rowlock-tick-{key.name}")
            self._running[key] = task
            task.add_done_callback(partial(self._ended, key))

    async def _handle(self, key: Key, tick: Tick) -> None:
        """Run the handler of a tick and confirm it, whatever the handler raised."""
        store = self._storage.tickers

        async def renew() -> bool:
            renew_tick = store.renew_tick
            return await self._run(renew_tick, *key, token=tick.token, lease=tick.lease)

        try:
            await handled(tick, self._handles[key](tick), renew)
        except TickLostError as error:
            self._on_error(error)
            return
        except Exception as error:
            log.exception("ticker %s: its handler failed", tick.name)
            self._on_error(error)
        try:
            await self._run(store.confirm_tick, *key, token=tick.token)
        except StorageError as error:
            log.warning("ticker %s: its tick cannot be confirmed: %s", tick.name, error)
            self._on_error(error)

    def _ended(self, key: Key, _task: asyncio.Task[None]) -> None:
        self._running.pop(key, None)
        self._changed.set()

    def _failed(self, key: Key, what: str, error: Exception) -> None:
        log.error("ticker %s of %s: %s", key.name, key.namespace, what, exc_info=error)
        self._on_error(error)
        self._penalties.add(key)


def ticking_of(
    app: Core, *, with_handlers: bool = True, on_error: Callable[[Exception], None]
) -> Ticking:
    """Return what sees to the tickers of an app, and to the system's own.

    Args:
        app: The app.
        with_handlers: Whether its own handlers run here; tasks are made of tickers either way.
        on_error: Told of everything that fails.
    """
    declared = app.extensions.tickers.values() if with_handlers else ()
    own: dict[str, Handle] = {ops.CLEANUP: lambda _tick: prune(app.storage)}
    return Ticking(app, own, declared, on_error=on_error)
