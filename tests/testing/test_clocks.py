"""A clock that stands still: due times, retries, leases, lifetimes and retention follow it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta, timezone

import pytest

from rowlock import Context, RetryPolicy, TaskState, Worker
from rowlock.backoff import Backoff
from rowlock.errors import InvalidValueError
from rowlock.model.ids import new_token
from rowlock.testing import ado_upkeep, clock, do_upkeep, drain, run_task

TEN_MINUTES = RetryPolicy(backoff=Backoff.FIXED, base=timedelta(minutes=10), jitter=False)
NEW_YEAR = datetime(2031, 1, 1, tzinfo=UTC)


def test_due_times_follow_the_clock(app):
    @app.task
    def ring() -> None: ...

    with clock(app, NEW_YEAR) as time:
        task = ring.options(delay="1h").enqueue()
        bulk = ring.options(run_at=NEW_YEAR + timedelta(hours=1)).enqueue_many([{}, {}])
        assert task.created_at == app.get_task(bulk[0]).created_at == NEW_YEAR
        assert task.run_at == NEW_YEAR + timedelta(hours=1)
        assert drain(app) == []
        time.advance("59m59s")
        assert drain(app) == []
        assert time.advance(timedelta(seconds=1)) == time.now == task.run_at
        assert len(drain(app)) == 3
        done = app.get_task(task)
        assert done.started_at == done.finished_at == time.now


def test_retries_follow_the_clock(app):
    @app.task(max_attempts=2, retry=TEN_MINUTES)
    def fail(ctx: Context) -> None:
        if ctx.attempt == 1:
            raise ValueError

    with clock(app) as time:
        first = run_task(app, fail, with_errors="record")
        assert first.task.run_at == time.now + timedelta(minutes=10)
        time.advance("9m")
        assert drain(app) == []
        time.advance("1m")
        assert [run.outcome for run in drain(app)] == ["succeeded"]


def test_leases_follow_the_clock(app):
    @app.task
    def work() -> None: ...

    with clock(app) as time:
        task = work.enqueue()
        storage = app.core.storage
        claim = {"worker": "gone", "token": new_token(), "lease": timedelta(minutes=1)}
        storage.runner.run(storage.claims.claim_task, "default", task.id, **claim)
        assert app.get_task(task).lease_until == time.now + timedelta(minutes=1)
        do_upkeep(app)
        assert app.get_task(task).state is TaskState.RUNNING
        time.advance("65s")
        do_upkeep(app)
        back = app.get_task(task)
        assert (back.state, back.crashes) == (TaskState.QUEUED, 1)


def test_lifetimes_follow_the_clock(app):
    @app.task(lifetime="1h")
    def hurry() -> None: ...

    with clock(app) as time:
        task = hurry.enqueue()
        time.advance("1h")
        assert drain(app) == []
        do_upkeep(app)
        assert app.get_task(task).state is TaskState.EXPIRED
        assert app.list_tasks(states=("expired",)) == [app.get_task(task)]


async def test_the_clock_serves_async_apps(async_app):
    @async_app.task(lifetime="1h")
    def hurry() -> None: ...

    with clock(async_app, NEW_YEAR) as time:
        task = await hurry.aenqueue()
        time.advance("2h")
        await ado_upkeep(async_app)
        assert (await async_app.get_task(task)).finished_at == time.now


async def test_a_worker_follows_the_clock(memory_app):
    rang = asyncio.Event()

    @memory_app.task
    async def ring() -> None:
        rang.set()

    with clock(memory_app) as time:
        task = ring.options(delay="1d").enqueue()
        worker = Worker(memory_app)
        await worker.start()
        time.advance("1d")
        async with asyncio.timeout(20):
            await rang.wait()
        await worker.stop()
    assert memory_app.get_task(task).finished_at == time.now


def test_the_clock_is_gone_at_the_end(memory_app):
    with clock(memory_app, NEW_YEAR), clock(memory_app, NEW_YEAR + timedelta(days=1)):
        assert memory_app.enqueue(None, 1).created_at == NEW_YEAR + timedelta(days=1)
    assert memory_app.enqueue(None, 2).created_at < NEW_YEAR


def test_the_clock_can_be_set_and_tells_the_time_in_utc(memory_app):
    with clock(memory_app, NEW_YEAR) as time:
        east = timezone(timedelta(hours=2))
        time.move_to(datetime(2030, 1, 1, 2, tzinfo=east))
        assert time() == time.now == datetime(2030, 1, 1, tzinfo=UTC)
        assert repr(time) == "<Clock at 2030-01-01T00:00:00+00:00>"
        with pytest.raises(InvalidValueError, match="time zone"):
            time.move_to(datetime(2030, 1, 1))  # noqa: DTZ001 - what is refused
        with pytest.raises(InvalidValueError):
            time.advance("-1h")
        assert time.now == datetime(2030, 1, 1, tzinfo=UTC)
