"""One worker for many queues: nearly all are empty, and none has to wait for that."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from rowlock import Worker
from rowlock.errors import StorageUnavailableError
from rowlock.model.queues import Share
from rowlock.runtime.rota import FEW_QUEUES
from rowlock.worker.source import StorageSource
from rowlock.worker.taking import Taking
from tests.support.backends import DURABLE, sql_plan
from tests.worker.steps import finished, run, until, working

QUEUES = [f"q{number:03}" for number in range(300)]


def test_all_that_waits_is_run_whatever_its_queue(app):
    ran: list[str] = []

    @app.task
    def note(queue: str) -> None:
        ran.append(queue)

    busy = QUEUES[::15]
    for queue in busy:
        note.options(queue=queue).enqueue_many({"queue": queue} for _ in range(3))
    assert Worker(app, QUEUES, concurrency=4).run_once() == 60
    assert Counter(ran) == dict.fromkeys(busy, 3)


async def test_what_comes_to_any_queue_is_started(app):
    @app.task
    def note() -> None:
        pass

    async with working(app, QUEUES, concurrency=4):
        for queue in (QUEUES[0], QUEUES[150], QUEUES[-1]):
            [task] = await finished(app, note.options(queue=queue).enqueue())
            assert task.queue == queue


async def test_no_queue_runs_more_than_its_share(app):
    running: Counter[str] = Counter()
    most: Counter[str] = Counter()

    @app.task
    async def note(queue: str) -> None:
        running[queue] += 1
        most[queue] = max(most[queue], running[queue])
        await asyncio.sleep(0.02)
        running[queue] -= 1

    limits = {queue: 1 + number % 2 for number, queue in enumerate(QUEUES)}
    few = QUEUES[:4]
    tasks = [note.options(queue=queue).enqueue(queue) for queue in few for _ in range(6)]
    async with working(app, limits, concurrency=20):
        await finished(app, *tasks)
    assert most == {queue: limits[queue] for queue in few}


async def test_a_queue_that_is_always_full_starves_no_other(app):
    @app.task
    async def again(left: int) -> None:
        if left:
            await asyncio.to_thread(again.options(queue="q000").enqueue, left - 1)

    @app.task
    async def note() -> None:
        pass

    for _ in range(10):
        again.options(queue="q000").enqueue(1_000)
    async with working(app, QUEUES, concurrency=2) as worker:
        await until(lambda: worker.recorded > 5)
        await finished(app, note.options(queue="q299").enqueue())


@pytest.mark.parametrize("backend", DURABLE, indirect=True)
async def test_each_claim_has_the_lease_of_its_queue(app):
    @app.task
    def note() -> None:
        pass

    leases = {"short": 5, "long": 50, "other": 5}
    for queue, seconds in leases.items():
        app.register_queue(queue, lease=f"{seconds}s")
        note.options(queue=queue).enqueue()
    storage, policies = app.core.storage, app.core.policies
    storage.runner.run(policies.refresh, storage, tuple(leases))
    source = StorageSource(storage, app.core.namespace, "me", policies, None)
    claims = await source.claim([Share(queue, 3) for queue in leases], 9)
    given = {one.queue: round((one.lease_until - one.started_at).total_seconds()) for one in claims}
    assert given == leases


async def test_nine_queues_are_many(app):
    """The same as with few, at the edge between the two ways of asking."""

    @app.task
    def note() -> None:
        pass

    for count in (FEW_QUEUES, FEW_QUEUES + 1):
        queues = QUEUES[:count]
        tasks = [note.options(queue=queue).enqueue() for queue in queues]
        async with working(app, queues, concurrency=3):
            assert {task.queue for task in await finished(app, *tasks)} == set(queues)


@pytest.mark.parametrize("backend", DURABLE, indirect=True)
async def test_a_claim_from_many_whose_answer_was_lost_is_found_again(app, monkeypatch):
    ran: list[str] = []

    @app.task
    def note(queue: str) -> None:
        ran.append(queue)

    for queue in QUEUES[:10]:
        note.options(queue=queue).enqueue(queue)
    ask = Taking._ask
    lost: list[int] = []

    async def lose_the_first(self, request, *given):
        answer = await ask(self, request, *given)
        if not lost and answer[1]:
            lost.append(len(answer[1]))
            self._unconfirmed.append(request.token)
            raise StorageUnavailableError("the connection broke", outcome_unknown=True)
        return answer

    monkeypatch.setattr(Taking, "_ask", lose_the_first)
    async with working(app, QUEUES, concurrency=5):
        await until(lambda: len(ran) == 10)
    assert (sorted(ran), lost) == (QUEUES[:10], [5])
    assert {task.crashes for task in app.list_tasks()} == {0}


def test_two_busy_queues_take_turns_on_one_slot(app):
    ran: list[str] = []

    @app.task
    def note(queue: str) -> None:
        ran.append(queue)

    for queue in ("a", "b"):
        note.options(queue=queue).enqueue_many({"queue": queue} for _ in range(6))
    Worker(app, ["a", "b"], concurrency=1).run_once()
    assert ran[:4] in (["a", "b"] * 2, ["b", "a"] * 2)


@pytest.mark.parametrize("queues", [["a", "b"], [*QUEUES, "a", "b"]], ids=["few", "many"])
async def test_what_may_crash_the_worker_once_more_runs_alone_whatever_others_have(app, queues):
    running: set[str] = set()
    beside: set[str] = set()

    async def held(name: str) -> None:
        running.add(name)
        await asyncio.sleep(0.05)
        if "suspect" in running:
            beside.update(running)
        running.discard(name)

    @app.task
    async def suspect() -> None:
        await held("suspect")

    @app.task
    async def other(number: int) -> None:
        await held(f"other {number}")

    task = suspect.options(queue="b", max_crashes=3).enqueue()
    run(app, sql_plan, "UPDATE rowlock_task SET crashes = 2 WHERE id = :id", {"id": task.id})
    others = [other.options(queue="a").enqueue(number) for number in range(20)]
    async with working(app, queues, concurrency=4):
        await finished(app, task, *others)
    assert beside == {"suspect"}
