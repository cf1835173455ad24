"""Figures for operators through the facade (C103)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from rowlock import AsyncRowlock, Rowlock, TaskState, Worker
from rowlock.errors import InvalidValueError
from tests.app.steps import greeting
from tests.support.backends import sql_plan


@pytest.fixture
def busy(app):
    """Three greetings that went well, two failures, one that runs, one that waits."""

    @app.task(max_attempts=1, queue="risky")
    def fail() -> None:
        raise ValueError("boom")

    hello = greeting(app)
    hello.enqueue_many([{"name": str(number)} for number in range(3)])
    failed = [fail.enqueue() for _ in range(2)]
    Worker(app, queues=["default", "risky"], concurrency=1).run_once()
    hello.enqueue()
    [running] = app.claim("w")
    hello.enqueue()
    return running, failed


def test_an_operator_sees_counts_depth_durations_failures_and_what_is_stuck(app, busy):
    """C103."""
    running, failed = busy
    default, risky = app.stats()
    assert default.counts == {
        TaskState.SUCCEEDED: 3,
        TaskState.RUNNING: 1,
        TaskState.QUEUED: 1,
    }
    assert default.oldest_wait is not None
    assert risky.counts == {TaskState.FAILED: 2}
    durations = {one.definition: one for one in app.durations(window="24h")}
    assert (durations["send_greeting"].count, durations["fail"].failed) == (3, 2)
    assert timedelta(0) <= durations["fail"].average <= durations["fail"].longest
    assert {task.id for task in app.failures(limit=100)} == {task.id for task in failed}
    assert app.stuck(longer_than="1h") == []
    since = "UPDATE rowlock_task SET lease_until = started_at WHERE token IS NOT NULL"
    app.core.storage.runner.run(sql_plan, since)
    assert [task.id for task in app.stuck(longer_than="1h")] == [running.id]


def test_throughput_is_by_queue(app, busy):
    default, risky = app.throughput(window="1h")
    assert (default.queue, default.counts) == ("default", {TaskState.SUCCEEDED: 3})
    assert risky.per_second == pytest.approx(2 / 3600)
    assert app.throughput(queue="risky") == [risky]
    assert app.durations(queue="nothing") == []
    assert app.failures(queue="default") == []


BAD = [
    ("longer_than", lambda app: app.stuck(longer_than=0)),
    ("limit", lambda app: app.stuck(limit=0)),
    ("limit", lambda app: app.failures(limit=1001)),
    ("queue", lambda app: app.failures(queue="1x")),
    ("window", lambda app: app.durations(window="soon")),
    ("window", lambda app: app.throughput(window=-1)),
    ("queue", lambda app: app.throughput(queue="a b")),
]


@pytest.mark.parametrize(("field", "call"), BAD)
def test_bad_input_is_refused(field, call):
    with Rowlock("memory://") as app:
        with pytest.raises(InvalidValueError) as refused:
            call(app)
        assert refused.value.field == field


async def test_the_same_in_async_code(backend):
    async with AsyncRowlock(backend.url) as app:
        await app.enqueue(None, 1, max_attempts=1)
        [task] = await app.claim("w")
        await app.fail(task, task.token, "x")
        assert [one.id for one in await app.failures()] == [task.id]
        assert await app.stuck() == []
        assert [one.count for one in await app.durations()] == [1]
        assert [one.counts for one in await app.throughput()] == [{TaskState.FAILED: 1}]
        assert (await app.count(states=("failed",))).count == 1
