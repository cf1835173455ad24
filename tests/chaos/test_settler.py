"""The settler sends every end until it is answered, and never two of one task at once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from rowlock.errors import StorageConflictError
from rowlock.model.ids import new_task_id, new_token
from rowlock.model.states import TaskState
from rowlock.model.tasks import Claim, Finish
from rowlock.runtime.attempt import RunningAttempt, context_for
from rowlock.runtime.ends import End, Ended
from rowlock.runtime.settler import Settler

NOW = datetime(2030, 1, 1, tzinfo=UTC)
LEASE = timedelta(seconds=30)
WAIT_SECONDS = 30.0


class RecordingSource:
    """Takes ends, after it has refused the first few times."""

    def __init__(self, *, conflicts: int = 0) -> None:
        self.batches: list[list[End]] = []
        self.counted: list[End] = []
        self._conflicts = conflicts

    async def report(self, reports: Sequence[Any]) -> None:
        return

    def count(self, ended: Sequence[Ended]) -> None:
        self.counted += [one.end for one in ended]

    async def settle(self, ends: Sequence[End]) -> set[UUID]:
        if self._conflicts:
            self._conflicts -= 1
            raise StorageConflictError("deadlock detected")
        self.batches.append(list(ends))
        return {end.id for end in ends}


def ended(task: UUID) -> tuple[RunningAttempt, Finish]:
    """An attempt of the task under a token of its own, and its end."""
    claim = Claim(
        id=task,
        token=new_token(),
        queue="default",
        definition="hello",
        payload="{}",
        attempt=1,
        crashes=0,
        max_attempts=3,
        max_crashes=3,
        priority=0,
        run_at=NOW,
        created_at=NOW,
        started_at=NOW,
        lease_until=NOW + LEASE,
        expires_at=None,
        cancel_requested=False,
        unique_key=None,
        tags=None,
        options=None,
    )
    running = RunningAttempt(claim, context_for(claim, "hello", "default", "w"), LEASE, 0.0)
    return running, Finish(task, claim.token, TaskState.SUCCEEDED)


async def settled(source: RecordingSource, *ends: tuple[RunningAttempt, Finish]) -> None:
    settler = Settler(source)  # type: ignore[arg-type] # all that it asks for
    for running, end in ends:
        settler.add(running, end)
    async with asyncio.timeout(WAIT_SECONDS), asyncio.TaskGroup() as group:
        loop = group.create_task(settler.run())
        await settler.drain()
        loop.cancel()


async def test_two_ends_of_one_task_are_sent_one_after_the_other():
    once, twice, source = new_task_id(), new_task_id(), RecordingSource()
    first, second, other = ended(twice), ended(twice), ended(once)
    await settled(source, first, second, other)
    assert source.batches == [[first[1], other[1]], [second[1]]]
    assert source.counted == [first[1], other[1], second[1]]


async def test_an_end_that_meets_a_conflict_is_sent_again():
    one, source = ended(new_task_id()), RecordingSource(conflicts=2)
    await settled(source, one)
    assert source.batches == [[one[1]]]
    assert source.counted == [one[1]]
