"""A handler that settles its task through a connection, session or engine of its own."""

from __future__ import annotations

from typing import Any

import asyncpg
import psycopg
import pytest
import sqlalchemy
from django.db.transaction import atomic
from sqlalchemy.ext.asyncio import create_async_engine

from rowlock import AsyncRowlock, Context, TaskState, Worker
from rowlock.errors import InvalidValueError, LeaseLostError, StorageUnavailableError
from tests.app.steps import greeting
from tests.support.backends import DURABLE, SERVERS
from tests.transactions.callers import alchemy_url, django_database
from tests.transactions.effects import insert, insertion, run
from tests.transactions.kinds import ASYNC, SYNC

DRIVERS = {"sqlite": "pysqlite", "postgresql": "psycopg", "mysql": "pymysql"}
ASYNC_DRIVERS = {"sqlite": "aiosqlite", "postgresql": "asyncpg", "mysql": "asyncmy"}
BREAKING = {
    "postgresql": "SELECT pg_terminate_backend(pg_backend_pid())",
    "mysql": "KILL CONNECTION_ID()",
}
ON_POSTGRES = pytest.mark.parametrize("backend", ["postgres"], indirect=True)
ON_DURABLE = pytest.mark.parametrize("backend", DURABLE, indirect=True)


def without_blocks(kinds: list[Any]) -> list[Any]:
    """The kinds that have a commit of their own, and not a block that commits."""
    return [
        one
        for one in kinds
        if not one.id.endswith("django") and one.id not in {"asyncpg", "asyncpg-pool"}
    ]


of_each_kind = pytest.mark.parametrize(
    ("backend", "begin"), without_blocks(SYNC), indirect=["backend"]
)
of_each_async_kind = pytest.mark.parametrize(
    ("backend", "begin"), without_blocks(ASYNC), indirect=["backend"]
)


def driver_of(url: str, drivers: dict[str, str]) -> str:
    return drivers[url.partition("://")[0]]


@of_each_kind
def test_what_was_given_is_committed_with_the_task_or_not_at_all(app, backend, begin, effects):
    def work(ctx: Context) -> None:
        with begin(backend.url) as caller:
            with ctx.transaction(caller.transaction) as tx:
                assert tx.connection is caller.transaction
                caller.execute(insertion(ctx.attempt))
                if ctx.attempt == 1:
                    raise ValueError("not yet")
                tx.result = ctx.attempt
            caller.rollback()

    task = run(app, work, retry="immediate", max_attempts=2)
    assert (task.state, task.result, effects()) == (TaskState.SUCCEEDED, 2, [2])


@of_each_kind
def test_a_lost_claim_takes_back_what_was_given(app, backend, begin, effects):
    raised: list[type[BaseException]] = []

    def work(ctx: Context) -> None:
        app.cancel(ctx.task.id, force=True)
        with begin(backend.url) as caller:
            try:
                with ctx.transaction(caller.transaction):
                    caller.execute(insertion(1))
            except BaseException as error:
                raised.append(type(error))
                raise

    task = run(app, work)
    assert (raised, effects(), task.state) == ([LeaseLostError], [], TaskState.CANCELED)


@ON_DURABLE
def test_an_engine_of_sqlalchemy_opens_a_connection(app, backend, effects):
    engine = sqlalchemy.create_engine(
        alchemy_url(backend.url, driver_of(backend.url, DRIVERS)), poolclass=sqlalchemy.NullPool
    )
    follow_up = greeting(app, queue="other")

    def work(ctx: Context) -> None:
        with ctx.transaction(engine) as tx:
            tx.connection.execute(sqlalchemy.text(insertion(ctx.attempt)))
            follow_up.enqueue(str(ctx.attempt))
            if ctx.attempt == 1:
                raise ValueError("not yet")

    task = run(app, work, retry="immediate", max_attempts=2)
    assert (task.state, effects()) == (TaskState.SUCCEEDED, [2])
    assert [one.payload["name"] for one in app.list_tasks(queue="other")] == ["2"]


@ON_DURABLE
def test_django_opens_its_own_block(app, backend, effects):
    def work(ctx: Context) -> None:
        with django_database(backend.url) as connection:
            with atomic(), pytest.raises(InvalidValueError, match="leave it to"):
                ctx.transaction(connection).__enter__()
            with ctx.transaction(connection) as tx:
                insert(tx.connection, ctx.attempt)
                if ctx.attempt == 1:
                    raise ValueError("not yet")

    task = run(app, work, retry="immediate", max_attempts=2)
    assert (task.state, effects()) == (TaskState.SUCCEEDED, [2])


@of_each_async_kind
async def test_async_code_gives_its_own(app, backend, begin, effects):
    @app.task(retry="immediate", max_attempts=2)
    async def work(ctx: Context) -> None:
        async with begin(backend.url) as caller:
            async with ctx.transaction(caller.transaction) as tx:
                await caller.execute(insertion(ctx.attempt))
                await follow_up.aenqueue(str(ctx.attempt))
                if ctx.attempt == 1:
                    raise ValueError("not yet")
                tx.result = ctx.attempt
            await caller.rollback()

    follow_up = greeting(app, queue="other")
    task = work.enqueue()
    assert await Worker(app).arun_once() == 2
    task = app.get_task(task)
    assert (task.state, task.result, effects()) == (TaskState.SUCCEEDED, 2, [2])
    assert [one.payload["name"] for one in app.list_tasks(queue="other")] == ["2"]


