"""Sending the ends of attempts: batched by nature, retried until they are recorded."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from uuid import UUID

import pytest

from rowlock.errors import StorageDataError, StorageUnavailableError
from rowlock.model.queues import Share
from rowlock.model.states import TaskState
from rowlock.model.tasks import Claim, Finish, Outcome, Release, Report
from rowlock.runtime.attempt import RunningAttempt
from rowlock.runtime.ends import End, Ended
from rowlock.runtime.settler import MAX_BATCH, Settler
from tests.runtime.claims import attempt

SHARES = [Share("default", 5)]


class Source:
    """Takes ends when its gate is open, and fails as often as it is told."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.gate.set()
        self.batches: list[Sequence[End]] = []
        self.reports: list[Sequence[Report]] = []
        self.errors: list[Exception] = []
        self.report_errors: list[Exception] = []
        self.lost: set[UUID] = set()
        self.counted: list[Ended] = []
        self.asked = asyncio.Event()
        self.claims: list[tuple[Sequence[Share], int]] = []
        self.along: list[Sequence[Finish]] = []

    async def settle(self, ends: Sequence[End]) -> set[UUID]:
        self.asked.set()
        await self.gate.wait()
        if self.errors:
            raise self.errors.pop()
        self.batches.append(ends)
        return {end.id for end in ends} - self.lost

    async def claim(self, shares: Sequence[Share], limit: int) -> list[Claim]:
        self.claims.append((shares, limit))
        return []

    async def exchange(
        self, finished: Sequence[Finish], shares: Sequence[Share], limit: int
    ) -> tuple[set[UUID], list[Claim]]:
        recorded = await self.settle(finished)
        self.along.append(finished)
        return recorded, await self.claim(shares, limit)

    def count(self, ended: Sequence[Ended]) -> None:
        self.counted += ended

    async def report(self, reports: Sequence[Report]) -> None:
        if self.report_errors:
            raise self.report_errors.pop()
        self.reports.append(reports)


@pytest.fixture
async def source() -> Source:
    return Source()


@pytest.fixture
async def settler(source):
    settler = Settler(source)
    running = asyncio.create_task(settler.run())
    yield settler
    running.cancel()


def ended(running: RunningAttempt) -> End:
    return Finish(running.claim.id, running.claim.token, TaskState.SUCCEEDED)


def add(settler: Settler, number: int = 1) -> list[RunningAttempt]:
    attempts = [attempt() for _ in range(number)]
    for running in attempts:
        settler.add(running, ended(running))
    return attempts


async def drained(settler: Settler) -> None:
    await asyncio.wait_for(settler.drain(), 10)


async def test_an_end_is_recorded(settler, source):
    [running] = add(settler)
    await drained(settler)
    assert source.batches == [[ended(running)]]
    assert (settler.recorded, settler.waiting, settler.held()) == (1, 0, [])


async def test_what_is_recorded_is_counted_and_how_long_it_ran(settler, source):
    running, lost = attempt(), attempt()
    source.lost = {lost.claim.id}
    running.begun, running.began = True, time.monotonic() - 3
    for one in (running, lost):
        settler.add(one, ended(one))
    source.errors = [StorageUnavailableError("gone")]
    await drained(settler)
    [counted] = source.counted
    assert counted[:2] == (running.claim, ended(running))
    assert 3 <= counted.took < 4


async def test_what_ends_while_a_batch_is_sent_is_the_next_batch(settler, source):
    source.gate.clear()
    add(settler)
    await source.asked.wait()
    add(settler, 5)
    source.gate.set()
    await drained(settler)
    assert [len(batch) for batch in source.batches] == [1, 5]


async def test_a_batch_is_bounded(settler, source):
    add(settler, MAX_BATCH + 1)
    await drained(settler)
    assert [len(batch) for batch in source.batches] == [MAX_BATCH, 1]


async def test_an_end_that_is_not_recorded_yet_keeps_its_lease(settler, source):
    source.gate.clear()
    attempts = add(settler, 3)
    await source.asked.wait()
    assert set(settler.held()) == set(attempts)
    assert settler.waiting == 3
    source.gate.set()


