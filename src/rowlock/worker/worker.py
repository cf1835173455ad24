"""The worker of a database: it runs tasks, and does the upkeep."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Unpack

from rowlock.app.core import Application
from rowlock.runtime.dispatcher import Dispatcher
from rowlock.worker.declared import store_declared
from rowlock.worker.life import DEFAULT_GRACE, WorkerLife
from rowlock.worker.limits import GivenLimits
from rowlock.worker.loops import Loops
from rowlock.worker.rules import Rules, StoredRules
from rowlock.worker.scheduling import ScheduleRunner
from rowlock.worker.source import StorageSource
from rowlock.worker.ticking import Ticking, ticking_of
from rowlock.worker.upkeep import Upkeep


class Worker(WorkerLife):
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
            **limits: How much it holds ahead, after what it stops, and replaces child processes.
                See `GivenLimits`.

        Raises:
            InvalidValueError: A bad queue name, limit, or `unknown`.
        """
        super().__init__(
            app,
            queues,
            concurrency=concurrency,
            grace=grace,
            unknown=unknown,
            worker_id=worker_id,
            **limits,
        )
        self._rules: StoredRules
        self._ticking: Ticking

    def _begin(self) -> None:
        super()._begin()
        self._ticking = ticking_of(self._app, on_error=self._hooks.failed)
        queues = tuple(self._slots_by_queue)
        self._rules = StoredRules(self._app, queues, takes_unknown=self._takes_unknown)

    async def _read(self) -> Rules:
        await self._app.aopen()
        await self._rules.read()
        await store_declared(self._app)
        await self._ticking.prepare()
        return self._rules

    def _source(self, rules: Rules) -> tuple[StorageSource, str]:
        app = self._app
        source = StorageSource(app.storage, app.namespace, self.id, app.policies, rules.claimed)
        return source, app.namespace

    def _loops(self) -> Loops:
        hooks = self._hooks
        upkeep = Upkeep(
            self._app.storage,
            amnesty=self._rules.shortest_lease / 3,
            on_rescue=hooks.rescued,
            on_error=hooks.failed,
        )
        return {
            "reading policies": self._rules.keep_fresh,
            "upkeep": upkeep.run,
            "firing schedules": self._schedule_runner().run,
        }

    def _serving_loops(self) -> Loops:
        return {
            "reporting unknown definitions": self._rules.report_unknown,
            "seeing to tickers": self._ticking.run,
        }

    def _schedule_runner(self) -> ScheduleRunner:
        hooks = self._hooks
        return ScheduleRunner(self._app.storage, on_failure=hooks.not_fired, on_error=hooks.failed)

    async def _drain(self, dispatcher: Dispatcher) -> None:
        await self._schedule_runner().fire()
        await self._ticking.look()
        await dispatcher.drain()
        await self._ticking.idle()

    async def _idle(self, dispatcher: Dispatcher) -> None:
        self._ticking.stop_taking()
        await asyncio.gather(dispatcher.idle(), self._ticking.idle())

    async def _end_beside(self) -> None:
        await self._ticking.close()
