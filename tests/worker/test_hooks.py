"""Hooks of a worker: start-up, shut-down, and every error."""

from __future__ import annotations

import asyncio
import threading

import pytest

from rowlock import Cancel, Context, Fail, Retry, Snooze, TaskState, Worker
from rowlock.errors import (
    HookError,
    InvalidValueError,
    LeaseLostError,
    StorageDataError,
    TaskFailedError,
    WorkerLostError,
)
from tests.app.steps import greeting
from tests.support.backends import sql_plan
from tests.worker.steps import claim_elsewhere, finished, run, until, working

SHORT_LEASE = "0.6s"
REFUSE_SUCCESS = """
CREATE TRIGGER refuse BEFORE INSERT ON rowlock_history WHEN NEW.state = 'succeeded'
BEGIN SELECT RAISE(ABORT, 'refused'); END"""

MEMORY = pytest.mark.parametrize("backend", ["memory"], indirect=True)


@pytest.fixture
def told(app):
    """What an error hook was told."""
    told = []

    @app.on_error
    def hear(queue, task, error) -> None:
        told.append((queue, task, error))

    return told


@MEMORY
def test_hooks_run_around_the_work_of_run_once(app):
    seen = []
    for number in (1, 2):
        app.on_start(lambda number=number: seen.append(f"start {number}"))

        @app.on_stop
        async def stop(number: int = number) -> None:
            await asyncio.sleep(0)
            seen.append(f"stop {number}")

    @app.task
    def work() -> None:
        seen.append("work")

    work.enqueue()
    Worker(app).run_once()
    assert seen == ["start 1", "start 2", "work", "stop 2", "stop 1"]


@MEMORY
async def test_hooks_run_around_a_worker(app):
    seen: list[object] = []

    @app.on_start
    async def start() -> None:
        seen.append(asyncio.get_running_loop())

    app.on_stop(lambda: seen.append(threading.current_thread()))
    async with working(app):
        assert seen == [asyncio.get_running_loop()]
    assert seen[1] is not threading.current_thread()


@pytest.mark.parametrize("is_async", [True, False])
@MEMORY
async def test_a_worker_whose_start_up_fails_does_not_start(app, is_async):
    ran = []

    def connect() -> None:
        raise ConnectionError("nobody there")

    async def aconnect() -> None:
        connect()

    app.on_start(aconnect if is_async else connect)
    app.on_stop(lambda: ran.append("stop"))
    worker = Worker(app)
    with pytest.raises(HookError, match="connect: ConnectionError: nobody there"):
        await worker.start()
    assert not worker.is_running
    with pytest.raises(HookError):
        await worker.arun_once()
    assert ran == []


@MEMORY
def test_a_shut_down_that_fails_is_told_and_harms_nothing(app, told, caplog):
    seen = []
    app.on_stop(lambda: seen.append("first"))

    @app.on_stop
    def broken() -> None:
        raise OSError("no")

    task = greeting(app).enqueue()
    assert Worker(app).run_once() == 1
    assert app.get_task(task).state is TaskState.SUCCEEDED
    assert seen == ["first"]
    assert "shut-down hook broken failed" in caplog.text
    assert [(queue, task, type(error)) for queue, task, error in told] == [(None, None, OSError)]


@MEMORY
@pytest.mark.parametrize("name", ["on_start", "on_stop", "on_error"])
def test_a_hook_must_be_callable_as_it_is_called(app, name):
    with pytest.raises(InvalidValueError) as caught:
        getattr(app, name)(lambda one: one)
    assert caught.value.field == name


@pytest.mark.parametrize("is_async", [True, False])
def test_an_error_hook_hears_of_every_failed_attempt(app, told, is_async):
    """C51."""

    def work() -> None:
        raise KeyError("mine")

    async def awork() -> None:
        work()

    options = {"alias": "work", "max_attempts": 2, "retry": "immediate"}
    task = app.task(**options)(awork if is_async else work).enqueue()
    Worker(app).run_once()
    assert [(queue, found, repr(error)) for queue, found, error in told] == [
        ("default", task.id, "KeyError('mine')")
    ] * 2


async def test_an_error_hook_hears_of_a_running_workers_failures(app, told):
    """C51: in any mode."""

    @app.task(max_attempts=1, timeout="20ms")
    async def hang() -> None:
        await asyncio.Event().wait()

    task = hang.enqueue()
    async with working(app):
        await finished(app, task)
        await until(lambda: told)
    [(queue, found, error)] = told
    assert (queue, found, str(error)) == ("default", task.id, "ran longer than 0.02 s")
    assert isinstance(error, TimeoutError)


