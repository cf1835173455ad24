"""Tasks that are claimed before there is a slot: held, never begun too soon, given back."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from rowlock import Context, TaskState, Worker
from rowlock.errors import InvalidValueError
from rowlock.model.ids import new_token
from rowlock.model.tasks import Claim
from rowlock.plan import BEGIN, Plan
from rowlock.storage.contract import ClaimRequest
from rowlock.storage.storage import Storage
from tests.app.steps import greeting
from tests.worker.steps import FUTURE, Overlap, finished, run, until, working

AHEAD = 5


@pytest.fixture
def gate(app) -> asyncio.Event:
    """A definition `hold()` whose handlers wait until the gate is set."""
    gate = asyncio.Event()

    @app.task
    async def hold() -> None:
        await gate.wait()

    return gate


def running(app) -> int:
    return int(app.count(states=("running",)).count)


def states(app, ids) -> list[TaskState]:
    return [app.get_task(task).state for task in ids]


@pytest.mark.parametrize(("slots", "ahead"), [(1, 3), (2, 100), (5, 1)])
def test_what_is_held_never_runs_beyond_the_slots(app, slots, ahead):
    overlap = Overlap()

    @app.task
    async def nap() -> None:
        overlap.enter()
        await asyncio.sleep(0)
        overlap.leave()

    app.enqueue_many("nap", [{}] * 60)
    assert Worker(app, concurrency=slots, prefetch=ahead).run_once() == 60
    assert (overlap.most, overlap.now) == (slots, 0)


def test_the_slots_of_a_queue_hold_and_no_queue_waits_for_another(app):
    overlaps = {"emails": Overlap(), "reports": Overlap()}

    @app.task
    async def slow(ctx: Context) -> None:
        overlaps[ctx.task.queue].enter()
        await asyncio.sleep(0.01)
        overlaps[ctx.task.queue].leave()

    for queue in overlaps:
        slow.options(queue=queue).enqueue_many([{}] * 20)
    worker = Worker(app, queues={"emails": 3, "reports": 1}, prefetch=10)
    assert worker.run_once() == 40
    assert {queue: overlap.most for queue, overlap in overlaps.items()} == {
        "emails": 3,
        "reports": 1,
    }


def test_tasks_of_a_queue_start_in_the_order_of_their_claims(app):
    seen: list[int] = []

    @app.task
    def note(number: int) -> None:
        seen.append(number)

    app.enqueue_many("note", [{"number": number} for number in range(100)])
    Worker(app, concurrency=1, prefetch=30).run_once()
    assert seen == list(range(100))


async def test_so_many_are_held_and_their_leases_go_on(app, gate):
    app.register_queue("default", lease="1s")
    app.enqueue_many("hold", [{}] * 20)
    async with working(app, concurrency=1, prefetch=AHEAD):
        await until(lambda: running(app) == 1 + AHEAD)
        await asyncio.sleep(2.5)  # well beyond the lease
        storage = app.core.storage
        rescue = storage.upkeep.rescue_tasks
        assert storage.runner.run(rescue, grace=timedelta(0), limit=100) == []
        assert running(app) == 1 + AHEAD
        gate.set()
        await until(lambda: app.count(states=("succeeded",)).count == 20)


async def test_a_stop_gives_back_at_once_what_has_not_begun(app, gate):
    ids = app.enqueue_many("hold", [{}] * 4)
    async with working(app, concurrency=1, prefetch=AHEAD) as worker:
        await until(lambda: running(app) == 4)
        worker.request_stop()
        await until(lambda: running(app) == 1)
        assert states(app, ids) == [TaskState.RUNNING] + [TaskState.QUEUED] * 3
        assert [app.get_task(task).attempt for task in ids] == [1, 0, 0, 0]
        gate.set()
        await finished(app, ids[0])


async def test_what_is_canceled_while_it_waits_never_runs(app, gate):
    ran: list[str] = []
    app.task(alias="note")(lambda: ran.append("note"))
    app.register_queue("default", lease="1s")
    app.enqueue("hold")
    waits = app.enqueue("note")
    async with working(app, concurrency=1, prefetch=AHEAD):
        await until(lambda: running(app) == 2)
        app.cancel(waits.id)
        await asyncio.sleep(1.0)  # heard of with the next heartbeat
        gate.set()
        [task] = await finished(app, waits)
    assert task.state is TaskState.CANCELED
    assert ran == []


def taken_over(storage: Storage) -> Plan[list[Claim]]:
    """Rescue what runs and claim it elsewhere, before its worker can hear of it."""
    yield BEGIN
    yield from storage.upkeep.rescue_tasks(grace=timedelta(0), limit=100, now=FUTURE)
    request = ClaimRequest(
        namespace="default",
        queue="default",
        worker="elsewhere",
        token=new_token(),
        limit=100,
        lease=timedelta(minutes=1),
    )
    return (yield from storage.claims.claim_tasks(request))


async def test_what_is_lost_while_it_waits_is_left_to_who_has_it(app):
    """It may begin before its worker has heard of that, and then its outcome is not recorded."""
    heard = asyncio.Event()

    @app.task
    async def hold() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            heard.set()

    greet = greeting(app)
    app.register_queue("default", lease="1s")
    app.enqueue("hold")
    waits = greet.enqueue()
    async with working(app, concurrency=1, prefetch=1):
        await until(lambda: running(app) == 2)
        assert len(run(app, taken_over, app.core.storage)) == 2
        await until(heard.is_set)
        await asyncio.sleep(0.2)
        task = app.get_task(waits.id)
    assert (task.state, task.worker) == (TaskState.RUNNING, "elsewhere")


def test_a_limit_of_tasks_counts_what_is_claimed_and_all_of_it_runs(app):
    greeting(app).enqueue_many([{}] * 30)
    worker = Worker(app, concurrency=2, prefetch=50, max_tasks=7)
    assert worker.run_once() == 7
    assert app.count(states=("queued",)).count == 23


@pytest.mark.parametrize("wrong", [-1, 1.5, "5", True])
def test_a_number_that_is_none_is_refused(app, wrong):
    with pytest.raises(InvalidValueError, match="prefetch"):
        Worker(app, prefetch=wrong)
