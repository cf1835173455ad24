"""Starting, stopping, handing back."""

from __future__ import annotations

import asyncio
import inspect
import threading
import time
from datetime import timedelta

import pytest

from rowlock import Context, TaskState, Worker
from rowlock.errors import InvalidValueError, SchemaMissingError
from tests.app.steps import greeting
from tests.support.backends import SERVERS
from tests.worker.steps import Overlap, finished, until, working

LONG_POLL_SECONDS = 30.0


class Gate:
    """Handlers that wait until they are let go."""

    def __init__(self, app) -> None:
        self.opened = asyncio.Event()
        self.overlap = Overlap()
        self.ended: list[str] = []

        @app.task
        async def hold() -> str:
            self.overlap.enter()
            try:
                await self.opened.wait()
            except asyncio.CancelledError:
                self.ended.append("canceled")
                raise
            self.ended.append("finished")
            return "held"

        self.hold = hold


@pytest.fixture
async def gate(app):
    return Gate(app)


async def begun(gate: Gate, number: int) -> None:
    await until(lambda: len(gate.overlap.starts) == number)


async def test_a_started_worker_runs_what_is_there_at_once(app):
    """C30."""
    task = greeting(app).enqueue()
    app.core.open()
    app.core.storage.wakeups.poll_seconds = LONG_POLL_SECONDS
    began = time.monotonic()
    async with working(app) as worker:
        assert worker.is_running
        await finished(app, task)
    assert time.monotonic() - began < LONG_POLL_SECONDS / 10


async def test_a_worker_is_healthy_while_it_takes_tasks(app, gate):
    """C142."""
    gate.hold.enqueue()
    worker = Worker(app)
    assert not worker.is_healthy
    await worker.start()
    await begun(gate, 1)
    assert worker.is_healthy
    stopping = asyncio.create_task(worker.stop())
    await asyncio.sleep(0)
    assert (worker.is_running, worker.is_healthy) == (True, False)
    gate.opened.set()
    await stopping
    assert (worker.is_running, worker.is_healthy) == (False, False)


async def test_a_worker_without_handlers_is_not_healthy(app):
    """C142."""
    async with working(app) as worker:
        assert (worker.is_running, worker.is_healthy) == (True, False)


async def test_starting_again_changes_nothing(app, gate):
    """C23."""
    gate.hold.enqueue_many([{}] * 6)
    async with working(app, concurrency=2) as worker:
        await begun(gate, 2)
        await worker.start()
        await worker.start()
        await asyncio.sleep(0.1)
        assert gate.overlap.now == 2
        gate.opened.set()


async def test_starting_twice_at_the_same_time_makes_one_loop(app, gate):
    """C23."""
    gate.hold.enqueue_many([{}] * 6)
    worker = Worker(app, concurrency=2)
    await asyncio.gather(worker.start(), worker.start())
    try:
        await begun(gate, 2)
        await asyncio.sleep(0.1)
        assert gate.overlap.now == 2
    finally:
        gate.opened.set()
        await worker.stop()
    loops = [task for task in asyncio.all_tasks() if task.get_name().startswith("rowlock-")]
    assert loops == []


async def test_stopping_twice_is_harmless(app):
    """C24."""
    async with working(app) as worker:
        assert await worker.stop() == 0
        assert await worker.stop() == 0
        assert not worker.is_running


async def test_stopping_what_was_never_started_is_harmless(app):
    """C24."""
    worker = Worker(app)
    assert await worker.stop() == 0
    assert not worker.is_running


async def test_stopping_at_the_same_time_is_harmless(app):
    """C24."""
    async with working(app) as worker:
        first, second = await asyncio.gather(worker.stop(), worker.stop())
    assert (first, second) == (0, 0)


async def test_a_stopped_worker_can_be_started_again(app):
    """C27."""
    definition = greeting(app)
    worker = Worker(app)
    for _ in range(3):
        await worker.start()
        await finished(app, definition.enqueue())
        assert await worker.stop() == 0
        assert not worker.is_running


async def test_a_worker_stopped_while_it_starts_claims_nothing(app, gate):
    """C28."""
    task = gate.hold.enqueue()
    worker = Worker(app)
    starting = asyncio.create_task(worker.start())
    await asyncio.sleep(0)
    assert await worker.stop(grace=0) == 0
    await starting
    assert not worker.is_running
    assert app.get_task(task).attempt == 0


async def test_a_start_that_is_cancelled_claims_nothing(app, gate):
    """C28."""
    task = gate.hold.enqueue()
    running = asyncio.create_task(Worker(app).arun())
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert app.get_task(task).attempt == 0


async def test_stopping_waits_for_what_runs(app, gate):
    """C25, C133."""
    ids = gate.hold.enqueue_many([{}] * 3)
    async with working(app) as worker:
        await begun(gate, 3)
        stopping = asyncio.create_task(worker.stop(grace=20))
        await asyncio.sleep(0.05)
        assert not stopping.done()
        gate.opened.set()
        assert await stopping == 0
    assert [app.get_task(task).state for task in ids] == [TaskState.SUCCEEDED] * 3
    assert gate.ended == ["finished"] * 3


def test_a_stop_waits_thirty_seconds_unless_told_otherwise():
    """Seed 004: shutdown waits at most 30 s for running tasks."""
    assert inspect.signature(Worker).parameters["grace"].default == timedelta(seconds=30)


