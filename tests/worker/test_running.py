"""While a task runs: timeouts, cancellation, progress and log."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest

from rowlock import Canceled, Context, TaskState, Worker
from tests.app.steps import count, greeting
from tests.worker.steps import claim_elsewhere, finished, until, working

FAST_LEASE = {"lease": "0.6s"}


def test_an_async_handler_is_stopped_at_its_timeout(app):
    """C132."""

    @app.task(max_attempts=1, timeout="50ms")
    async def hang() -> None:
        await asyncio.Event().wait()

    task = hang.enqueue()
    Worker(app).run_once()
    found = app.get_task(task)
    assert (found.state, found.reason, found.error.type) == (TaskState.FAILED, "timeout", "Timeout")
    assert found.error.message == "ran longer than 0.05 s"


def test_a_timeout_is_a_failure_that_is_retried(app):
    @app.task(max_attempts=2, timeout="20ms", retry="immediate")
    async def hang() -> None:
        await asyncio.Event().wait()

    task = hang.enqueue()
    assert Worker(app).run_once() == 2
    assert [run.error.type for run in app.attempts(task)] == ["Timeout", "Timeout"]


async def test_a_thread_is_told_of_its_timeout_and_keeps_its_slot_until_it_ends(app):
    started, told, release = threading.Event(), threading.Event(), threading.Event()

    @app.task(max_attempts=1, timeout="50ms")
    def hang(ctx: Context) -> None:
        started.set()
        while not ctx.canceled:
            time.sleep(0.005)
        told.set()
        release.wait(30)

    task, other = hang.enqueue(), greeting(app).enqueue()
    async with working(app, concurrency=1) as worker:
        [found] = await finished(app, task)
        assert (found.state, found.reason) == (TaskState.FAILED, "timeout")
        await until(told.is_set)
        await asyncio.sleep(0.2)
        assert app.get_task(other).state is TaskState.QUEUED
        assert not worker.is_healthy
        release.set()
        await finished(app, other)
        assert worker.is_healthy


def left(ctx: Context) -> timedelta:
    assert ctx.deadline is not None
    return ctx.deadline - datetime.now(UTC)


def test_a_handler_knows_its_deadline(app):
    seen = []

    @app.task(timeout="1h")
    async def look(ctx: Context) -> None:
        seen.append((left(ctx), ctx.task))

    look.enqueue()
    Worker(app).run_once()
    [(before_deadline, info)] = seen
    assert timedelta(0) < before_deadline <= timedelta(hours=1)
    assert (info.definition, info.queue) == ("look", "default")
    assert (info.attempt, info.max_attempts) == (1, 4)


def test_a_timeout_error_of_the_handlers_own_is_an_ordinary_failure(app):
    @app.task(max_attempts=1, timeout="1h")
    async def fail() -> None:
        raise TimeoutError("theirs")

    task = fail.enqueue()
    Worker(app).run_once()
    found = app.get_task(task)
    assert (found.reason, found.error.type, found.error.message) == (None, "TimeoutError", "theirs")


def test_the_timeout_is_the_tasks_over_the_definitions_over_the_queues(app):
    app.register_queue("default", timeout="3h")
    seen = []

    @app.task
    async def plain(ctx: Context) -> None:
        seen.append(left(ctx))

    @app.task(timeout="2h")
    async def ruled(ctx: Context) -> None:
        seen.append(left(ctx))

    for order in (plain, ruled, ruled.options(timeout="1h")):
        order.enqueue()
    Worker(app, concurrency=1).run_once()
    assert [round(left.total_seconds() / 3600) for left in seen] == [3, 2, 1]


async def test_a_running_async_handler_is_canceled(app):
    app.register_queue("default", **FAST_LEASE)
    started, stopped = asyncio.Event(), asyncio.Event()

    @app.task
    async def hang() -> None:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            stopped.set()

    task = hang.enqueue()
    async with working(app):
        await asyncio.wait_for(started.wait(), 10)
        assert app.cancel(task) is Canceled.REQUESTED
        [found] = await finished(app, task)
    assert stopped.is_set()
    assert (found.state, found.reason, found.error) == (TaskState.CANCELED, "canceled", None)


async def test_a_running_sync_handler_sees_that_it_is_canceled(app):
    """C50."""
    app.register_queue("default", **FAST_LEASE)
    started = threading.Event()

    @app.task
    def work(ctx: Context) -> None:
        started.set()
        while True:
            ctx.raise_if_canceled()
            time.sleep(0.005)

    task = work.enqueue()
    async with working(app):
        await until(started.is_set)
        app.cancel(task)
        [found] = await finished(app, task)
    assert (found.state, found.attempt) == (TaskState.CANCELED, 1)


async def test_a_handler_that_finishes_in_spite_of_the_request_has_succeeded(app):
    """C50: a plain handler finishes normally."""
    app.register_queue("default", **FAST_LEASE)
    started, told = threading.Event(), threading.Event()

    @app.task
    def work(ctx: Context) -> str:
        started.set()
        while not ctx.canceled:
            time.sleep(0.005)
        told.set()
        return "done anyway"

    task = work.enqueue()
    async with working(app):
        await until(started.is_set)
        app.cancel(task)
        [found] = await finished(app, task)
    assert (found.state, found.result) == (TaskState.SUCCEEDED, "done anyway")


async def test_a_canceled_task_that_fails_is_not_retried(app):
    app.register_queue("default", **FAST_LEASE)
    started = threading.Event()

    @app.task(retry="immediate")
    def work(ctx: Context) -> None:
        started.set()
        while not ctx.canceled:
            time.sleep(0.005)
        raise ValueError("while stopping")

    task = work.enqueue()
    async with working(app):
        await until(started.is_set)
        app.cancel(task)
        [found] = await finished(app, task)
    assert (found.state, found.attempt) == (TaskState.CANCELED, 1)


async def test_a_forced_cancel_fences_the_handler(app):
    app.register_queue("default", **FAST_LEASE)
    started, stopped = asyncio.Event(), asyncio.Event()

    @app.task
    async def hang() -> None:
        started.set()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        stopped.set()

    task = hang.enqueue()
    async with working(app):
        await asyncio.wait_for(started.wait(), 10)
        assert app.cancel(task, force=True) is Canceled.AT_ONCE
        assert app.get_task(task).state is TaskState.CANCELED
        await asyncio.wait_for(stopped.wait(), 10)
    found = app.get_task(task)
    assert (found.state, found.result) == (TaskState.CANCELED, None)


def test_a_cancel_before_the_start_of_a_claimed_task_wins(app):
    definition = greeting(app)
    task = definition.enqueue()
    claim_elsewhere(app)
    assert app.cancel(task) is Canceled.REQUESTED
    assert app.get_task(task).cancel_requested


async def test_progress_is_seen_while_the_task_runs(app):
    """C92."""
    release = asyncio.Event()

    @app.task
    async def work(ctx: Context) -> None:
        await ctx.progress(45, "almost\x00 half")
        await release.wait()

    task = work.enqueue()
    async with working(app):
        found = await until(lambda: (t := app.get_task(task)).progress and t)
        assert (found.progress, found.progress_message) == (45, "almost\\x00 half")
        release.set()
        [found] = await finished(app, task)
    assert (found.progress, found.progress_message) == (100, "almost\\x00 half")


async def test_log_lines_are_seen_while_the_task_runs(app):
    release = asyncio.Event()

    @app.task
    async def work(ctx: Context) -> None:
        ctx.log.info("begun with %s", "care")
        await release.wait()
        ctx.log.success("done")

    task = work.enqueue()
    async with working(app):
        [line] = await until(lambda: app.task_log(task))
        assert (line.level, line.message) == ("INFO", "begun with care")
        release.set()
        await finished(app, task)
    assert [(line.level, line.message) for line in app.task_log(task)] == [
        ("INFO", "begun with care"), ("SUCCESS", "done"),
    ]  # fmt: skip


def test_lines_of_every_level_are_kept_in_order(app):
    """C40, C13, C35."""

    @app.task(max_attempts=2, retry="immediate")
    def work(ctx: Context) -> None:
        ctx.log.info("one of run %d", ctx.attempt)
        ctx.log.error("two")
        ctx.log.success("three\x00")
        if ctx.attempt == 1:
            raise ValueError

    task = work.enqueue()
    Worker(app).run_once()
    lines = [(line.level, line.message) for line in app.task_log(task)]
    assert lines == [
        ("INFO", "one of run 1"), ("ERROR", "two"), ("SUCCESS", "three\\x00"),
        ("INFO", "one of run 2"), ("ERROR", "two"), ("SUCCESS", "three\\x00"),
    ]  # fmt: skip
    times = [line.at for line in app.task_log(task)]
    assert times == sorted(times)


async def test_reports_are_written_at_most_twice_a_second(app):
    """Each flush of log lines is a row; progress goes with it."""

    @app.task
    async def work(ctx: Context) -> None:
        end = time.monotonic() + 1.6
        while time.monotonic() < end:
            ctx.progress((time.monotonic() % 1) * 100)
            ctx.log.info("still working")
            await asyncio.sleep(0.02)

    task = work.enqueue()
    async with working(app):
        await finished(app, task)
    assert 2 <= count(app, "log") <= 5
    assert len(app.task_log(task)) >= 20


async def test_a_failed_task_keeps_the_progress_that_it_made(app):
    @app.task(max_attempts=1)
    async def work(ctx: Context) -> None:
        await ctx.progress(30)
        raise ValueError

    task = work.enqueue()
    async with working(app):
        [found] = await finished(app, task)
    assert (found.state, found.progress) == (TaskState.FAILED, 30)


@pytest.mark.parametrize("backend", ["memory"], indirect=True)
def test_a_thousand_log_lines_are_kept(app):
    @app.task
    def chatter(ctx: Context) -> None:
        for number in range(900):
            ctx.log.info("line %d", number)

    task = chatter.enqueue()
    Worker(app).run_once()
    assert len(app.task_log(task)) == 900
