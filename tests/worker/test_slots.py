"""How many handlers run at once, in which order, and from which queues."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from rowlock import Context, TaskState, Worker
from tests.app.steps import greeting
from tests.support.backends import sql_plan
from tests.worker.steps import Overlap, finished, run, until, working


@pytest.fixture
def overlap(app):
    """A definition `nap(seconds)` and what is known of its runs."""
    overlap = Overlap()

    @app.task
    async def nap(seconds: float = 0.02) -> None:
        overlap.enter()
        await asyncio.sleep(seconds)
        overlap.leave()

    @app.task
    def doze(seconds: float = 0.02) -> None:
        with lock:
            overlap.enter()
        time.sleep(seconds)
        with lock:
            overlap.leave()

    lock = threading.Lock()
    return overlap


@pytest.mark.parametrize("kind", ["nap", "doze"])
def test_a_limit_of_three_runs_five_in_two_rounds(app, overlap, kind):
    """C21, C131."""
    ids = app.enqueue_many(kind, [{"seconds": 0.1}] * 5)
    worker = Worker(app, concurrency=3)
    assert worker.run_once() == 5
    assert overlap.starts[-1] - overlap.starts[0] < 0.35
    assert (overlap.most, overlap.now) == (3, 0)
    assert {app.get_task(task).state for task in ids} == {TaskState.SUCCEEDED}


@pytest.mark.parametrize("kind", ["nap", "doze"])
def test_never_more_than_the_limit_overlap(app, overlap, kind):
    """C22."""
    app.enqueue_many(kind, [{}] * 10)
    assert Worker(app, concurrency=2).run_once() == 10
    assert overlap.most == 2


def test_the_limit_of_one_queue_holds_among_others(app):
    """C136."""
    overlaps = {"emails": Overlap(), "reports": Overlap()}

    @app.task
    async def slow(ctx: Context) -> None:
        overlaps[ctx.task.queue].enter()
        await asyncio.sleep(0.05)
        overlaps[ctx.task.queue].leave()

    for queue in overlaps:
        slow.options(queue=queue).enqueue_many([{}] * 12)
    assert Worker(app, queues={"emails": 5, "reports": 1}).run_once() == 24
    assert {queue: overlap.most for queue, overlap in overlaps.items()} == {
        "emails": 5,
        "reports": 1,
    }


def test_ten_run_at_once_by_default(app, overlap):
    app.enqueue_many("nap", [{"seconds": 0.1}] * 25)
    assert Worker(app).run_once() == 25
    assert overlap.most == 10


def test_the_limit_of_all_holds_over_the_limits_of_queues(app, overlap):
    app.enqueue_many("nap", [{}] * 8, queue="emails")
    app.enqueue_many("nap", [{}] * 8, queue="reports")
    worker = Worker(app, queues={"emails": 5, "reports": 5}, concurrency=3)
    assert worker.run_once() == 16
    assert overlap.most == 3


def test_serial_mode_runs_one_after_the_other_in_one_pass(app, overlap):
    """C20."""
    app.enqueue_many("nap", [{"seconds": 0.05}] * 3)
    assert Worker(app, concurrency=1).run_once() == 3
    assert overlap.most == 1
    assert min(b - a for a, b in zip(overlap.starts, overlap.starts[1:], strict=False)) >= 0.04


def test_serial_mode_starts_in_the_order_of_creation(app):
    """C6, C148."""
    seen: list[int] = []
    app.task(alias="note")(seen_by(seen))
    app.enqueue_many("note", [{"number": number} for number in range(60)])
    for number in range(60, 65):
        app.enqueue("note", {"number": number})
    Worker(app, concurrency=1).run_once()
    assert seen == list(range(65))


def test_serial_mode_keeps_the_order_of_each_queue(app):
    """C148."""
    seen: dict[str, list[int]] = {"a": [], "b": [], "c": []}

    @app.task
    def note(ctx: Context, number: int) -> None:
        seen[ctx.task.queue].append(number)

    for number in range(30):
        for queue in seen:
            note.options(queue=queue).enqueue(number)
    assert Worker(app, queues=list(seen), concurrency=1).run_once() == 90
    assert list(seen.values()) == [list(range(30))] * 3


def seen_by(seen: list[int]):
    def note(number: int) -> None:
        seen.append(number)

    return note


@pytest.mark.parametrize(("slots", "largest"), [(100, 100), (300, 150)])
def test_many_slots_are_filled_by_halves(app, slots, largest):
    """While one half runs, the other is claimed; each claim has a token of its own."""
    greeting(app).enqueue_many([{}] * 300)
    assert Worker(app, concurrency=slots).run_once() == 300
    by_claim = "SELECT count(*) FROM rowlock_history GROUP BY token"
    assert max(count for (count,) in run(app, sql_plan, by_claim).rows) == largest


def test_higher_priority_runs_first_and_equal_ones_in_order(app):
    """C134."""
    seen: list[int] = []
    app.task(alias="note")(seen_by(seen))
    for priority in (1, 10, 5, 10):
        app.enqueue("note", {"number": priority * 100 + len(app.list_tasks())}, priority=priority)
    Worker(app, concurrency=1).run_once()
    assert seen == [1001, 1003, 502, 100]


def test_a_worker_of_one_queue_leaves_the_others(app, overlap):
    """C8."""
    app.enqueue_many("nap", [{}] * 3, queue="a")
    rest = app.enqueue_many("nap", [{}] * 3, queue="b")
    assert Worker(app, queues=["a"]).run_once() == 3
    assert [app.get_task(task).state for task in rest] == [TaskState.QUEUED] * 3


def test_the_default_worker_runs_what_was_enqueued_without_a_queue(app, overlap):
    """C5."""
    app.enqueue("nap", {}, queue="")
    assert Worker(app).run_once() == 1


def test_an_empty_queue_gives_nothing_and_no_error(app, overlap):
    """C9, C98."""
    assert Worker(app).run_once() == 0


def test_a_drain_takes_what_tasks_enqueue_meanwhile(app):
    @app.task
    def chain(left: int) -> None:
        if left:
            chain.enqueue(left - 1)

    chain.enqueue(5)
    assert Worker(app).run_once() == 6


def test_a_drain_leaves_what_is_due_later(app):
    task = greeting(app).options(delay="1h").enqueue()
    assert Worker(app).run_once() == 0
    assert app.get_task(task).state is TaskState.SCHEDULED


def test_two_workers_run_each_task_once(app, overlap):
    """C7, C97."""
    app.enqueue_many("nap", [{"seconds": 0.001}] * 100)

    async def both() -> list[int]:
        workers = [Worker(app, concurrency=5) for _ in range(5)]
        return await asyncio.gather(*(worker.arun_once() for worker in workers))

    assert sum(asyncio.run(both())) == 100
    assert len(overlap.starts) == 100


async def test_stopping_the_worker_of_one_queue_leaves_the_other_running(app):
    """C31."""
    definition = greeting(app)
    async with working(app, ["a"]) as first, working(app, ["b"]) as second:
        await first.stop()
        task = definition.options(queue="b").enqueue()
        await finished(app, task)
        assert (first.is_running, second.is_running) == (False, True)


async def test_a_busy_queue_does_not_starve_another(app):
    release = asyncio.Event()

    @app.task
    async def hold() -> None:
        await release.wait()

    quick = greeting(app)
    hold.options(queue="slow").enqueue_many([{}] * 20)
    async with working(app, {"slow": 2, "fast": 1}):
        done = await finished(app, *[quick.options(queue="fast").enqueue() for _ in range(5)])
        release.set()
    assert len(done) == 5


async def test_a_paused_queue_gives_nothing_until_it_is_resumed(app):
    """C10."""
    definition = greeting(app)
    app.register_queue("default")
    app.pause_queue("default")
    task = definition.enqueue()
    other = definition.options(queue="other").enqueue()
    async with working(app, ["default", "other"]):
        await finished(app, other)
        assert app.get_task(task).state is TaskState.QUEUED
        app.resume_queue("default")
        await finished(app, task)


async def test_a_pause_does_not_touch_what_runs(app):
    release, started = asyncio.Event(), asyncio.Event()

    @app.task
    async def hold() -> str:
        started.set()
        await release.wait()
        return "held"

    task = hold.enqueue()
    async with working(app):
        await asyncio.wait_for(started.wait(), 10)
        app.pause_queue("default")
        release.set()
        [found] = await finished(app, task)
    assert found.result == "held"


async def test_canceled_and_scheduled_tasks_are_not_run(app):
    """C10, C108."""
    definition = greeting(app)
    canceled, later = definition.enqueue(), definition.options(delay="1h").enqueue()
    app.cancel(canceled)
    async with working(app):
        await finished(app, definition.enqueue())
    assert app.get_task(canceled).attempt == app.get_task(later).attempt == 0


async def test_a_claim_is_seen_at_once(app):
    """C12."""
    release = asyncio.Event()

    @app.task
    async def hold() -> None:
        await release.wait()

    task = hold.enqueue()
    async with working(app, worker_id="me"):
        found = await until(lambda: (t := app.get_task(task)).state is TaskState.RUNNING and t)
        assert (found.worker, found.attempt) == ("me", 1)
        assert found.started_at is not None
        assert found.lease_until > found.started_at
        release.set()
        await finished(app, task)
