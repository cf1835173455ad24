"""The worker's composition and life cycle."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import threading
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import TypeVar, Unpack

from rowlock.app.core import Application
from rowlock.errors import ConfigError, InvalidValueError, StorageUnavailableError
from rowlock.model.durations import duration_from
from rowlock.model.ids import new_token
from rowlock.model.names import checked_worker
from rowlock.runtime.dispatcher import Dispatcher
from rowlock.runtime.heartbeat import Heartbeat
from rowlock.runtime.processes.origin import in_child
from rowlock.runtime.slots import Slots, limits_of
from rowlock.worker.background import BackgroundLoop
from rowlock.worker.beating import started_heartbeat
from rowlock.worker.children import process_pool
from rowlock.worker.claiming import dispatcher_of
from rowlock.worker.declared import store_declared
from rowlock.worker.hooks import WorkerHooks
from rowlock.worker.interpreter import tune, untune
from rowlock.worker.limits import GivenLimits, limits_from
from rowlock.worker.loops import cancelled, kept_going, vital
from rowlock.worker.rules import Rules
from rowlock.worker.scheduling import ScheduleRunner
from rowlock.worker.signals import stopping_on_signals
from rowlock.worker.source import StorageSource
from rowlock.worker.stopping import (
    finish,
    hand_back,
    until_stopped,
    until_stuck,
    until_too_large,
)
from rowlock.worker.ticking import Ticking, ticking_of
from rowlock.worker.upkeep import Upkeep

log = logging.getLogger(__name__)

T = TypeVar("T")

DEFAULT_GRACE = timedelta(seconds=30)


def new_worker_id() -> str:
    """Return a fresh id: host, process, and enough randomness for the next boot."""
    return f"{socket.gethostname()[:40]}-{os.getpid()}-{new_token().hex[:8]}"


class Worker:
    """Runs an app's tasks until it is stopped.

    One loop claims, runs and settles; leases are renewed on a thread of their own; rescue,
    promotion, expiry, pruning and the tasks of tickers are seen to by every worker, for all.

    Example:
        >>> Worker(app, queues={"emails": 10, "default": 5}).run()      # doctest: +SKIP
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
        """Set the worker up; nothing is started or connected.

        Args:
            app: Whose definitions it runs, a `Rowlock` or an `AsyncRowlock`.
            queues: Names, or slots by name; the default queue if not given.
            concurrency: Tasks at once in all. Default: the sum of the queues' slots, or 10
                where a queue has no number; 1 runs one task after the other.
            grace: How long `stop` waits for running tasks before it hands them back.
            unknown: What happens to tasks whose definition this app does not have: `leave`
                them to others, or `fail` the attempt with an error that names the alias.
            worker_id: Instead of a fresh one.
            **limits: After what it stops, and replaces child processes. See `GivenLimits`.

        Raises:
            InvalidValueError: A bad queue name, limit, or `unknown`.
        """
        if unknown not in {"leave", "fail"}:
            raise InvalidValueError("unknown", f"{unknown!r} is neither 'leave' nor 'fail'")
        self._app = app.core
        self._slots_by_queue, self._total = limits_of(queues, concurrency)
        Slots(self._slots_by_queue, self._total)
        self.id = new_worker_id() if worker_id is None else checked_worker(worker_id)
        self._grace = self._stop_grace = duration_from("grace", grace)
        self._takes_unknown = unknown == "fail"
        self._limits = limits_from(**limits)
        self._dispatcher: Dispatcher | None = None
        self._hooks: WorkerHooks
        self._ticking: Ticking
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
        """Whether the database answered when it was last asked for tasks."""
        return self._dispatcher is not None and self._dispatcher.connected

    @property
    def recorded(self) -> int:
        """How many attempts this run of the worker has recorded."""
        return 0 if self._dispatcher is None else self._dispatcher.settler.recorded

    def run(self) -> int:
        """Run until SIGTERM or SIGINT; for sync programs.

        Returns:
            How many tasks were given up: handed back, or left to their leases where the
            database did not answer; 0 is a clean stop.

        Raises:
            StorageError: The database cannot be reached or its schema is not ours.
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
    def background(self) -> Generator[Worker]:
        """Run on a thread of its own during this block; for sync programs.

        Signals stay with the program. At the end of the block the worker stops, as `stop` does.

        Raises:
            StorageError: The database cannot be reached or its schema is not ours.
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
            StorageError: The database cannot be reached or its schema is not ours.
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
        dispatcher, source, rules = await self._open()
        loops = self._start_loops(dispatcher, rules)
        heartbeat = started_heartbeat(dispatcher, source, lost=self._hooks.lost, died=self._died)
        try:
            await until_stopped(self._drain(dispatcher), self._stop_asked)
        finally:
            try:
                await hand_back(dispatcher)
            finally:
                await self._end_loops(heartbeat, loops)
        if self._failure is not None:
            raise self._failure
        return dispatcher.settler.recorded

    async def _drain(self, dispatcher: Dispatcher) -> None:
        await self._schedule_runner().fire()
        await self._ticking.look()
        await dispatcher.drain()
        await self._ticking.idle()

    def _begin(self) -> None:
        if in_child():
            raise ConfigError(
                "a process of a worker loads the program, which starts a worker: "
                "put that below if __name__ == '__main__'"
            )
        self._loop, self._thread = asyncio.get_running_loop(), threading.get_ident()
        self._stop_asked, self._hurry_asked = asyncio.Event(), asyncio.Event()
        self._failure = None
        self._hooks = WorkerHooks(self._app)
        self._ticking = ticking_of(self._app, on_error=self._hooks.failed)

    async def _open(self) -> tuple[Dispatcher, StorageSource, Rules]:
        app = self._app
        rules = Rules(app, tuple(self._slots_by_queue), takes_unknown=self._takes_unknown)
        hooks = self._hooks
        processes = process_pool(app, self._limits.child)

        async def read() -> bool:
            await app.aopen()
            await rules.read()
            await store_declared(app)
            await self._ticking.prepare()
            await hooks.start()
            return True

        if not await until_stopped(read(), self._stop_asked):
            raise StorageUnavailableError("told to stop before the database answered")
        slots = Slots(self._slots_by_queue, self._total, budget=self._limits.max_tasks)
        dispatcher, source = dispatcher_of(app, self.id, slots, rules, hooks, processes)
        self._dispatcher = dispatcher
        if self._stop_asked is not None and self._stop_asked.is_set():
            dispatcher.stop_claiming()
        return dispatcher, source, rules

    def _schedule_runner(self) -> ScheduleRunner:
        hooks = self._hooks
        return ScheduleRunner(self._app.storage, on_failure=hooks.not_fired, on_error=hooks.failed)

    def _start_loops(self, dispatcher: Dispatcher, rules: Rules) -> list[asyncio.Task[None]]:
        tune()
        hooks, amnesty = self._hooks, rules.shortest_lease / 3
        upkeep = Upkeep(
            self._app.storage, amnesty=amnesty, on_rescue=hooks.rescued, on_error=hooks.failed
        )
        stuck = until_stuck(dispatcher, self._total, self._grace, self._give_up)
        loops = {
            "settle": vital("settling", dispatcher.settler.run(), self._died),
            "report": kept_going("reporting progress", dispatcher.report_often),
            "policies": kept_going("reading policies", rules.keep_fresh),
            "upkeep": kept_going("upkeep", upkeep.run),
            "schedules": kept_going("firing schedules", self._schedule_runner().run),
            "stuck": vital("looking at slots", stuck, self._died),
        }
        if self._limits.max_memory is not None:
            memory = until_too_large(self._limits.max_memory, self.request_stop)
            loops["memory"] = vital("looking at memory", memory, self._died)
        return [asyncio.create_task(loop, name=f"rowlock-{name}") for name, loop in loops.items()]

    async def _end_loops(self, heartbeat: Heartbeat, loops: list[asyncio.Task[None]]) -> None:
        heartbeat.stop()
        untune()
        self._dispatcher = None
        await cancelled(loops)
        await self._ticking.close()
        await self._hooks.stop()

    def _died(self, part: str, error: Exception) -> None:
        """Stop, and tell why: without that part nothing is safe or nothing is recorded."""
        log.critical("%s died; the worker stops", part, exc_info=error)
        self._give_up(error)

    def _give_up(self, error: Exception) -> None:
        self._failure = self._failure or error
        self._hooks.failed(error)
        self.request_hurry()

    async def _serve(self, opened: asyncio.Future[None]) -> int:
        try:
            dispatcher, source, rules = await self._open()
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
        loops = self._start_loops(dispatcher, rules)
        unknown = kept_going("reporting unknown definitions", rules.report_unknown)
        loops.append(asyncio.create_task(unknown, name="rowlock-unknown"))
        ticks = kept_going("seeing to tickers", self._ticking.run)
        loops.append(asyncio.create_task(ticks, name="rowlock-ticks"))
        queues = ", ".join(f"{name}={slots}" for name, slots in self._slots_by_queue.items())
        log.info("worker %s: %s slots, queues %s", self.id, self._total, queues)
        try:
            await until_stopped(vital("claiming", dispatcher.run(), self._died), self._stop_asked)
            assert self._hurry_asked is not None  # noqa: S101 - set by _begin
            given_up = await finish(dispatcher, self._ticking, self._hurry_asked, self._stop_grace)
            abandoned = given_up + source.unanswered
        finally:
            unsubscribe()
            await self._end_loops(heartbeat, loops)
        log.info("worker %s: stopped, %d tasks given up", self.id, abandoned)
        if self._failure is not None:
            raise self._failure
        return abandoned