@of_each_async_kind
async def test_a_lost_claim_takes_back_what_async_code_gave(app, backend, begin, effects):
    @app.task
    async def work(ctx: Context) -> None:
        app.cancel(ctx.task.id, force=True)
        async with begin(backend.url) as caller, ctx.transaction(caller.transaction):
            await caller.execute(insertion(1))

    task = work.enqueue()
    assert await Worker(app).arun_once() == 0
    assert (effects(), app.get_task(task).state) == ([], TaskState.CANCELED)


@ON_DURABLE
async def test_an_async_engine_of_sqlalchemy_opens_a_connection(app, backend, effects):
    engine = create_async_engine(
        alchemy_url(backend.url, driver_of(backend.url, ASYNC_DRIVERS)),
        poolclass=sqlalchemy.NullPool,
    )

    @app.task
    async def work(ctx: Context) -> None:
        async with ctx.transaction(engine) as tx:
            await tx.connection.execute(sqlalchemy.text(insertion(1)))

    task = work.enqueue()
    assert await Worker(app).arun_once() == 1
    assert (app.get_task(task).state, effects()) == (TaskState.SUCCEEDED, [1])
    await engine.dispose()


@ON_POSTGRES
async def test_asyncpg_opens_its_own_block(app, backend, effects):
    refused: list[str] = []

    @app.task
    async def work(ctx: Context) -> None:
        connection = await asyncpg.connect(backend.url)
        try:
            async with connection.transaction():
                with pytest.raises(InvalidValueError) as caught:
                    await ctx.transaction(connection).__aenter__()
                refused.append(caught.value.problem)
            async with ctx.transaction(connection) as tx:
                await tx.connection.execute(insertion(1))
        finally:
            await connection.close()

    task = work.enqueue()
    assert await Worker(app).arun_once() == 1
    assert (app.get_task(task).state, effects()) == (TaskState.SUCCEEDED, [1])
    assert "leave it to ctx.transaction()" in refused[0]


@ON_POSTGRES
async def test_async_code_has_a_connection_of_our_own(backend, app, effects):
    @app.task(retry="immediate", max_attempts=2)
    async def work(ctx: Context) -> None:
        async with ctx.transaction() as tx:
            assert isinstance(tx.connection, psycopg.AsyncConnection)
            await tx.connection.execute(insertion(ctx.attempt).encode())
            await follow_up.aenqueue()
            if ctx.attempt == 1:
                await tx.connection.execute("NONSENSE")

    follow_up = greeting(app, queue="other")
    task = work.enqueue()
    assert await Worker(app).arun_once() == 2
    assert (app.get_task(task).state, effects()) == (TaskState.SUCCEEDED, [2])
    assert len(app.list_tasks(queue="other")) == 1


@pytest.mark.parametrize("backend", ["memory", "sqlite", "mariadb"], indirect=True)
async def test_where_our_driver_is_sync_async_code_is_told_to_give_its_own(backend):
    async with AsyncRowlock(backend.url) as app:

        @app.task(max_attempts=1)
        async def work(ctx: Context) -> None:
            async with ctx.transaction():
                pass

        task = await work.aenqueue()
        await Worker(app).arun_once()
        failed = await app.get_task(task)
        assert failed.error is not None
        assert "give an async connection" in failed.error.message


@ON_DURABLE
def test_a_transaction_that_the_block_has_ended_itself_is_told(app, effects):
    def work(ctx: Context) -> None:
        with ctx.transaction() as tx:
            tx.connection.commit()

    task = run(app, work, max_attempts=1)
    assert task.state is TaskState.FAILED
    assert task.error is not None
    assert "autocommit" in task.error.message


@of_each_async_kind
def test_an_async_one_is_refused_by_a_sync_block(app, backend, begin):
    async def work(ctx: Context) -> None:
        async with begin(backend.url) as caller:
            with ctx.transaction(caller.transaction):
                pass

    task = run(app, work, max_attempts=1)
    assert task.error is not None
    assert "async ones need the async methods" in task.error.message


@of_each_kind
def test_a_sync_one_is_refused_by_an_async_block_and_left_as_it_is(app, backend, begin, effects):
    async def work(ctx: Context) -> None:
        with begin(backend.url) as caller:
            caller.execute(insertion(1))
            try:
                async with ctx.transaction(caller.transaction):
                    pass
            finally:
                caller.commit()

    task = run(app, work, max_attempts=1)
    assert task.error is not None
    assert "async ones need the async methods" in task.error.message
    assert effects() == [1]


@pytest.mark.parametrize("backend", SERVERS, indirect=True)
def test_a_connection_of_our_own_that_broke_is_not_used_again(app, backend, effects):
    end_connection = BREAKING[backend.url.partition("://")[0]]
    raised: list[BaseException] = []

    def work(ctx: Context) -> None:
        try:
            with ctx.transaction() as tx:
                insert(tx.connection, ctx.attempt)
                if ctx.attempt < 3:
                    tx.connection.cursor().execute(end_connection)
        except BaseException as error:
            raised.append(error)
            raise

    task = run(app, work, retry="immediate", max_attempts=3)
    assert (task.state, effects()) == (TaskState.SUCCEEDED, [3])
    assert len(raised) == 2
    assert not [error for error in raised if isinstance(error, StorageUnavailableError)]