async def test_an_outage_delays_and_loses_nothing(settler, source):
    source.errors = [StorageUnavailableError("gone"), StorageUnavailableError("gone", True)]
    [running] = add(settler)
    await drained(settler)
    assert source.batches == [[ended(running)]]


async def test_a_lost_claim_is_counted_and_logged(settler, source, caplog):
    running = attempt()
    source.lost = {running.claim.id}
    settler.add(running, ended(running))
    await drained(settler)
    assert (settler.lost, settler.recorded) == (1, 0)
    assert f"task {running.claim.id}: the claim was lost" in caplog.text


async def test_the_last_words_are_stored_before_the_end(settler, source):
    running = attempt()
    running.context.progress(40, "almost")
    running.context.log.info("bye")
    settler.add(running, ended(running))
    await drained(settler)
    [[report]] = source.reports
    assert (report.id, report.progress, report.message) == (running.claim.id, 40, "almost")


async def test_last_words_that_are_refused_do_not_hold_up_the_end(settler, source):
    source.report_errors = [StorageDataError("bad text")]
    running = attempt()
    running.context.log.info("bye")
    settler.add(running, ended(running))
    await drained(settler)
    assert settler.recorded == 1


async def test_last_words_are_sent_once_although_the_end_is_retried(settler, source):
    source.errors = [StorageUnavailableError("gone")]
    running = attempt()
    running.context.log.info("bye")
    settler.add(running, ended(running))
    await drained(settler)
    assert len(source.reports) == 1


async def test_a_claim_takes_along_what_has_ended(settler, source):
    attempts = add(settler, 3)
    await settler.claim(SHARES, 5)
    assert (len(source.along[0]), source.claims) == (3, [(SHARES, 5)])
    assert (settler.recorded, settler.waiting, settler.held()) == (3, 0, [])
    assert [one.claim for one in source.counted] == [one.claim for one in attempts]
    await drained(settler)
    assert len(source.batches) == 1


async def test_retries_and_what_was_reported_do_not_go_along(settler, source):
    retried, told, plain = attempt(), attempt(), attempt()
    told.context.progress(50)
    settler.add(retried, Release(retried.claim.id, retried.claim.token, Outcome.FAILED))
    settler.add(told, ended(told))
    settler.add(plain, ended(plain))
    await settler.claim(SHARES, 5)
    assert source.along == [[ended(plain)]]
    await drained(settler)
    assert [len(batch) for batch in source.batches] == [1, 2]
    assert settler.recorded == 3


async def test_a_claim_that_fails_leaves_the_ends_to_be_sent(settler, source):
    source.errors = [StorageUnavailableError("gone", True)]
    [running] = add(settler)
    with pytest.raises(StorageUnavailableError):
        await settler.claim(SHARES, 5)
    assert settler.held() == [running]
    await drained(settler)
    assert (source.along, settler.recorded, settler.held()) == ([], 1, [])


async def test_what_goes_along_keeps_its_lease_meanwhile(settler, source):
    source.gate.clear()
    attempts = add(settler, 2)
    claiming = asyncio.create_task(settler.claim(SHARES, 5))
    await source.asked.wait()
    more = add(settler)
    assert settler.held() == [*attempts, *more]
    assert settler.waiting == 3
    source.gate.set()
    await claiming
    await drained(settler)
    assert settler.recorded == 3


async def test_a_lost_end_that_went_along_is_told_of(settler, source):
    [running] = add(settler)
    source.lost = {running.claim.id}
    await settler.claim(SHARES, 5)
    assert (settler.lost, settler.recorded, settler.waiting) == (1, 0, 0)


async def test_a_source_where_both_overlap_is_asked_for_one_and_the_other(settler, source):
    source.exchange = None
    add(settler)
    await settler.claim(SHARES, 5)
    assert source.claims == [(SHARES, 5)]
    await drained(settler)
    assert len(source.batches) == 1
