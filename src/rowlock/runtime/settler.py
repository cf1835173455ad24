"""Sends ends of attempts to the source: whatever has ended while the last batch was sent.

Where claiming and settling cannot overlap, what has ended goes along with the next claim.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import TypeAlias
from uuid import UUID

from rowlock.errors import LeaseLostError, StorageDataError, StorageError
from rowlock.model.queues import Share
from rowlock.model.states import TaskState
from rowlock.model.tasks import Claim, Finish, Report
from rowlock.runtime.attempt import RunningAttempt
from rowlock.runtime.ends import End, Ended
from rowlock.runtime.error_hooks import Tell, tell_nobody
from rowlock.runtime.source import TaskSource

log = logging.getLogger(__name__)

Batch: TypeAlias = list[tuple[RunningAttempt, End]]

MAX_BATCH = 1_000
REPORT_SECONDS = 0.5
FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 2.0


class Settler:
    """Batches by nature, without a timer: a batch is what has come in the meantime."""

    def __init__(self, source: TaskSource, tell: Tell = tell_nobody) -> None:
        self._source = source
        self._tell = tell
        self._ended: Batch = []
        self._sending: tuple[Batch, ...] = ()
        self._came = asyncio.Event()
        self._settled = asyncio.Event()
        self._settled.set()
        self.lost = 0
        self.recorded = 0

    @property
    def waiting(self) -> int:
        """How many ends are not recorded yet."""
        return len(self._ended) + sum(map(len, self._sending))

    def held(self) -> list[RunningAttempt]:
        """Return the attempts whose ends are not recorded yet; their leases go on.

        From any thread: none is missed that moves from one list to the other meanwhile.
        """
        sending, ended = self._sending, self._ended
        return list(dict.fromkeys(one for one, _ in chain(*sending, ended, *self._sending)))

    def add(self, running: RunningAttempt, end: End) -> None:
        """Take the end of an attempt."""
        running.end()
        self._ended.append((running, end))
        self._settled.clear()
        self._came.set()

    async def run(self) -> None:
        """Send until cancelled."""
        while True:
            await self._came.wait()
            self._came.clear()
            # First it is the turn of whoever waits to claim, and may take it along.
            await asyncio.sleep(0)
            while self._ended:
                batch = self._take_batch()
                await self._send(batch)
                self._forget(batch)

    async def claim(self, shares: Sequence[Share], limit: int) -> list[Claim]:
        """Claim, and have what has ended recorded along, where that is faster.

        If that fails, what has ended is sent as if nobody had tried.
        """
        exchange = self._source.exchange
        batch = [] if exchange is None else self._take_batch(along=True)
        if exchange is None or not batch:
            return await self._source.claim(shares, limit)
        try:
            ends = [end for _, end in batch if isinstance(end, Finish)]
            recorded, claims = await exchange(ends, shares, limit)
        except BaseException:
            self._ended = batch + self._ended
            self._came.set()
            self._forget(batch)
            raise
        self._count(batch, recorded)
        self._forget(batch)
        return claims

    def _take_batch(self, *, along: bool = False) -> Batch:
        """Take what is sent next: at most one end of each task, so that none is mistaken.

        Args:
            along: Only what can go along with a claim.
        """
        # Ids are hashed as integers, which takes a fraction of the time.
        batch: dict[int, tuple[RunningAttempt, End]] = {}
        left = [
            one
            for one in self._ended[:MAX_BATCH]
            if (along and not _can_go_along(one)) or batch.setdefault(one[1].id.int, one) is not one
        ]
        taken = list(batch.values())
        if taken:
            self._sending = (*self._sending, taken)
            self._ended = left + self._ended[MAX_BATCH:]
        return taken

    def _forget(self, batch: Batch) -> None:
        """Take note that a batch is no longer being sent."""
        self._sending = tuple(one for one in self._sending if one is not batch)
        if not self.waiting:
            self._settled.set()

    async def drain(self) -> None:
        """Wait until everything is recorded."""
        await self._settled.wait()

    async def _send(self, batch: Batch) -> None:
        reports = reports_of(running for running, _ in batch)
        ends = [end for _, end in batch]
        pause = FIRST_PAUSE_SECONDS
        while True:
            try:
                if reports:
                    await report_or_drop(self._source, reports, self._tell)
                    reports = []
                recorded = await self._source.settle(ends)
            except StorageError as error:
                log.warning("cannot record %d outcomes, trying again: %s", len(ends), error)
                if pause == FIRST_PAUSE_SECONDS:  # once for each batch, however often it is tried
                    for running, end in batch:
                        self._tell(running.claim.queue, end.id, error)
                await asyncio.sleep(pause * (0.5 + random.random()))  # noqa: S311 - jitter
                pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
            else:
                self._count(batch, recorded)
                return

    def count_own(self, running: RunningAttempt) -> None:
        """Count an attempt that its handler has settled or lost by itself, if it has."""
        settled, claim = running.context.settled, running.claim
        self.recorded += settled is True
        self.lost += settled is False
        if settled:
            running.end()
            end = Finish(claim.id, claim.token, TaskState.SUCCEEDED)
            self._source.count([Ended(claim, end, running.took)])

    def _count(self, batch: Batch, recorded: set[UUID]) -> None:
        self.recorded += len(recorded)
        sent = batch
        if len(recorded) != len(batch):
            sent = [one for one in batch if one[1].id in recorded]
        self._source.count([Ended(one.claim, end, one.took) for one, end in sent])
        if sent is batch:
            return
        for running, end in batch:
            if end.id not in recorded:
                self.lost += 1
                log.warning("task %s: the claim was lost, its outcome is not recorded", end.id)
                self._tell(running.claim.queue, end.id, LeaseLostError(end.id))

    def tell_refused(self, task_id: UUID, error: Exception) -> None:
        """Tell that an end, which is being recorded, cannot be stored."""
        queues = {end.id: one.claim.queue for one, end in chain(*self._sending)}
        self._tell(queues.get(task_id), task_id, error)


def _can_go_along(one: tuple[RunningAttempt, End]) -> bool:
    """Whether nothing but the end itself is to be recorded, and no retry."""
    running, end = one
    return isinstance(end, Finish) and not running.context.has_reported


async def report_or_drop(
    source: TaskSource, reports: list[Report], tell: Tell = tell_nobody
) -> None:
    """Store progress and log lines; what the database refuses is not worth an outcome."""
    try:
        await source.report(reports)
    except StorageDataError as error:
        log.error("progress and log lines of %d tasks cannot be stored: %s", len(reports), error)  # noqa: TRY400 - its words say it all
        tell(None, None, error)


def reports_of(attempts: Iterable[RunningAttempt]) -> list[Report]:
    """Take what the handlers reported since the last time."""
    reports: list[Report] = []
    for running in attempts:
        taken = running.context.take_report()
        if taken is not None:
            claim = running.claim
            reports.append(Report(claim.id, claim.token, taken.progress, taken.message, taken.log))
    return reports
