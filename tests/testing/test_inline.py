"""Inline mode: a task runs where it is enqueued."""

from __future__ import annotations

import pytest

from rowlock import Context, TaskState
from rowlock.errors import InvalidValueError
from rowlock.testing import TaskFailedError, assert_enqueued, drain, inline


class OutOfStockError(Exception):
    """What a handler of these tests raises."""


def test_enqueue_runs_the_task_at_once(app):
    @app.task
    def outer(word: str) -> str:
        return f"{inner.enqueue(word * 2).result}!"

    @app.task
    async def inner(word: str) -> str:
        return word.upper()

    with inline(app) as same:
        assert same is app
        task = outer.enqueue("a")
        assert (task.state, task.result, task.attempt) == ("succeeded", "AA!", 1)
        assert inner.enqueue_if_not_exists("b")[0].result == "B"
        ids = inner.enqueue_many([{"word": "c"}, {"word": "d"}])
        assert [app.get_task(one).result for one in ids] == ["C", "D"]
        assert app.enqueue("INNER", {"word": "e"}).result == "E"
    assert inner.enqueue("f").state is TaskState.QUEUED


async def test_async_enqueues_run_at_once(async_app):
    @async_app.task
    async def outer(word: str) -> str:
        return f"{(await inner.aenqueue(word * 2)).result}!"

    @async_app.task
    def inner(word: str) -> str:
        return word.upper()

    with inline(async_app):
        assert (await outer.aenqueue("a")).result == "AA!"


def test_errors_come_out_of_enqueue_and_are_recorded(memory_app):
    @memory_app.task(max_attempts=2, retry="immediate")
    def flaky(ctx: Context) -> int:
        if ctx.attempt == 1:
            raise OutOfStockError
        return ctx.attempt

    with inline(memory_app), pytest.raises(OutOfStockError):
        flaky.enqueue()
    [task] = assert_enqueued(memory_app, flaky)
    assert (task.state, task.attempt) == (TaskState.QUEUED, 1)
    with inline(memory_app, with_errors="record"):
        assert flaky.enqueue().attempt == 1
    assert [run.result for run in drain(memory_app)] == [2, 2]


def test_what_waits_is_left_to_a_drain(memory_app):
    @memory_app.task
    def note() -> None: ...

    with inline(memory_app):
        assert note.options(delay="1h").enqueue().state is TaskState.SCHEDULED
        assert memory_app.enqueue(None, "json").state is TaskState.QUEUED
    assert len(drain(memory_app, with_scheduled=True)) == 1


def test_a_task_that_enqueues_itself_forever_is_ended(memory_app):
    @memory_app.task
    def again() -> None:
        again.enqueue()

    with inline(memory_app), pytest.raises(TaskFailedError, match="50 handlers deep"):
        again.enqueue()


def test_bad_input_is_refused(memory_app):
    with pytest.raises(InvalidValueError, match="with_errors"), inline(memory_app, with_errors=1):  # type: ignore[arg-type] # what is refused
        raise AssertionError
