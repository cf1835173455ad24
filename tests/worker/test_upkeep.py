"""What every worker does for all: prune, expire, rescue; and what survives an outage."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta

import psycopg
import pymysql
import pytest

from rowlock import Context, TaskState, Worker
from rowlock.errors import StorageUnavailableError
from rowlock.model.changes import NOBODY
from rowlock.ops import queue_deletion
from rowlock.ops.upkeep import EXPIRE, RESCUE_REACH, Duty
from rowlock.worker import upkeep as upkeeping
from rowlock.worker.upkeep import Upkeep, prune
from tests.app.steps import count, greeting
from tests.support.backends import DURABLE
from tests.support.databases import mysql_options
from tests.worker.steps import finished, run, until, working


def upkeep(app) -> Upkeep:
    app.core.open()
    return Upkeep(app.core.storage, amnesty=timedelta(0))


async def test_what_is_past_the_retention_of_its_queue_is_pruned_with_all_its_parts(app):
    """C100, C143."""

    @app.task(retry="immediate", max_attempts=2)
    def work(ctx: Context, text: str) -> None:
        ctx.log.info("working")
        raise ValueError

    gone = work.options(queue="brief").enqueue("x" * 5_000)
    kept = work.options(queue="long").enqueue("x" * 5_000)
    waiting = work.options(queue="brief", delay="1h").enqueue("waits")
    await Worker(app, queues=["brief", "long"]).arun_once()
    app.register_queue("brief", retention=0)
    await prune(app.core.storage)
    assert {task.id for task in app.list_tasks()} == {kept.id, waiting.id}
    assert [count(app, table) for table in ("payload", "attempt", "log")] == [1, 1, 2]
    assert gone.id not in {task.id for task in app.list_tasks(include_deleted=True)}


async def test_more_than_one_batch_is_expired_and_pruned_in_one_go(app):
    """C121."""
    app.enqueue_many(None, range(1_200), lifetime="1us")
    duties = upkeep(app)
    await duties._expire()
    assert (count(app, "task"), count(app, "history")) == (0, 1_200)
    app.register_queue("default", retention=0)
    await prune(app.core.storage)
    assert count(app, "history") == 0


async def test_every_namespace_is_looked_after(app):
    storage = app.core.storage
    run(app, storage.queues.ensure_queue, "theirs", "emails")
    task = app.enqueue(None, 1)
    app.cancel(task)
    app.register_queue("default", retention=0)
    await prune(app.core.storage)
    assert count(app, "history") == 0


async def test_a_duty_is_done_by_one_of_many(app):
    duties = [upkeep(app) for _ in range(4)]
    taken = await asyncio.gather(*(one._take(EXPIRE) for one in duties))
    assert sorted(taken) == [False, False, False, True]


async def test_a_queue_whose_deletion_was_interrupted_goes(app, monkeypatch):
    monkeypatch.setattr(queue_deletion, "BATCH", 2)
    app.enqueue_many(None, range(5), queue="trial")
    app.cancel(app.list_tasks(queue="trial")[0])
    kept = app.enqueue(None, 1)
    start, storage = queue_deletion.start_deletion, app.core.storage
    run(app, start, storage, "default", "trial", force=False, by=NOBODY)
    await upkeep(app).round()
    assert [queue.name for queue in app.list_queues()] == ["default"]
    assert app.list_tasks(include_deleted=True) == [app.get_task(kept)]


async def test_the_deletion_of_a_queue_goes_on_where_it_stopped(app, monkeypatch):
    monkeypatch.setattr(queue_deletion, "BATCH", 2)
    monkeypatch.setattr(upkeeping, "MOST_DELETING_SECONDS", 0.0)
    app.enqueue_many(None, range(5), queue="trial")
    storage, duties = app.core.storage, upkeep(app)
    start = queue_deletion.start_deletion
    _, deletion = run(app, start, storage, "default", "trial", force=False, by=NOBODY)
    await duties._delete_queues()
    assert len(app.list_tasks(queue="trial")) == 5
    stopped = run(app, queue_deletion.purge_batch, storage, duties._purges[deletion])
    assert (stopped.after is None, len(app.list_tasks(queue="trial"))) == (False, 3)
    duties._purges[deletion] = stopped
    monkeypatch.setattr(upkeeping, "MOST_DELETING_SECONDS", 30.0)
    await duties._delete_queues()
    assert (app.list_queues(), duties._purges) == ([], {})


async def test_expired_tasks_of_all_queues_are_moved(app):
    """C111."""
    tasks = [app.enqueue(None, 1, queue=queue, lifetime="1ms") for queue in ("a", "b")]
    await until(lambda: all(app.get_task(task).state is TaskState.EXPIRED for task in tasks))
    await upkeep(app).round()
    assert (count(app, "task"), count(app, "history")) == (0, 2)


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_a_file_that_somebody_locks_for_a_while_only_delays(app, backend):
    definition = greeting(app)
    async with working(app):
        await finished(app, definition.enqueue())
        task = definition.enqueue_many([{}] * 5)[-1]
        path = backend.url.removeprefix("sqlite:///")
        with closing(sqlite3.connect(path, isolation_level=None, timeout=10)) as other:
            other.execute("BEGIN IMMEDIATE")
            await asyncio.sleep(1.5)
            other.execute("ROLLBACK")
        [found] = await finished(app, task)
        later = definition.enqueue()
        await finished(app, later)
    assert (found.state, found.attempt) == (TaskState.SUCCEEDED, 1)


@pytest.fixture
def shaken(backend):
    """A server whose connections are killed; the tests' own are made anew afterwards."""
    yield backend.url
    backend.read(backend.storage.queues.list_queues, None)