@MEMORY
def test_an_error_hook_hears_of_failures_without_an_exception(app, told):
    @app.task(max_attempts=1)
    async def work(what: str) -> object:
        outcomes = {"fail": Fail("no"), "retry": Retry(reason="later"), "set": {object()}}
        return outcomes.get(what) or (Snooze("1h") if what == "snooze" else Cancel())

    tasks = [work.enqueue(what) for what in ("fail", "retry", "set", "snooze", "cancel")]
    Worker(app, concurrency=1).run_once()
    assert [task for _, task, _ in told] == [task.id for task in tasks[:3]]
    assert all(isinstance(error, TaskFailedError) for _, _, error in told)
    assert [error.kind for _, _, error in told] == ["Fail", "Retry", "PayloadError"]


@MEMORY
async def test_an_async_error_hook_runs_on_the_workers_loop(app):
    loops = []

    @app.on_error
    async def hear(queue, task, error) -> None:
        loops.append(asyncio.get_running_loop())

    @app.task(max_attempts=1)
    def work() -> None:
        raise OSError

    work.enqueue()
    await Worker(app).arun_once()
    assert loops == [asyncio.get_running_loop()]


@MEMORY
def test_an_error_hook_that_raises_is_logged_and_harms_nothing(app, caplog):
    heard = []

    @app.on_error
    def broken(queue, task, error) -> None:
        raise SystemExit(3)

    app.on_error(lambda queue, task, error: heard.append(task))

    @app.task(max_attempts=2, retry="immediate")
    def work() -> None:
        raise OSError

    task = work.enqueue()
    assert Worker(app).run_once() == 2
    assert app.get_task(task).state is TaskState.FAILED
    assert heard == [task.id] * 2
    assert "error hook broken failed" in caplog.text


def test_an_error_hook_hears_of_an_outcome_that_is_not_recorded(app, told):
    """C51: the task was taken away while the handler ran."""

    @app.task
    def work(ctx: Context) -> None:
        app.cancel(ctx.task.id, force=True)

    task = work.enqueue()
    Worker(app).run_once()
    [(queue, found, error)] = told
    assert (queue, found, type(error)) == ("default", task.id, LeaseLostError)


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_an_error_hook_hears_of_an_outcome_that_the_database_refuses(app, told):
    """C51: the bookkeeping itself fails."""
    hello = greeting(app)
    task = hello.enqueue("Tom")
    run(app, sql_plan, REFUSE_SUCCESS)
    Worker(app).run_once()
    assert app.get_task(task).reason == "result_invalid"
    [(queue, found, error)] = told
    assert (queue, found, type(error)) == ("default", task.id, StorageDataError)


async def test_an_error_hook_hears_of_a_lost_claim(app, told):
    """C51: the heartbeat finds out."""
    app.register_queue("default", lease=SHORT_LEASE)
    started = asyncio.Event()

    @app.task
    async def hang() -> None:
        started.set()
        await asyncio.Event().wait()

    task = hang.enqueue()
    async with working(app):
        await asyncio.wait_for(started.wait(), 10)
        app.cancel(task, force=True)
        await until(lambda: told)
    (queue, found, error) = told[0]
    assert (queue, found, type(error)) == ("default", task.id, LeaseLostError)


async def test_an_error_hook_hears_of_a_crash_loop(app, told):
    """C51: rescued by this worker, failed as crash_loop."""
    app.register_queue("default", max_crashes=1, lease=SHORT_LEASE)
    hello = greeting(app)
    task = hello.enqueue("Tom")
    claim_elsewhere(app, worker="dead", lease=0.001)
    async with working(app):
        [found] = await finished(app, task)
        await until(lambda: told)
    assert (found.state, found.reason) == (TaskState.FAILED, "crash_loop")
    [(queue, which, error)] = told
    assert isinstance(error, WorkerLostError)
    assert (queue, which, error.worker, error.final) == ("default", task.id, "dead", True)


@pytest.mark.parametrize("backend", ["sqlite", "postgres"], indirect=True)
async def test_an_error_hook_hears_nothing_of_other_namespaces(app, opened, told):
    app.register_queue("default", lease=SHORT_LEASE)
    with opened(namespace="other") as other:
        task = greeting(other).enqueue("Tom")
        claim_elsewhere(other, worker="dead", lease=0.001)
        async with working(app):
            await until(lambda: other.get_task(task).crashes)
    assert told == []
