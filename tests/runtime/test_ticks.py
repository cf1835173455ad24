"""Ticks that are handled while their leases are renewed."""

from __future__ import annotations

import asyncio
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest

from rowlock.errors import StorageUnavailableError, TickLostError
from rowlock.model.tickers import Tick
from rowlock.runtime.ticks import handled, renewed

TICK = Tick(name="beat", at=datetime.now(UTC), payload={}, lease=timedelta(milliseconds=60))


class Renewals:
    """Answers to renewals, the last one again and again."""

    def __init__(self, *answers: bool | Exception) -> None:
        self.asked = 0
        self._answers = answers

    def __call__(self) -> bool:
        """Answer one."""
        answer = self._answers[min(self.asked, len(self._answers) - 1)]
        self.asked += 1
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def awaited(self) -> bool:
        """Answer one, to async code."""
        return self()


AWAY = StorageUnavailableError("away")


async def test_a_lease_is_renewed_until_the_work_ends():
    renewals = Renewals(True)
    await handled(TICK, asyncio.sleep(0.2), renewals.awaited)
    assert renewals.asked >= 3
    asked = renewals.asked
    await asyncio.sleep(0.1)
    assert renewals.asked == asked


async def test_a_database_that_is_away_for_a_while_loses_no_lease():
    renewals = Renewals(AWAY, AWAY, True)
    await handled(TICK, asyncio.sleep(0.2), renewals.awaited)
    assert renewals.asked > 2


async def test_a_coroutine_whose_lease_is_lost_is_cancelled():
    ended: list[str] = []

    async def work() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.append("cancelled")

    with pytest.raises(TickLostError):
        await handled(TICK, work(), Renewals(False).awaited)
    assert ended == ["cancelled"]


async def test_a_thread_whose_lease_is_lost_is_waited_for():
    ended: list[str] = []

    def work() -> None:
        time.sleep(0.2)
        ended.append("by itself")

    running = asyncio.get_running_loop().run_in_executor(None, work)
    with pytest.raises(TickLostError):
        await handled(TICK, running, Renewals(False).awaited)
    assert ended == ["by itself"]


@pytest.mark.parametrize("error", [ValueError("no"), SystemExit(3), GeneratorExit()])
async def test_what_the_work_raises_is_an_ordinary_error(error):
    async def work() -> None:
        raise error

    with pytest.raises((ValueError, RuntimeError), match=r"no|SystemExit|GeneratorExit"):
        await handled(TICK, work(), Renewals(True).awaited)


async def test_an_awaitable_that_a_thread_returns_is_awaited():
    done = asyncio.Event()

    async def rest() -> None:
        done.set()

    running = asyncio.get_running_loop().run_in_executor(None, rest)
    await handled(TICK, running, Renewals(True).awaited)
    assert done.is_set()


def test_a_lease_is_renewed_on_a_thread_while_the_block_runs():
    renewals = Renewals(AWAY, True)
    before = threading.active_count()
    with renewed(TICK, renewals):
        time.sleep(0.2)
    assert renewals.asked >= 3
    time.sleep(0.1)
    assert threading.active_count() <= before


def work_until(lost: Renewals, done: list[str], error: Exception | None = None) -> None:
    """Work for longer than the lease that is lost meanwhile."""
    with renewed(TICK, lost):
        time.sleep(0.1)
        done.append("all")
        if error is not None:
            raise error


def test_a_block_whose_lease_is_lost_ends_by_itself_and_is_told():
    done: list[str] = []
    with pytest.raises(TickLostError):
        work_until(Renewals(False), done)
    assert done == ["all"]


def test_what_a_block_raises_goes_over_the_loss_of_its_lease():
    with pytest.raises(ValueError, match="no"):
        work_until(Renewals(False), [], ValueError("no"))