def kill_connections(url: str) -> None:
    """End every other connection to the database, as a restart of the server would."""
    if url.startswith("postgres"):
        with closing(psycopg.connect(url, autocommit=True)) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        return
    with closing(pymysql.connect(**mysql_options(url))) as connection:
        cursor = connection.cursor()
        cursor.execute(
            "SELECT id FROM information_schema.processlist "
            "WHERE db = database() AND id <> connection_id()"
        )
        for (number,) in cursor.fetchall():
            with suppress(pymysql.err.OperationalError):  # it has ended by itself
                cursor.execute(f"KILL {int(number)}")


@pytest.mark.parametrize("backend", ["postgres", "mariadb"], indirect=True)
async def test_a_worker_survives_the_loss_of_its_connections(app, shaken):
    definition = greeting(app)
    release = asyncio.Event()

    @app.task
    async def hold() -> str:
        await release.wait()
        return "held"

    held = hold.enqueue()
    async with working(app):
        await until(lambda: app.get_task(held).state is TaskState.RUNNING)
        for _ in range(3):
            kill_connections(shaken)
            await finished(app, definition.enqueue())
        kill_connections(shaken)
        release.set()
        [found] = await finished(app, held)
    assert (found.result, found.attempt, found.crashes) == ("held", 1, 0)


def enqueue_surely(app, number: int) -> None:
    """Enqueue again as long as it is said that nothing was stored."""
    while True:
        try:
            app.enqueue(None, number)
        except StorageUnavailableError as error:
            if error.outcome_unknown:
                raise
        else:
            return


@pytest.mark.parametrize("backend", ["postgres", "mariadb"], indirect=True)
async def test_enqueueing_under_the_loss_of_connections_stores_once(app, shaken):
    app.enqueue(None, -1)
    stopping = threading.Event()

    def kill() -> None:
        while not stopping.wait(0.1):
            kill_connections(shaken)

    def produce() -> int:
        for number in range(60):
            enqueue_surely(app, number)
        return 60

    thread = threading.Thread(target=kill)
    thread.start()
    try:
        stored = await asyncio.to_thread(produce)
    finally:
        stopping.set()
        thread.join()
    assert count(app, "task") == stored + 1


@pytest.mark.parametrize("backend", DURABLE, indirect=True)
def test_a_worker_that_drains_finds_what_another_process_enqueued(app, opened):
    greeting(app)
    other = opened()
    greeting(other).enqueue_many([{}] * 30)
    assert Worker(app).run_once() == 30


ONCE_MORE = Duty("rescue_again", timedelta(0))


def lost_long_ago(app):
    app.enqueue(None, 1, max_crashes=10)
    [task] = app.claim("gone")
    end_leases, long_ago = app.core.storage.upkeep.end_leases, datetime(2020, 1, 1, tzinfo=UTC)
    run(app, end_leases, "default", "gone", now=long_ago)
    return task.id


@pytest.mark.parametrize("backend", ["postgres"], indirect=True)
async def test_all_leases_are_looked_at_first_and_now_and_then(app, monkeypatch):
    """In between, those that ran out since anybody looked."""
    monkeypatch.setattr(upkeeping, "RESCUE", ONCE_MORE)
    duties, late = upkeep(app), upkeep(app)
    await duties.round()
    task = lost_long_ago(app)
    await duties.round()
    assert app.get_task(task).state is TaskState.RUNNING
    await late.round()
    assert app.get_task(task).state is TaskState.QUEUED

    task = lost_long_ago(app)
    await duties.round()
    assert app.get_task(task).state is TaskState.RUNNING
    monkeypatch.setattr(upkeeping, "RESCUE_ALL", Duty("rescue_more", timedelta(0)))
    await duties.round()
    assert app.get_task(task).state is TaskState.QUEUED


@pytest.mark.parametrize("backend", ["postgres"], indirect=True)
async def test_what_was_lost_while_nobody_looked_is_taken_back(app, monkeypatch):
    monkeypatch.setattr(upkeeping, "RESCUE", ONCE_MORE)
    duties = upkeep(app)
    await duties.round()
    task = lost_long_ago(app)
    duties._rescued_at = -timedelta(days=3650).total_seconds()
    await duties.round()
    assert app.get_task(task).state is TaskState.QUEUED


@pytest.mark.parametrize("backend", ["postgres"], indirect=True)
@pytest.mark.parametrize(
    ("spares", "state"), [(False, TaskState.RUNNING), (True, TaskState.QUEUED)]
)
async def test_who_sees_somebody_rescue_looks_back_to_that_unless_it_spares_holders(
    app, monkeypatch, spares, state
):
    duties, other = upkeep(app), upkeep(app)
    await other.round()
    await duties.round(rescue=not spares)
    task = lost_long_ago(app)
    monkeypatch.setattr(upkeeping, "RESCUE", ONCE_MORE)
    await duties.round()
    assert app.get_task(task).state is state


@pytest.mark.parametrize("backend", ["postgres"], indirect=True)
async def test_a_backlog_of_lost_tasks_is_taken_back_however_long_that_takes(app, monkeypatch):
    monkeypatch.setattr(upkeeping, "RESCUE_LIMIT", 1)
    long_ago = lost_long_ago(app)
    app.enqueue(None, 1)
    [task] = app.claim("gone too")
    run(app, app.core.storage.upkeep.end_leases, "default", "gone too")
    await upkeeping.rescue_lost(app.core.storage, reach=RESCUE_REACH)
    assert {app.get_task(one).state for one in (long_ago, task.id)} == {TaskState.QUEUED}
