"""Waiting for tasks, and asking how far they are."""

from __future__ import annotations

import asyncio
import threading

import pytest

from rowlock import AsyncRowlock, Context, Rowlock, TaskState, Worker
from rowlock.app import waiting_flows
from rowlock.errors import InvalidValueError, TaskNotFoundError, WaitTimeoutError
from rowlock.model.ids import new_task_id
from tests.app.steps import greeting
from tests.worker.steps import working

LONG = 30


def end(app: Rowlock) -> None:
    for task in app.claim("w", limit=100):
        app.complete(task, task.token, "done")


def test_a_finished_task_is_returned_at_once_however_it_ended(app):
    done, canceled = app.enqueue(None, 1), app.enqueue(None, 2)
    app.cancel(canceled)
    end(app)
    assert app.wait(done, timeout=0).result == "done"
    assert app.wait(str(canceled.id)).state == "canceled"


def test_a_waiter_is_told_of_the_end(app):
    task = app.enqueue(None, 1)
    later = threading.Timer(0.1, end, [app])
    later.start()
    assert app.wait(task, timeout=LONG).state == "succeeded"
    later.join()


@pytest.fixture
def only_told(monkeypatch):
    """Nobody who waits looks by himself."""
    for name in ("FIRST_PAUSE_SECONDS", "LONGEST_PAUSE_SECONDS"):
        monkeypatch.setattr(waiting_flows, name, 10 * LONG)


@pytest.mark.usefixtures("only_told")
@pytest.mark.parametrize("how", ["worker", "complete", "fail", "transaction"])
def test_a_waiter_in_the_same_process_is_told_at_once(app, how):
    @app.task(max_attempts=1)
    def work(ctx: Context) -> None:
        if how == "transaction":
            with ctx.transaction():
                pass

    def finish() -> None:
        if how in {"worker", "transaction"}:
            Worker(app).run_once()
            return
        [held] = app.claim("w")
        if how == "complete":
            app.complete(held, held.token)
        else:
            app.fail(held, held.token, "no")

    task = work.enqueue()
    later = threading.Timer(0.1, finish)
    later.start()
    expected = "failed" if how == "fail" else "succeeded"
    assert app.wait(task, timeout=LONG).state == expected
    later.join()
    assert not app.core.storage.endings._bells


@pytest.mark.usefixtures("only_told")
async def test_async_waiters_are_told_too(backend):
    async with AsyncRowlock(backend.url) as app:

        @app.task
        async def work() -> str:
            await asyncio.sleep(0.1)
            return "done"

        tasks = [await work.aenqueue() for _ in range(3)]
        waiting = [
            asyncio.create_task(app.wait(task, timeout=LONG)) for task in tasks for _ in "ab"
        ]
        await asyncio.sleep(0.05)
        async with working(app):
            done = await asyncio.gather(*waiting)
        assert [task.result for task in done] == ["done"] * 6
        assert not app.core.storage.endings._bells


def test_a_wait_that_takes_too_long_says_where_the_task_stands(app):
    task = app.enqueue(None, 1, delay="1h")
    with pytest.raises(WaitTimeoutError) as late:
        app.wait(task, timeout=0.02)
    assert (late.value.task_id, late.value.state) == (task.id, "scheduled")
    assert isinstance(late.value, TimeoutError)


def test_all_are_returned_in_the_order_given(app):
    tasks = [app.enqueue(None, number) for number in range(3)]
    later = threading.Timer(0.05, end, [app])
    later.start()
    assert [task.id for task in app.wait_all(tasks, timeout=LONG)] == [task.id for task in tasks]
    assert app.wait_all([]) == []
    later.join()
    tasks.append(app.enqueue(None, 4))
    with pytest.raises(WaitTimeoutError):
        app.wait_all(tasks, timeout="20ms")


def test_what_is_not_there_cannot_be_waited_for(app):
    with pytest.raises(TaskNotFoundError):
        app.wait(new_task_id(), timeout=LONG)
    with pytest.raises(InvalidValueError):
        app.wait(new_task_id(), timeout=-1)


async def test_many_waiters_hold_neither_the_loop_nor_a_connection(backend):
    async with AsyncRowlock(backend.url, pool_size=2) as app:
        tasks = [await app.enqueue(None, number) for number in range(30)]
        waiting = [asyncio.create_task(app.wait(task, timeout=LONG)) for task in tasks]
        await asyncio.sleep(0.05)
        assert not any(one.done() for one in waiting)
        for task in await app.claim("w", limit=30):
            await app.complete(task, task.token)
        ended = await asyncio.gather(*waiting)
        assert [task.id for task in ended] == [task.id for task in tasks]
        assert len(await app.wait_all(tasks)) == 30
        with pytest.raises(WaitTimeoutError):
            await app.wait(await app.enqueue(None, 1), timeout=0)


def test_progress_is_found_by_the_arguments_of_the_task(app):
    """C99."""
    hello = greeting(app)
    mine, other = hello.enqueue("Ada", 7), hello.enqueue("Bob", 7)
    assert app.get_task_progress("send_greeting", {"name": "Eve"}) is None
    waits = app.get_task_progress("SendGreeting", {"name": "Ada"})
    assert (waits.task_id, waits.state, waits.percent) == (mine.id, TaskState.QUEUED, 0)
    for task in app.claim("w", limit=2):
        app.update_progress(task, task.token, 45 if task.id == mine.id else 70, "sending")
    runs = app.get_task_progress("send_greeting", {"name": "Ada", "times": 7})
    assert (runs.task_id, runs.percent, runs.message) == (mine.id, 45, "sending")
    assert app.get_task_progress("send_greeting").task_id == other.id
    app.cancel(mine, force=True)
    assert app.get_task_progress("send_greeting", {"name": "Ada"}) is None


def test_a_running_task_comes_before_a_newer_one_that_waits(app):
    hello = greeting(app)
    first = hello.enqueue("Ada")
    app.claim("w")
    hello.enqueue("Ada")
    assert app.get_task_progress("send_greeting", {"name": "Ada"}).task_id == first.id


@pytest.mark.parametrize(
    ("alias", "arguments", "field"),
    [
        ("--", {}, "alias"),
        (None, {}, "alias"),
        ("a", {"a": []}, "arguments"),
        ("a", 5, "arguments"),
    ],
)
def test_progress_of_nothing_sensible_is_refused(alias, arguments, field):
    with Rowlock("memory://") as app, pytest.raises(InvalidValueError) as refused:
        app.get_task_progress(alias, arguments)
    assert refused.value.field == field
