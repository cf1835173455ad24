"""The life of a worker: started, stopped, given up, wherever its tasks come from."""

from __future__ import annotations

import asyncio
import logging
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager, suppress
from datetime import timedelta
from functools import partial
from typing import Self, Unpack

from rowlock.app.core import Application
from rowlock.errors import ConfigError, InvalidValueError, RowlockError, StorageUnavailableError
from rowlock.model.durations import duration_from
from rowlock.model.names import checked_worker
from rowlock.runtime.dispatcher import Dispatcher
from rowlock.runtime.heartbeat import Heartbeat
from rowlock.runtime.processes.origin import in_child
from rowlock.runtime.slots import Slots, limits_of
from rowlock.runtime.source import TaskSource
from rowlock.worker.background import BackgroundLoop
from rowlock.worker.beating import started_heartbeat
from rowlock.worker.children import process_pool
from rowlock.worker.claiming import dispatcher_of
from rowlock.worker.hooks import WorkerHooks
from rowlock.worker.identity import new_worker_id
from rowlock.worker.interpreter import tune, untune
from rowlock.worker.limits import GivenLimits, limits_from
from rowlock.worker.loops import Loops, cancelled, kept_going, vital
from rowlock.worker.rules import Rules
from rowlock.worker.signals import stopping_on_signals
from rowlock.worker.stopping import (
    finish,
    hand_back,
    until_stopped,
    until_stuck,
    until_too_large,
)

log = logging.getLogger(__name__)

DEFAULT_GRACE = timedelta(seconds=30)


