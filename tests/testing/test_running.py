"""One attempt, and all of them, on every engine."""

from __future__ import annotations

import asyncio
import threading
from datetime import timedelta
from typing import Any

import pytest

from rowlock import Cancel, Context, Fail, Snooze, TaskState
from rowlock.errors import (
    InvalidValueError,
    TaskConflictError,
    TaskNotFoundError,
    UnknownDefinitionError,
)
from rowlock.model.ids import new_task_id
from rowlock.testing import TaskFailedError, adrain, arun_task, drain, run_task

IGNORE: Any = "ignore"


class OutOfStockError(Exception):
    """What a handler of these tests raises."""


def test_a_task_is_claimed_run_and_recorded(app):
    @app.task
    def add(ctx: Context, a: int, b: int) -> int:
        ctx.log.info("adding")
        ctx.progress(50, "half")
        return a + b

    run = run_task(app, add, {"a": 1, "b": 2}, queue="sums", tags=["x"], priority=7)
    assert (run.outcome, run.result, run.error) == ("succeeded", 3, None)
    task = app.get_task(run.task)
    assert task == run.task
    assert (task.state, task.queue, task.attempt, task.priority) == ("succeeded", "sums", 1, 7)
    assert [line.message for line in app.task_log(task)] == ["adding"]
    assert [one.outcome for one in app.attempts(task)] == ["succeeded"]


def test_exactly_the_named_task_runs(app):
    seen = []

    @app.task
    def note(word: str) -> None:
        seen.append(word)

    note.options(priority=9).enqueue("first in line")
    late = note.options(delay="1h").enqueue("late")
    assert run_task(app, late).task.state is TaskState.SUCCEEDED
    other = note.enqueue("other")
    assert run_task(app, other.id).outcome == "succeeded"
    assert seen == ["late", "other"]
    with pytest.raises(TaskConflictError, match="must be waiting"):
        run_task(app, late)
    with pytest.raises(TaskNotFoundError):
        run_task(app, new_task_id())


def test_an_error_is_recorded_and_raised(app):
    error = OutOfStockError("no more boats")

    @app.task(max_attempts=2, retry="none")
    def sell() -> None:
        raise error

    task = sell.enqueue()
    with pytest.raises(OutOfStockError) as raised:
        run_task(app, task)
    assert raised.value is error
    assert raised.value.__notes__ == [f"in task {task.id} (sell), attempt 1"]
    stored = app.get_task(task)
    assert stored.error is not None
    assert (stored.state, stored.error.type) == ("failed", "OutOfStockError")


def test_an_error_can_be_recorded_only(app):
    @app.task(max_attempts=2)
    def sell() -> None:
        raise OutOfStockError

    run = run_task(app, sell, with_errors="record")
    assert isinstance(run.error, OutOfStockError)
    assert (run.outcome, run.task.state) == ("failed", TaskState.RETRYING)
    again = run_task(app, run.task, with_errors="record")
    assert (again.task.state, again.task.attempt) == (TaskState.FAILED, 2)


def test_an_interrupt_is_never_only_recorded(memory_app):
    @memory_app.task
    def stopped() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_task(memory_app, stopped, with_errors="record")


@pytest.mark.parametrize(
    ("value", "outcome", "state"),
    [
        (Snooze("5m"), "snoozed", TaskState.SCHEDULED),
        (Cancel("not needed"), "canceled", TaskState.CANCELED),
    ],
)
def test_outcomes_are_no_errors(memory_app, value, outcome, state):
    @memory_app.task
    def decide() -> object:
        return value

    run = run_task(memory_app, decide)
    assert (run.outcome, run.task.state, run.error) == (outcome, state, None)


def test_a_failure_without_exception_says_what_it_was(memory_app):
    @memory_app.task(max_attempts=1)
    def refuse() -> Fail:
        return Fail("wrong colour", retry=False)

    with pytest.raises(TaskFailedError, match="Fail: wrong colour"):
        run_task(memory_app, refuse)


def test_a_timeout_is_a_failure(memory_app):
    @memory_app.task(max_attempts=1, timeout="50ms")
    async def sleep() -> None:
        await asyncio.sleep(60)

    with pytest.raises(TaskFailedError, match=r"Timeout: ran longer than 0\.05 s"):
        run_task(memory_app, sleep)
    [task] = memory_app.list_tasks()
    assert task.reason == "timeout"


def test_arguments_are_converted_as_in_a_worker(memory_app):
    @memory_app.task
    def wait(pause: timedelta) -> str:
        return type(pause).__name__

    assert run_task(memory_app, wait, {"pause": timedelta(seconds=1)}).result == "timedelta"