async def test_a_stopping_worker_claims_no_more(app, gate):
    ids = gate.hold.enqueue_many([{}] * 4)
    async with working(app, concurrency=2) as worker:
        await begun(gate, 2)
        worker.request_stop()
        gate.opened.set()
        assert await worker.stop() == 0
    assert [app.get_task(task).state.value for task in ids] == ["succeeded"] * 2 + ["queued"] * 2


async def test_what_exceeds_the_grace_is_handed_back_uncharged(app, gate):
    """C133."""
    task = gate.hold.enqueue()
    async with working(app) as worker:
        await begun(gate, 1)
        assert await worker.stop(grace=0.05) == 1
    found = app.get_task(task)
    assert (found.state, found.crashes, gate.ended) == (TaskState.QUEUED, 0, ["canceled"])
    assert [run.outcome for run in app.attempts(task)] == ["handed_back"]
    gate.opened.set()
    assert await Worker(app).arun_once() == 1
    assert app.get_task(task).state is TaskState.SUCCEEDED


async def test_handing_back_never_uses_up_the_attempts(app, gate):
    task = gate.hold.options(max_attempts=1).enqueue()
    for number in (1, 2, 3):
        async with working(app) as worker:
            await begun(gate, number)
            assert await worker.stop(grace=0) == 1
    assert app.get_task(task).state is TaskState.QUEUED


async def test_a_hurry_hands_back_before_the_grace_is_over(app, gate):
    gate.hold.enqueue()
    async with working(app, grace="1h") as worker:
        await begun(gate, 1)
        stopping = asyncio.create_task(worker.stop())
        await asyncio.sleep(0.05)
        worker.request_hurry()
        assert await asyncio.wait_for(stopping, 10) == 1


async def test_a_thread_that_does_not_end_is_handed_back(app):
    started, release = threading.Event(), threading.Event()

    @app.task
    def block(ctx: Context) -> bool:
        started.set()
        release.wait(30)
        return ctx.canceled

    task = block.enqueue()
    async with working(app) as worker:
        await until(started.is_set)
        began = time.monotonic()
        assert await worker.stop(grace=0.05) == 1
        assert time.monotonic() - began < 5
    release.set()
    assert app.get_task(task).state is TaskState.QUEUED


async def test_a_thread_is_told_to_stop(app):
    """C50."""
    started, told = threading.Event(), threading.Event()

    @app.task
    def block(ctx: Context) -> None:
        started.set()
        for _ in range(3_000):
            if ctx.canceled:
                told.set()
                return
            time.sleep(0.01)

    block.enqueue()
    async with working(app) as worker:
        await until(started.is_set)
        await worker.stop(grace=0.05)
        await until(told.is_set)


async def test_a_handler_that_swallows_its_cancellation_is_handed_back(app):
    started, release = asyncio.Event(), asyncio.Event()

    @app.task
    async def stubborn() -> str:
        started.set()
        while not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                continue
        return "late"

    task = stubborn.enqueue()
    async with working(app) as worker:
        await asyncio.wait_for(started.wait(), 10)
        assert await worker.stop(grace=0) == 1
        assert app.get_task(task).state is TaskState.QUEUED
        release.set()
    assert app.get_task(task).state is TaskState.QUEUED


async def test_running_once_while_it_runs_is_refused(app):
    async with working(app) as worker:
        with pytest.raises(InvalidValueError) as refused:
            await worker.arun_once()
    assert refused.value.field == "worker"


async def test_a_worker_can_run_once_again_and_again(app):
    definition, worker = greeting(app), Worker(app)
    definition.enqueue()
    assert await worker.arun_once() == 1
    definition.enqueue()
    assert await worker.arun_once() == 1


@pytest.mark.parametrize("backend", SERVERS, indirect=True)
async def test_a_worker_without_its_tables_does_not_start(opened):
    worker = Worker(opened(prefix="absent_"))
    with pytest.raises(SchemaMissingError):
        await worker.start()
    assert not worker.is_running
    assert await worker.stop() == 0


async def test_cancelling_the_run_hands_its_tasks_back(app, gate):
    task = gate.hold.enqueue()
    running = asyncio.create_task(Worker(app).arun())
    await begun(gate, 1)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    found = app.get_task(task)
    assert (found.state, found.crashes) == (TaskState.QUEUED, 0)


async def test_nothing_of_a_stopped_worker_stays_behind(app):
    before = {thread.name for thread in threading.enumerate()}
    app.task(alias="sync")(lambda: None).enqueue()
    async with working(app) as worker:
        await until(lambda: app.list_tasks(states=("succeeded",)))
        await worker.stop()
    assert [task.get_name() for task in asyncio.all_tasks() if "rowlock" in task.get_name()] == []

    def left() -> set[str]:
        names = {thread.name for thread in threading.enumerate()} - before
        return {name for name in names if "storage" not in name}

    await until(lambda: not left())


async def test_a_drain_that_is_cancelled_hands_its_tasks_back(app, gate):
    task = gate.hold.enqueue()
    running = asyncio.create_task(Worker(app).arun_once())
    await begun(gate, 1)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert (app.get_task(task).state, app.get_task(task).crashes) == (TaskState.QUEUED, 0)


async def test_a_grace_given_to_stop_holds_for_that_stop_only(app, gate):
    gate.hold.enqueue()
    worker = Worker(app, grace=20)
    await worker.start()
    await begun(gate, 1)
    assert await worker.stop(grace=0) == 1
    await worker.start()
    await begun(gate, 2)
    stopping = asyncio.create_task(worker.stop())
    await asyncio.sleep(0.05)
    gate.opened.set()
    assert await stopping == 0