class WorkerLife(ABC):
    """Runs an app's tasks until it is stopped; of any kind of worker.

    What each kind adds: where tasks come from, and what goes on beside them.
    """

    def __init__(
        self,
        app: Application,
        queues: Mapping[str, int | None] | Iterable[str] | None = None,
        *,
        concurrency: int | None = None,
        grace: object = DEFAULT_GRACE,
        unknown: str = "leave",
        worker_id: str | None = None,
        **limits: Unpack[GivenLimits],
    ) -> None:
        """Set the worker up; nothing is started or connected. See `Worker`."""
        if unknown not in {"leave", "fail"}:
            raise InvalidValueError("unknown", f"{unknown!r} is neither 'leave' nor 'fail'")
        self._app = app.core
        self._child_settings: dict[str, str] = {}
        self._slots_by_queue, self._total = limits_of(queues, concurrency)
        Slots(self._slots_by_queue, self._total)
        self.id = new_worker_id() if worker_id is None else checked_worker(worker_id)
        self._grace = self._stop_grace = duration_from("grace", grace)
        self._takes_unknown = unknown == "fail"
        self._limits = limits_from(**limits)
        self._dispatcher: Dispatcher | None = None
        self._hooks: WorkerHooks
        self._stop_asked: asyncio.Event | None = None
        self._hurry_asked: asyncio.Event | None = None
        self._service: asyncio.Task[int] | None = None
        self._opened: asyncio.Future[None] | None = None
        self._failure: Exception | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: int | None = None

    @property
    def is_running(self) -> bool:
        """Whether it claims or still has tasks in hand."""
        return self._service is not None and not self._service.done()

    @property
    def is_healthy(self) -> bool:
        """Whether it takes tasks: it has handlers and a slot to run them in, and is not stopping.

        A slot is lost while a thread that outlived its timeout goes on.
        """
        stopping = self._stop_asked is None or self._stop_asked.is_set()
        handles = self._app.registry or self._app.extensions.tickers
        if self._dispatcher is None or stopping or not handles:
            return False
        return self.is_running and not self.is_stuck

    @property
    def is_stuck(self) -> bool:
        """Whether every slot is lost to a thread that outlived its timeout.

        If that lasts for the grace time, the worker stops with `WorkerStuckError`.
        """
        return self._dispatcher is not None and self._dispatcher.lost_slots >= self._total

    @property
    def is_connected(self) -> bool:
        """Whether the other side answered when it was last asked for tasks."""
        return self._dispatcher is not None and self._dispatcher.connected

    @property
    def recorded(self) -> int:
        """How many attempts this run of the worker has recorded."""
        return 0 if self._dispatcher is None else self._dispatcher.settler.recorded

    def run(self) -> int:
        """Run until SIGTERM or SIGINT; for sync programs.

        Returns:
            How many tasks were given up: handed back, or left to their leases where the
            other side did not answer; 0 is a clean stop.

        Raises:
            StorageError: The other side cannot be reached, or the database's schema is not ours.
            Exception: What a part died of that the worker cannot do without; it has stopped.
        """
        return asyncio.run(self.arun())

    def run_once(self) -> int:
        """Run what can start now, until nothing is left; for sync programs.

        Returns:
            How many attempts were recorded.
        """
        return asyncio.run(self.arun_once())

    async def arun(self) -> int:
        """Run until `stop`, SIGTERM or SIGINT. See `run`."""
        with stopping_on_signals(self.request_stop, self.request_hurry):
            await self.start()
            return await self.wait()

    async def wait(self) -> int:
        """Wait until it has stopped; being cancelled stops it at once. See `run`."""
        if self._service is None:
            return 0
        try:
            return await asyncio.shield(self._service)
        except asyncio.CancelledError:
            self.request_hurry()
            await self._service
            raise

    @contextmanager
    def background(self) -> Generator[Self]:
        """Run on a thread of its own during this block; for sync programs.

        Signals stay with the program. At the end of the block the worker stops, as `stop` does.

        Raises:
            StorageError: The other side cannot be reached, or the database's schema is not ours.
            Exception: What a part died of that the worker cannot do without.
        """
        thread = BackgroundLoop(self.start, self.wait)
        thread.start()
        try:
            yield self
        finally:
            self.request_stop()
            thread.join()

    async def start(self) -> None:
        """Start in the background of the running event loop; a second call does nothing.

        Raises:
            StorageError: The other side cannot be reached, or the database's schema is not ours.
        """
        if self._service is None or self._service.done():
            self._begin()
            self._opened = asyncio.get_running_loop().create_future()
            self._service = asyncio.create_task(self._serve(self._opened), name="rowlock-worker")
        assert self._opened is not None  # noqa: S101 - set together with the service
        try:
            await asyncio.shield(self._opened)
        except asyncio.CancelledError:
            self.request_hurry()
            raise

    async def stop(self, grace: object = None) -> int:
        """Claim no more, let running tasks finish up to the grace time, hand the rest back.

        Args:
            grace: Instead of the worker's own; a duration.

        Returns:
            How many running tasks were given up.
        """
        self._stop_grace = self._grace if grace is None else duration_from("grace", grace)
        if self._service is None:
            return 0
        self.request_stop()
        return await asyncio.shield(self._service)

    def request_stop(self) -> None:
        """Ask it to stop, without waiting; from any thread."""
        self._on_loop(self._ask_to_stop)

    def request_hurry(self) -> None:
        """Ask it to hand running tasks back now, without waiting; from any thread."""
        self._on_loop(self._ask_to_hurry)

    def _on_loop(self, call: Callable[[], None]) -> None:
        if self._thread == threading.get_ident():
            call()
        elif self._loop is not None:
            with suppress(RuntimeError):  # the loop is closed: it has stopped
                self._loop.call_soon_threadsafe(call)

    def _ask_to_stop(self) -> None:
        if self._stop_asked is not None:
            self._stop_asked.set()
        if self._dispatcher is not None:
            self._dispatcher.stop_claiming()

    def _ask_to_hurry(self) -> None:
        self._ask_to_stop()
        if self._hurry_asked is not None:
            self._hurry_asked.set()

    async def arun_once(self) -> int:
        """Run what can start now, until nothing is left. See `run_once`."""
        if self.is_running:
            raise InvalidValueError("worker", "is running already; stop it before run_once")
        self._begin()
        try:
            dispatcher, source = await self._open()
            loops = self._start_loops(dispatcher, self._loops())
            heartbeat = started_heartbeat(
                dispatcher, source, lost=self._hooks.lost, died=self._died
            )
            try:
                await until_stopped(self._drain(dispatcher), self._stop_asked)
            finally:
                try:
                    await hand_back(dispatcher)
                finally:
                    await self._end_loops(heartbeat, loops)
        finally:
            await self._close()
        if self._failure is not None:
            raise self._failure
        return dispatcher.settler.recorded

    @abstractmethod
    async def _read(self) -> Rules:
        """Connect, and learn what is needed before hooks start."""

    @abstractmethod
    def _source(self, rules: Rules) -> tuple[TaskSource, str]:
        """Return where tasks come from, and the namespace that it is."""

    def _loops(self) -> Loops:
        """Return what goes on beside running tasks, by what it is called."""
        return {}

    def _serving_loops(self) -> Loops:
        """Return what goes on besides in a worker that waits for more."""
        return {}

    async def _drain(self, dispatcher: Dispatcher) -> None:
        """Run what can start now."""
        await dispatcher.drain()

    async def _idle(self, dispatcher: Dispatcher) -> None:
        """Begin nothing more, and return once nothing runs."""
        await dispatcher.idle()

    async def _end_beside(self) -> None:  # noqa: B027 - some have nothing
        """End what still goes on beside running tasks, before the shut-down hooks run."""

    async def _close(self) -> None:  # noqa: B027 - some have nothing
        """Let go of what `_begin` and `_read` have taken, at the very end."""

    def _begin(self) -> None:
        """Get ready, on the event loop."""
        if in_child():
            raise ConfigError(
                "a process of a worker loads the program, which starts a worker: "
                "put that below if __name__ == '__main__'"
            )
        self._loop, self._thread = asyncio.get_running_loop(), threading.get_ident()
        self._stop_asked, self._hurry_asked = asyncio.Event(), asyncio.Event()
        self._failure = None
        self._hooks = WorkerHooks(self._app)

    async def _open(self) -> tuple[Dispatcher, TaskSource]:
        processes = process_pool(self._app, self._limits.child, self._child_settings)
        rules = await self._ready()
        source, namespace = self._source(rules)
        slots = Slots(self._slots_by_queue, self._total, budget=self._limits.max_tasks)
        self._dispatcher = dispatcher = dispatcher_of(
            self._app,
            source,
            slots,
            rules,
            self._hooks,
            processes,
            prefetch=self._limits.prefetch,
            namespace=namespace,
            worker=self.id,
        )
        if self._stop_asked is not None and self._stop_asked.is_set():
            dispatcher.stop_claiming()
        return dispatcher, source

    async def _ready(self) -> Rules:
        async def read() -> Rules:
            rules = await self._read()
            await self._hooks.start()
            return rules

        rules = await until_stopped(read(), self._stop_asked)
        if rules is None:
            raise StorageUnavailableError("told to stop before the other side answered")
        return rules

    def _start_loops(self, dispatcher: Dispatcher, others: Loops) -> list[asyncio.Task[None]]:
        tune()
        stuck = until_stuck(dispatcher, self._total, self._grace, self._give_up)
        loops = {
            "settling": vital("settling", dispatcher.settler.run(), self._died),
            "reporting": kept_going("reporting progress", dispatcher.report_often),
            "slots": vital("looking at slots", stuck, self._died),
        }
        if self._limits.max_memory is not None:
            memory = until_too_large(self._limits.max_memory, self.request_stop)
            loops["memory"] = vital("looking at memory", memory, self._died)
        loops |= {name: kept_going(name, loop) for name, loop in others.items()}
        return [asyncio.create_task(loop, name=f"rowlock-{name}") for name, loop in loops.items()]

    async def _end_loops(self, heartbeat: Heartbeat, loops: list[asyncio.Task[None]]) -> None:
        heartbeat.stop()
        untune()
        self._dispatcher = None
        await cancelled(loops)
        await self._end_beside()
        await self._hooks.stop()

    def _died(self, part: str, error: Exception) -> None:
        """Stop, and tell why: without that part nothing is safe or nothing is recorded."""
        trace = None if isinstance(error, RowlockError) else error  # ours say all themselves
        log.critical("%s died, the worker stops: %s", part, error, exc_info=trace)
        self._give_up(error)

    def _give_up(self, error: Exception) -> None:
        self._failure = self._failure or error
        self._hooks.failed(error)
        self.request_hurry()

    async def _serve(self, opened: asyncio.Future[None]) -> int:
        try:
            return await self._live(opened)
        finally:
            await self._close()

    async def _live(self, opened: asyncio.Future[None]) -> int:
        try:
            dispatcher, source = await self._open()
        except Exception as error:  # noqa: BLE001 - told by start, which waits for it
            opened.set_exception(error)
            opened.exception()  # and not reported once more if nobody waits any longer
            return 0
        except BaseException:
            opened.cancel()
            raise
        opened.set_result(None)
        unsubscribe = source.subscribe(dispatcher.wake)
        heartbeat = started_heartbeat(dispatcher, source, lost=self._hooks.lost, died=self._died)
        loops = self._start_loops(dispatcher, {**self._loops(), **self._serving_loops()})
        queues = ", ".join(f"{name}={slots}" for name, slots in self._slots_by_queue.items())
        log.info("worker %s: %s slots, queues %s", self.id, self._total, queues)
        try:
            await until_stopped(vital("claiming", dispatcher.run(), self._died), self._stop_asked)
            assert self._hurry_asked is not None  # noqa: S101 - set by _begin
            idle = partial(self._idle, dispatcher)
            given_up = await finish(dispatcher, idle, self._hurry_asked, self._stop_grace)
            abandoned = given_up + source.unanswered
        finally:
            unsubscribe()
            await self._end_loops(heartbeat, loops)
        log.info("worker %s: stopped, %d tasks given up", self.id, abandoned)
        if self._failure is not None:
            raise self._failure
        return abandoned