def test_everything_that_can_run_is_run(app):
    seen = []

    @app.task
    def count_down(left: int) -> None:
        seen.append(left)
        if left:
            count_down.options(queue="more").enqueue(left - 1)

    @app.task
    async def acount(left: int) -> None:
        seen.append(left)

    count_down.enqueue(2)
    acount.options(priority=5).enqueue(10)
    count_down.options(delay="1h").enqueue(0)
    runs = drain(app)
    assert seen == [10, 2, 1, 0]
    assert [run.outcome for run in runs] == ["succeeded"] * 4
    assert drain(app) == []


def test_only_the_named_queues_are_drained(app):
    @app.task
    def note(word: str) -> str:
        return word

    for queue in ("a", "b", "c"):
        note.options(queue=queue).enqueue(queue)
    assert sorted(run.result for run in drain(app, queues=["a", "c"])) == ["a", "c"]
    app.pause_queue("b")
    assert drain(app) == []
    app.resume_queue("b")
    assert [run.result for run in drain(app)] == ["b"]


def test_what_is_due_later_runs_too_when_asked(app):
    @app.task(max_attempts=3, retry="exponential")
    def flaky(ctx: Context) -> int:
        if ctx.attempt < 3:
            raise OutOfStockError
        return ctx.attempt

    task = flaky.options(delay="30d").enqueue()
    runs = drain(app, with_scheduled=True, with_errors="record")
    assert [run.outcome for run in runs] == ["failed", "failed", "succeeded"]
    done = app.get_task(task)
    assert done.result == 3
    assert done.finished_at is not None
    assert done.finished_at - done.created_at >= timedelta(days=30)


def test_the_first_error_ends_a_drain(memory_app):
    @memory_app.task(max_attempts=1)
    def fail(word: str) -> None:
        raise OutOfStockError(word)

    fail.enqueue("a")
    fail.enqueue("b")
    with pytest.raises(OutOfStockError, match="a"):
        drain(memory_app)
    assert [str(run.error) for run in drain(memory_app, with_errors="record")] == ["b"]


def test_a_drain_without_end_is_ended(memory_app):
    @memory_app.task
    def again() -> None:
        again.enqueue()

    again.enqueue()
    with pytest.raises(TaskFailedError, match="still waits after 5 attempts"):
        drain(memory_app, limit=5)
    [waiting] = memory_app.list_tasks(states=("queued",))
    assert waiting.attempt == 0


def test_tasks_of_others_are_left(memory_app):
    memory_app.enqueue(None, {"any": "json"})
    with pytest.raises(UnknownDefinitionError):
        run_task(memory_app, "nobody")
    assert drain(memory_app) == []


def test_sync_handlers_run_where_the_test_runs(memory_app):
    threads = []

    @memory_app.task
    def sync() -> None:
        threads.append(threading.get_ident())
        with pytest.raises(RuntimeError):
            asyncio.get_running_loop()

    @memory_app.task
    async def nested() -> None:
        await sync.aenqueue()

    nested.enqueue()
    drain(memory_app)
    assert threads == [threading.get_ident()]


async def test_async_code_has_twins(async_app):
    loops = []

    @async_app.task
    async def here(word: str) -> str:
        loops.append(asyncio.get_running_loop())
        return word

    @async_app.task
    def threaded() -> int:
        return threading.get_ident()

    assert (await arun_task(async_app, here, {"word": "one"})).result == "one"
    await here.aenqueue("two")
    await threaded.options(delay="1h").aenqueue()
    assert [run.result for run in await adrain(async_app)] == ["two"]
    [run] = await adrain(async_app, with_scheduled=True)
    assert run.result != threading.get_ident()
    assert loops == [asyncio.get_running_loop()] * 2


async def test_async_errors_are_raised(async_app):
    @async_app.task
    async def fail() -> None:
        raise OutOfStockError

    with pytest.raises(OutOfStockError):
        await arun_task(async_app, fail)
    assert (await async_app.list_tasks())[0].state is TaskState.RETRYING


def test_sync_code_inside_a_running_loop_works_too(memory_app):
    @memory_app.task
    async def work() -> str:
        return "done"

    async def test() -> None:
        assert run_task(memory_app, work).result == "done"

    asyncio.run(test())


@pytest.mark.parametrize(
    ("call", "field"),
    [
        (lambda app: drain(app, with_errors=IGNORE), "with_errors"),
        (lambda app: drain(app, queues="default"), "queues"),
        (lambda app: drain(app, queues=["Not A Queue"]), "queue"),
        (lambda app: drain(app, limit=0), "limit"),
        (lambda app: run_task(app, "x", with_errors=IGNORE), "with_errors"),
        (lambda app: run_task(app, new_task_id(), {"a": 1}), "payload"),
        (lambda app: run_task(app, "x", transaction=object()), "transaction"),
    ],
)
def test_bad_input_is_refused(memory_app, call, field):
    with pytest.raises(InvalidValueError) as refused:
        call(memory_app)
    assert refused.value.field == field
    assert memory_app.list_tasks() == []
