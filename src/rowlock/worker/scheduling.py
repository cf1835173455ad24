"""Fires schedules, in every worker: no leader, each occurrence once whoever is faster."""

from __future__ import annotations

import asyncio
import logging
import math
import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from rowlock.app.schedule_pattern import StoredPattern
from rowlock.errors import RowlockError, StorageDataError, StorageError
from rowlock.model.schedules import Schedule
from rowlock.ops.firing import Fired, fire_due, postpone
from rowlock.ops.on_demand import FIRING_RETENTION
from rowlock.ops.refreshing import refresh_schedules
from rowlock.ops.upkeep import Duty
from rowlock.storage.storage import Storage
from rowlock.storage.wakeups import TIMES

log = logging.getLogger(__name__)

FIRE_LIMIT = 50
POLL_SECONDS = 5.0
# Where every write of another process wakes us, looking more often would not be sooner.
MIN_PAUSE_SECONDS = 0.1
SPREAD_SECONDS = 0.02
FAILURE_PAUSE_SECONDS = 1.0

TIDY_SECONDS = 60.0
REFRESH = Duty("refresh_schedules", timedelta(hours=1))
REFRESH_LIMIT = 200
PRUNE_FIRINGS = Duty("prune_firings", timedelta(minutes=10))
PRUNE_LIMIT = 1_000

OnFired = Callable[[Fired], None]


class ScheduleRunner:
    """Sleeps until a schedule of any namespace is due, or one was changed, and fires."""

    def __init__(
        self,
        storage: Storage,
        *,
        on_failure: Callable[[Schedule, Exception], None] | None = None,
        on_error: Callable[[StorageError], None] | None = None,
    ) -> None:
        """Set it up.

        Args:
            storage: The database, all namespaces of it.
            on_failure: Told of each schedule that could not fire, of any namespace.
            on_error: Told of each round that failed.
        """
        self._storage = storage
        self._run = storage.worker_runner.run
        self._read = storage.worker_runner.read
        # What computes many times of many schedules would hold up the event loop.
        self._run_long = storage.lingering_runner.run
        self._on_failure = on_failure
        self._on_error = on_error
        self._hint = asyncio.Event()
        self._tidy_at = 0.0

    async def run(self) -> None:
        """Fire what is due until cancelled."""
        loop = asyncio.get_running_loop()

        def hear(_namespace: str | None, queue: str | None) -> None:
            if queue in {None, TIMES}:
                with suppress(RuntimeError):  # the loop is closed: nobody sleeps any more
                    loop.call_soon_threadsafe(self._hint.set)

        unsubscribe = self._storage.wakeups.subscribe(hear)
        try:
            while True:
                await self._sleep(await self._round())
        finally:
            unsubscribe()

    async def _round(self) -> float:
        """Fire what is due, and return how long there is nothing to do."""
        self._hint.clear()
        try:
            seconds = await self._seconds()
            if seconds <= 0:
                await self.fire()
                # What is due still, another process holds.
                seconds = await self._seconds() or MIN_PAUSE_SECONDS
            await self._tidy()
            return min(seconds, POLL_SECONDS)
        except StorageError as error:
            log.warning("firing schedules failed, trying again: %s", error)
            if self._on_error is not None:
                self._on_error(error)
            return FAILURE_PAUSE_SECONDS

    async def _seconds(self) -> float:
        """Return how long until the next schedule is due; asking writes nothing."""
        seconds = await self._read(self._storage.firings.seconds_to_next_schedule)
        return math.inf if seconds is None else seconds

    async def _sleep(self, seconds: float) -> None:
        """Sleep, and wake for a hint; workers that wait for one moment spread a little."""
        await asyncio.sleep(min(seconds, MIN_PAUSE_SECONDS))
        rest = seconds - MIN_PAUSE_SECONDS
        if rest > 0:
            try:
                async with asyncio.timeout(rest):
                    await self._hint.wait()
            except TimeoutError:
                await asyncio.sleep(random.random() * SPREAD_SECONDS)  # noqa: S311 - jitter

    async def fire(self) -> None:
        """Fire every schedule that is due now."""
        limit, loop = FIRE_LIMIT, asyncio.get_running_loop()
        while True:
            taken: list[Schedule] = []
            began = loop.time()
            try:
                done = await self._run_long(
                    fire_due, self._storage, StoredPattern(), limit=limit, taken=taken
                )
            except StorageDataError as error:
                if not taken:
                    raise
                if limit > 1:
                    limit = 1  # one after the other, until the culprit is alone
                    continue
                await self._postpone(taken, error)
                continue
            if not done:
                return
            for one in done:
                self._tell(one)
            # Where there is one writer at a time, half of it is for the others.
            await asyncio.sleep(loop.time() - began)

    async def _postpone(self, taken: list[Schedule], error: StorageDataError) -> None:
        for schedule in taken:
            await self._run(postpone, self._storage, schedule, str(error))
            self._tell(Fired(replace(schedule, problem=str(error)), error=error))

    def _tell(self, fired: Fired) -> None:
        schedule = fired.schedule
        if fired.error is not None:
            unforeseen = None if isinstance(fired.error, RowlockError) else fired.error
            words = "schedule %s could not fire: %s"
            log.warning(words, schedule.name, schedule.problem, exc_info=unforeseen)
            if self._on_failure is not None:
                self._on_failure(schedule, fired.error)
        elif fired.queue is not None:
            log.debug("schedule %s: %d tasks", schedule.name, len(fired.tasks))
            self._storage.wakeups.wake_here(schedule.namespace, fired.queue)

    async def _tidy(self) -> None:
        """Do what one process of the fleet does now and then."""
        now = asyncio.get_running_loop().time()
        if now < self._tidy_at:
            return
        self._tidy_at = now + TIDY_SECONDS
        take = self._storage.upkeep.take_duty
        if await self._run(take, PRUNE_FIRINGS.name, every=PRUNE_FIRINGS.every):
            part = PRUNE_LIMIT
            while part == PRUNE_LIMIT:
                part = await self._run(
                    self._storage.firings.prune_firings,
                    older_than=FIRING_RETENTION,
                    limit=PRUNE_LIMIT,
                )
        if await self._run(take, REFRESH.name, every=REFRESH.every):
            await self._refresh()

    async def _refresh(self) -> None:
        after: UUID | None = None
        while True:
            after = await self._run_long(
                refresh_schedules, self._storage, after, limit=REFRESH_LIMIT
            )
            if after is None:
                return
