"""Async drivers and Django wake workers with the commit, and share nothing before it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import closing

import aiomysql
import asyncmy
import asyncpg
import psycopg
import pytest
from asyncmy.cursors import DictCursor as AsyncmyDictCursor

from rowlock import Worker
from rowlock.errors import StorageDataError, StorageUnavailableError
from tests.app.steps import count, greeting, is_empty
from tests.support.backends import DURABLE
from tests.transactions.callers import async_mysql_options, django_connection
from tests.transactions.kinds import of_each_async_kind

ON_POSTGRES = pytest.mark.parametrize("backend", ["postgres"], indirect=True)
ON_MARIADB = pytest.mark.parametrize("backend", ["mariadb"], indirect=True)
SILENCE_SECONDS = 0.3
PATIENCE_SECONDS = 5.0

Hear = Callable[[float], list[str]]


@pytest.fixture
def hear(backend) -> Iterator[Hear]:
    """Waits for a wake-up, at most so long."""
    with closing(psycopg.connect(backend.url, autocommit=True)) as connection:
        connection.execute("LISTEN rowlock_wake")
        yield lambda seconds: [
            notice.payload for notice in connection.notifies(timeout=seconds, stop_after=1)
        ]


@ON_POSTGRES
async def test_asyncpg_wakes_with_its_commit_alone(app, backend, hear):
    """C146."""
    definition = greeting(app)
    connection = await asyncpg.connect(backend.url)
    transaction = connection.transaction()
    await transaction.start()
    await definition.options(transaction=connection).aenqueue()
    await transaction.rollback()
    assert await asyncio.to_thread(hear, SILENCE_SECONDS) == []
    async with connection.transaction():
        await definition.options(queue="emails", transaction=connection).aenqueue_many([{}] * 600)
        assert await asyncio.to_thread(hear, SILENCE_SECONDS) == []
    assert await asyncio.to_thread(hear, PATIENCE_SECONDS) == ["default emails"]
    await connection.close()
    assert count(app, "task") == 600


@of_each_async_kind
async def test_a_task_goes_with_the_async_callers_own_rows(app, backend, begin):
    backend.execute("CREATE TABLE IF NOT EXISTS caller_order (number integer)")
    backend.execute("DELETE FROM caller_order")
    definition = greeting(app)
    await definition.aenqueue()
    async with begin(backend.url) as caller:
        options = definition.options(transaction=caller.transaction)
        await caller.execute("INSERT INTO caller_order VALUES (1)")
        await options.aenqueue()
        await caller.rollback()
        await caller.execute("INSERT INTO caller_order VALUES (2)")
        await options.aenqueue()
        await caller.commit()
    assert [row[0] for row in backend.execute("SELECT number FROM caller_order").rows] == [2]
    assert count(app, "task") == 2


@of_each_async_kind
async def test_what_was_committed_by_async_code_runs(app, backend, begin):
    name = "Ada \\ % ' \" 雪"
    async with begin(backend.url) as caller:
        options = greeting(app).options(transaction=caller.transaction, tags=["a", "b"])
        task = await options.aenqueue(name, times=1)
        await caller.commit()
    assert await Worker(app).arun_once() == 1
    assert app.get_task(task).result == f"hello {name}"


@ON_POSTGRES
async def test_a_savepoint_of_asyncpg_takes_its_tasks_back(app, backend):
    connection = await asyncpg.connect(backend.url)
    options = greeting(app).options(transaction=connection)
    async with connection.transaction():
        await options.aenqueue("kept")
        savepoint = connection.transaction()
        await savepoint.start()
        await options.aenqueue("gone")
        await savepoint.rollback()
    await connection.close()
    assert [task.payload["name"] for task in app.list_tasks()] == ["kept"]


@ON_POSTGRES
async def test_an_error_of_asyncpg_is_told_in_our_words(app, backend):
    connection = await asyncpg.connect(backend.url)
    async with connection.transaction():
        runner = await app.core.storage.enlist_async(connection)
        with pytest.raises(StorageDataError):
            await runner.run(app.core.storage.queues.ensure_queue, "default", "\0")
    await connection.close()


@ON_POSTGRES
async def test_a_broken_connection_of_asyncpg_is_told_in_our_words(app, backend):
    connection = await asyncpg.connect(backend.url)
    definition = greeting(app)
    await definition.aenqueue()
    await connection.transaction().start()
    pid = await connection.fetchval("SELECT pg_backend_pid()")
    backend.execute("SELECT pg_terminate_backend(:pid)", pid=pid)
    with pytest.raises(StorageUnavailableError):
        await definition.options(transaction=connection).aenqueue()
    connection.terminate()


@ON_MARIADB
@pytest.mark.parametrize(
    ("connect", "made"),
    [
        pytest.param(aiomysql.connect, {"cursorclass": aiomysql.DictCursor}, id="aiomysql"),
        pytest.param(asyncmy.connect, {"cursor_cls": AsyncmyDictCursor}, id="asyncmy"),
    ],
)
async def test_rows_of_the_async_callers_own_making_do_not_matter(app, backend, connect, made):
    async with connect(**async_mysql_options(backend.url), **made) as caller:
        options = greeting(app).options(unique="key", transaction=caller)
        await options.aenqueue()
        assert not (await options.aenqueue_if_not_exists())[1]
        await caller.commit()
    assert count(app, "task") == 1


@pytest.mark.parametrize("backend", DURABLE, indirect=True)
def test_django_calls_this_process_after_its_commit(app, backend):
    called: list[object] = []
    unsubscribe = app.core.storage.wakeups.subscribe(lambda *what: called.append(what))
    with django_connection(backend.url) as caller:
        app.enqueue(None, 1, queue="gone", transaction=caller.transaction)
        caller.rollback()
        app.enqueue(None, 1, queue="emails", transaction=caller.transaction)
        app.enqueue_many(None, [1, 2], queue="many", transaction=caller.transaction)
        before = set(called)
        caller.commit()
        assert {("default", "emails"), ("default", "many")} <= set(called) - before
    unsubscribe()
    assert ("default", "gone") not in called
    assert not is_empty(app)
