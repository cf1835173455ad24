"""When a worker looks: at once when called, on time for what is due, and seldom for nothing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import pytest

from rowlock.errors import StorageUnavailableError
from rowlock.runtime import rhythm as rhythm_module
from rowlock.runtime.rhythm import Rhythm

SOON = 0.05


class Source:
    """Something is due after so many seconds, if at all."""

    poll_seconds = 0.4
    second_looks: tuple[float, ...] = ()

    def __init__(self) -> None:
        self.due_in: float | None = None
        self.asked = 0
        self.on_asked: Callable[[], None] | None = None

    async def seconds_to_next_due(self) -> float | None:
        self.asked += 1
        if self.on_asked is not None:
            self.on_asked()
        return self.due_in


@pytest.fixture
async def source() -> Source:
    return Source()


@pytest.fixture
async def rhythm(source: Source) -> Rhythm:
    """One that has just looked for what is due."""
    rhythm = Rhythm(source)
    await rhythm.promote_in_time()
    assert source.asked == 1
    return rhythm


async def slept(rhythm: Rhythm) -> float:
    """For how many seconds it sleeps."""
    rhythm.stirred.clear()
    began = time.monotonic()
    await rhythm.sleep()
    return time.monotonic() - began


async def test_it_sleeps_for_the_poll_and_does_not_look_for_what_is_due_each_time(rhythm, source):
    assert await slept(rhythm) > 0.3
    await rhythm.promote_in_time()
    assert source.asked == 1


async def test_it_looks_for_what_is_due_now_and_then(rhythm, source, monkeypatch):
    monkeypatch.setattr(rhythm_module, "DUE_CHECK_SECONDS", SOON)
    rhythm = Rhythm(source)
    for expected in (2, 3, 4):
        await rhythm.promote_in_time()
        await rhythm.promote_in_time()
        assert source.asked == expected
        await asyncio.sleep(SOON)


async def test_it_wakes_when_the_next_one_is_due(rhythm, source):
    source.due_in = SOON
    rhythm.call()
    assert await slept(rhythm) < 0.3
    assert source.asked == 2
    await rhythm.promote_in_time()
    assert source.asked == 3


async def test_what_is_due_at_once_keeps_it_awake(rhythm, source):
    source.due_in = 0.0
    rhythm.call()
    assert await slept(rhythm) < SOON


async def test_a_call_ends_its_sleep_and_has_it_look_for_what_is_due_before_the_next(
    rhythm, source
):
    sleeping = asyncio.create_task(slept(rhythm))
    await asyncio.sleep(SOON)
    rhythm.call()
    assert await sleeping < 0.3
    assert source.asked == 1
    await slept(rhythm)
    assert source.asked == 2


async def test_a_call_during_a_look_is_not_forgotten(rhythm, source):
    source.on_asked = rhythm.call
    rhythm.call()
    await slept(rhythm)
    source.on_asked = None
    asked = source.asked
    await slept(rhythm)
    assert source.asked == asked + 1


async def test_a_call_is_not_forgotten_when_the_look_fails(rhythm, source):
    def fail() -> None:
        raise StorageUnavailableError("away")

    source.on_asked = fail
    rhythm.call()
    with pytest.raises(StorageUnavailableError):
        await rhythm.sleep()
    source.on_asked = None
    asked = source.asked
    await slept(rhythm)
    assert source.asked == asked + 1


async def test_after_a_call_it_looks_again_soon(rhythm, source):
    source.second_looks = (0.01, 0.02)
    rhythm.call()
    assert await slept(rhythm) < 0.3
    assert await slept(rhythm) < 0.3
    assert await slept(rhythm) > 0.3


async def test_what_was_called_for_goes_before_what_may_be_due_but_once(source):
    rhythm = Rhythm(source)
    asked = []
    for _ in range(6):
        rhythm.call()
        rhythm._promote_at = 0.0
        await rhythm.promote_in_time()
        asked.append(source.asked)
    assert asked == [0, 1, 1, 2, 2, 3]
