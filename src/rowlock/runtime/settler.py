"""Sends ends of attempts to the source: whatever has ended while the last batch was sent."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Iterable, Sequence
from uuid import UUID

from rowlock.errors import LeaseLostError, StorageDataError, StorageError
from rowlock.model.states import TaskState
from rowlock.model.tasks import Finish, Report
from rowlock.runtime.attempt import RunningAttempt
from rowlock.runtime.ends import End, Ended
from rowlock.runtime.error_hooks import Tell, tell_nobody
from rowlock.runtime.source import TaskSource

log = logging.getLogger(__name__)

MAX_BATCH = 1_000
REPORT_SECONDS = 0.5
FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 2.0


class Settler:
    """Batches by nature, without a timer: a batch is what has come in the meantime."""

    def __init__(self, source: TaskSource, tell: Tell = tell_nobody) -> None:
        self._source = source
        self._tell = tell
        self._ended: list[tuple[RunningAttempt, End]] = []
        self._sending: list[tuple[RunningAttempt, End]] = []
        self._came = asyncio.Event()
        self._settled = asyncio.Event()
        self._settled.set()
        self.lost = 0
        self.recorded = 0

    @property
    def waiting(self) -> int:
        """How many ends are not recorded yet."""
        return len(self._ended) + len(self._sending)

    def held(self) -> list[RunningAttempt]:
        """Return the attempts whose ends are not recorded yet; their leases go on."""
        return [running for running, _ in (*self._sending, *self._ended)]

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
            while self._ended:
                self._take_batch()
                await self._send()
                self._sending = []
            self._settled.set()

    def _take_batch(self) -> None:
        """Take what is sent next: at most one end of each task, so that none is mistaken."""
        # Ids are hashed as integers, which takes a fraction of the time.
        batch: dict[int, tuple[RunningAttempt, End]] = {}
        left = [
            one
            for one in self._ended[:MAX_BATCH]
            if batch.setdefault(one[1].id.int, one) is not one
        ]
        self._sending, self._ended = list(batch.values()), left + self._ended[MAX_BATCH:]

    async def drain(self) -> None:
        """Wait until everything is recorded."""
        await self._settled.wait()

    async def _send(self) -> None:
        reports = reports_of(running for running, _ in self._sending)
        ends = [end for _, end in self._sending]
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
                    self._tell_all((end.id for end in ends), error)
                await asyncio.sleep(pause * (0.5 + random.random()))  # noqa: S311 - jitter
                pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
            else:
                self._count(ends, recorded)
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

    def _count(self, ends: Sequence[End], recorded: set[UUID]) -> None:
        self.recorded += len(recorded)
        sent = self._sending
        if len(recorded) != len(ends):
            sent = [one for one in sent if one[1].id in recorded]
        self._source.count([Ended(one.claim, end, one.took) for one, end in sent])
        if sent is self._sending:
            return
        for end in ends:
            if end.id not in recorded:
                self.lost += 1
                log.warning("task %s: the claim was lost, its outcome is not recorded", end.id)
                self._tell_all([end.id], LeaseLostError(end.id))

    def _tell_all(self, ids: Iterable[UUID], error: Exception) -> None:
        queues = {one.claim.id: one.claim.queue for one, _ in self._sending}
        for task_id in ids:
            self._tell(queues.get(task_id), task_id, error)

    def tell_refused(self, task_id: UUID, error: Exception) -> None:
        """Tell that an end, which is being recorded, cannot be stored."""
        self._tell_all([task_id], error)


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
