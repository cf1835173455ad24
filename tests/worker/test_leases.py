"""Leases go on while a task runs, whatever its handler does; lost ones are noticed."""

from __future__ import annotations

import asyncio
import threading
import time
from datetime import timedelta

import pytest

from rowlock import Context, TaskState, Worker
from tests.app.steps import greeting
from tests.worker.steps import claim_elsewhere, finished, lose_leases, until, working

LEASE = "1s"
LONG = 3.0
NOTHING_SPARED = {"grace": timedelta(0), "limit": 100}


@pytest.fixture
def long_tasks(app):
    """Tasks that take three times their lease, one of each kind."""

    @app.task
    async def waiting() -> str:
        await asyncio.sleep(LONG)
        return "waiting"

    @app.task
    async def blocking() -> str:
        time.sleep(LONG)  # noqa: ASYNC251 - the mistake that this is about
        return "blocking"

    @app.task
    def threaded() -> str:
        time.sleep(LONG)
        return "threaded"

    app.register_queue("default", lease=LEASE)
    return [waiting.enqueue(), threaded.enqueue(), blocking.enqueue()]


def test_a_task_may_take_three_times_its_lease(app, opened, long_tasks):
    """Even one that blocks the event loop keeps its lease and that of its neighbours."""
    rescued: list[int] = []
    stopping = threading.Event()

    def rescue() -> None:
        storage = app.core.storage
        while not stopping.wait(0.1):
            rescued.append(len(storage.runner.run(storage.upkeep.rescue_tasks, **NOTHING_SPARED)))

    thread = threading.Thread(target=rescue)
    thread.start()
    try:
        assert Worker(app).run_once() == 3
    finally:
        stopping.set()
        thread.join()
    found = [app.get_task(task) for task in long_tasks]
    assert [task.result for task in found] == ["waiting", "threaded", "blocking"]
    assert [(task.attempt, task.crashes) for task in found] == [(1, 0)] * 3
    assert sum(rescued) == 0


async def test_a_handler_is_told_that_its_claim_is_lost(app):
    """C145: the late result is refused."""
    app.register_queue("default", lease="0.6s")
    started, told = asyncio.Event(), asyncio.Event()

    @app.task
    async def work(ctx: Context) -> str:
        if ctx.attempt == 2:
            return "second"
        started.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            told.set()
            return "late"
        return "never"

    task = work.enqueue()
    async with working(app, concurrency=1):
        await asyncio.wait_for(started.wait(), 10)
        lose_leases(app)
        await asyncio.wait_for(told.wait(), 10)
        [found] = await finished(app, task)
    assert (found.result, found.attempt, found.crashes) == ("second", 2, 1)
    assert [run.outcome for run in app.attempts(task)] == ["lost", "succeeded"]


async def test_a_late_result_is_not_recorded(app, caplog):
    """C145."""
    started, release = threading.Event(), threading.Event()

    @app.task
    def work(ctx: Context) -> str:
        started.set()
        release.wait(30)
        return f"run {ctx.attempt}"

    task = work.enqueue()
    async with working(app) as worker:
        await until(started.is_set)
        lose_leases(app)
        [taken] = claim_elsewhere(app)
        release.set()
        await until(lambda: "the claim was lost" in caplog.text)
        await worker.stop()
    found = app.get_task(task)
    assert (found.state, found.worker, found.attempt) == (TaskState.RUNNING, "elsewhere", 2)
    assert taken.id == task.id


async def test_a_running_worker_rescues_what_a_dead_one_held(app, caplog):
    """C33, C112, C145: within lease and poll, with the next attempt number."""
    app.register_queue("default", lease="0.5s")
    task = greeting(app).enqueue()
    claim_elsewhere(app, worker="dead", lease=0.5)
    began = time.monotonic()
    async with working(app):
        [found] = await finished(app, task)
    assert time.monotonic() - began < 10
    assert (found.state, found.attempt, found.crashes) == (TaskState.SUCCEEDED, 2, 1)
    assert f"task {task.id}: lost by worker dead, queued again" in caplog.text
    [lost, _] = app.attempts(task)
    assert (lost.worker, lost.outcome, lost.error.type) == ("dead", "lost", "WorkerLost")


async def test_a_task_that_took_two_workers_down_runs_alone(app):
    together: list[tuple[str, int]] = []
    running = 0

    @app.task
    async def work(name: str) -> None:
        nonlocal running
        running += 1
        together.append((name, running))
        await asyncio.sleep(0.05)
        running -= 1

    work.enqueue("suspect")
    for _ in range(2):
        claim_elsewhere(app)
        lose_leases(app)
    work.enqueue_many({"name": "innocent"} for _ in range(8))
    assert await Worker(app, concurrency=4).arun_once() >= 9
    assert ("suspect", 1) in together
    assert [name for name, _ in together].count("suspect") == 1
    position = together.index(("suspect", 1))
    assert together[position + 1 : position + 2] in ([], [("innocent", 1)])


async def test_a_running_task_without_a_dead_worker_is_left_alone(app):
    """C34."""
    task = greeting(app).enqueue()
    claim_elsewhere(app, lease=30)
    async with working(app):
        await asyncio.sleep(1.5)
    assert app.get_task(task).state is TaskState.RUNNING
