"""How soon an idle worker starts what comes: by a hint at once, without one within the poll."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from rowlock import Backoff, RetryPolicy, Task, TaskState
from tests.app.steps import greeting
from tests.support.backends import DURABLE
from tests.worker.steps import finished, until, working

IDLE_SECONDS = 0.3

PRODUCE = """
import sys, time
from rowlock import Rowlock
app = Rowlock(sys.argv[1])
app.list_queues()
sys.stdin.readline()
for _ in range(3):
    app.enqueue("send_greeting", {})
print(time.time(), flush=True)
app.close()
"""


async def idle(app) -> None:
    """Wait until the worker has looked around and sleeps."""
    await asyncio.sleep(IDLE_SECONDS)


def seconds(start: datetime | None, end: datetime | None) -> float:
    assert start is not None
    assert end is not None
    return (end - start).total_seconds()


def delay_of(task: Task) -> float:
    return seconds(task.created_at, task.started_at)


async def test_an_idle_worker_starts_a_task_of_its_own_process_at_once(app):
    """C115, C140."""
    definition = greeting(app)
    async with working(app):
        await idle(app)
        [found] = await finished(app, definition.enqueue())
    assert delay_of(found) < 1


async def test_an_idle_worker_hardly_looks(app, monkeypatch):
    """C140: given an empty queue, polling stops, but for what the engine needs."""
    looks: list[float] = []
    app.core.open()
    claims, wakeups = app.core.storage.claims, app.core.storage.wakeups
    claim_tasks = claims.claim_tasks

    def counted(*args, **given):
        looks.append(time.monotonic())
        return claim_tasks(*args, **given)

    monkeypatch.setattr(claims, "claim_tasks", counted)
    definition = greeting(app)
    async with working(app):
        await finished(app, definition.enqueue())
        await asyncio.sleep(2 * IDLE_SECONDS + sum(wakeups.second_looks))
        looks.clear()
        await asyncio.sleep(2.0)
        # A look that finds nothing may be repeated over the whole line.
        assert len(looks) <= 2 * (2.0 / (0.8 * wakeups.poll_seconds) + 1)
        await finished(app, definition.enqueue())


@pytest.mark.parametrize("backend", DURABLE, indirect=True)
async def test_an_idle_worker_starts_a_task_of_another_connection_within_a_second(app, opened):
    """C115."""
    greeting(app)
    other = opened()
    async with working(app):
        await idle(app)
        [found] = await finished(app, other.enqueue("send_greeting"))
    assert delay_of(found) < 1


@pytest.mark.parametrize("backend", DURABLE, indirect=True)
async def test_an_idle_worker_starts_tasks_of_another_process_within_a_second(app, backend):
    """C115."""
    greeting(app)
    producer = subprocess.Popen(  # noqa: ASYNC220 - it is started before anything runs
        [sys.executable, "-c", PRODUCE, backend.url],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    async with working(app):
        await idle(app)
        printed, _ = await asyncio.to_thread(producer.communicate, "go\n", 60)
        await until(lambda: len(app.list_tasks(states=("succeeded",))) == 3)
    assert float(printed) > 0
    assert all(delay_of(task) < 1 for task in app.list_tasks())


@pytest.mark.parametrize("backend", ["postgres"], indirect=True)
async def test_a_worker_that_only_polls_starts_a_task_within_the_poll(opened):
    """C115: given notify lost, within the poll period."""
    app, other = opened(listen_url=""), opened()
    greeting(app)
    assert app.core.storage.wakeups.poll_seconds <= 1
    async with working(app):
        await idle(app)
        [found] = await finished(app, other.enqueue("send_greeting"))
    assert delay_of(found) < 1


@pytest.mark.parametrize("backend", ["postgres", "mariadb"], indirect=True)
async def test_a_worker_that_only_polls_asks_no_more_than_it_must(opened, backend, monkeypatch):
    listening = {"listen_url": ""} if backend.url.startswith("postgres") else {}
    app = opened(poll="500ms", **listening)
    greeting(app)
    app.core.open()
    asked: list[str] = []
    bind = app.core.storage.catalog.bind

    def counted(name, /, **given):
        asked.append(name)
        return bind(name, **given)

    monkeypatch.setattr(app.core.storage.catalog, "bind", counted)
    async with working(app):
        await asyncio.sleep(1.5)
        asked.clear()
        await asyncio.sleep(3.0)
    counts = Counter(asked)
    assert 4 <= counts["claim_tasks"] + counts["lock_claimable"] <= 9
    assert 1 <= counts["next_due"] <= 4


@pytest.mark.parametrize("backend", ["postgres"], indirect=True)
async def test_a_task_whose_hint_was_lost_starts_within_the_poll(app, backend):
    """C115."""
    definition = greeting(app)
    definition.enqueue()
    copy_of_a_task = """
        INSERT INTO rowlock_task (id, namespace, queue, definition, state, priority, run_at,
            max_attempts, max_crashes, payload, created_at)
        SELECT gen_random_uuid(), namespace, queue, definition, 'queued', 0, clock_timestamp(),
            1, 1, '{}', clock_timestamp()
        FROM rowlock_history RETURNING id"""
    async with working(app):
        await until(lambda: app.list_tasks(states=("succeeded",)))
        await idle(app)
        with psycopg.connect(backend.url) as connection:
            [[task_id]] = connection.execute(copy_of_a_task).fetchall()
        [found] = await finished(app, task_id)
    assert delay_of(found) < app.core.storage.wakeups.poll_seconds * 1.2 + 1


async def test_a_delayed_task_starts_on_time(app):
    """C108."""
    definition = greeting(app)
    async with working(app):
        await idle(app)
        task = definition.options(delay=0.7).enqueue()
        assert task.state is TaskState.SCHEDULED
        [found] = await finished(app, task)
    assert 0 <= seconds(found.run_at, found.started_at) < 0.5


@pytest.mark.parametrize("backend", DURABLE, indirect=True)
async def test_a_delayed_task_of_another_process_starts_on_time(app, opened):
    greeting(app)
    other = opened()
    async with working(app):
        await idle(app)
        task = other.enqueue("send_greeting", {}, delay=0.7)
        [found] = await finished(app, task)
    assert 0 <= seconds(found.run_at, found.started_at) < 1


async def test_a_retry_starts_on_time(app):
    runs = []
    half = RetryPolicy(backoff=Backoff.FIXED, base=timedelta(seconds=0.5), jitter=False)

    @app.task(retry=half)
    def flaky() -> None:
        runs.append(time.monotonic())
        if len(runs) == 1:
            raise ValueError

    async with working(app):
        await finished(app, flaky.enqueue())
    assert 0.45 <= runs[1] - runs[0] < 1.5


async def test_a_freed_slot_is_filled_at_once(app):
    @app.task
    async def nap() -> None:
        await asyncio.sleep(0.01)

    began = datetime.now(UTC)
    ids = nap.enqueue_many([{}] * 40)
    async with working(app, concurrency=2):
        found = await finished(app, *ids)
    assert max(seconds(began, task.finished_at) for task in found) < 5


async def test_a_task_that_expires_before_it_starts_is_never_run(app):
    """C111."""
    definition = greeting(app)
    task = definition.options(lifetime="100ms").enqueue()
    await until(lambda: app.get_task(task).state is TaskState.EXPIRED)
    async with working(app):
        await finished(app, definition.enqueue())
        await until(lambda: app.get_task(task).finished_at)
    assert app.stats()[0].counts[TaskState.EXPIRED] == 1
    found = app.get_task(task)
    assert (found.state, found.reason, found.attempt) == (TaskState.EXPIRED, "lifetime", 0)
    assert app.list_tasks(states=("expired",)) == [found]


async def test_a_lifetime_bounds_the_first_start_only(app):
    release = asyncio.Event()

    @app.task(lifetime="300ms")
    async def hold() -> str:
        await release.wait()
        return "held"

    task = hold.enqueue()
    async with working(app):
        await until(lambda: app.get_task(task).state is TaskState.RUNNING)
        await asyncio.sleep(0.4)
        assert app.get_task(task).state is TaskState.RUNNING
        release.set()
        [found] = await finished(app, task)
    assert found.result == "held"
