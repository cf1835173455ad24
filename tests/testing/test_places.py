"""An app on memory, and an app in a transaction that is rolled back."""

from __future__ import annotations

import pytest

from rowlock import AsyncRowlock, Rowlock, TaskState
from rowlock.errors import InvalidValueError, StorageUnavailableError
from rowlock.testing import (
    aall_enqueued,
    aassert_enqueued,
    adrain,
    arefute_enqueued,
    assert_enqueued,
    clock,
    drain,
    in_transaction,
    inline,
    on_memory,
    run_task,
)
from tests.app.steps import is_empty
from tests.transactions.kinds import of_each_async_kind, of_each_kind


def test_an_app_works_in_memory_and_its_own_database_is_not_touched():
    with Rowlock("postgresql://nobody@127.0.0.1:1/none", namespace="shop", migrate=False) as app:

        @app.task
        def greet(name: str) -> str:
            return f"hello {name}"

        with on_memory(app) as same:
            assert same is app
            assert run_task(app, greet, {"name": "Ada"}).result == "hello Ada"
            assert [task.namespace for task in app.list_tasks()] == ["shop"]
        with on_memory(app):
            assert app.list_tasks() == []
            assert app.list_queues() == []
        with pytest.raises(StorageUnavailableError):
            app.list_tasks()


def test_an_app_that_is_in_use_comes_back_as_it_was(app):
    @app.task
    def greet() -> None: ...

    kept = greet.enqueue()
    app.register_queue("default", max_attempts=9)
    with on_memory(app), clock(app) as time:
        assert greet.enqueue().max_attempts != 9
        assert greet.enqueue().created_at == time.now
    assert app.list_tasks() == [app.get_task(kept)]
    assert greet.enqueue().max_attempts == 9


async def test_an_async_app_works_in_memory():
    async with AsyncRowlock("mysql://nobody@127.0.0.1:1/none") as app:

        @app.task
        async def greet(name: str) -> str:
            return f"hello {name}"

        with on_memory(app):
            await greet.aenqueue("Ada")
            assert [run.result for run in await adrain(app)] == ["hello Ada"]


@of_each_kind
def test_nothing_stays_of_a_transaction_that_is_rolled_back(app, backend, begin):
    @app.task
    def greet(name: str) -> str:
        return f"hello {name}"

    app.core.open()
    with begin(backend.url) as caller, in_transaction(app, caller.transaction):
        greet.options(queue="letters").enqueue("Ada")
        greet.options(delay="1h").enqueue_many([{"name": "Bob"}, {"name": "Eve"}])
        assert_enqueued(app, greet, count=3)
        runs = drain(app, with_scheduled=True)
        assert [run.result for run in runs] == ["hello Ada", "hello Bob", "hello Eve"]
        assert app.get_task(runs[0].task).state.is_final
        caller.rollback()
    assert is_empty(app)
    storage = app.core.storage
    storage.tallier.append()
    assert storage.runner.read(storage.tallies.read_tallies, app.core.namespace) == {}
    assert app.list_queues() == []
    assert greet.enqueue("Ada").state is TaskState.QUEUED


@of_each_kind
def test_handlers_join_the_transaction_too(app, backend, begin):
    @app.task
    def outer() -> None:
        inner.enqueue()

    @app.task
    def inner() -> str:
        return "inner"

    app.core.open()
    with begin(backend.url) as caller, in_transaction(app, caller.transaction), inline(app):
        assert outer.enqueue().state is TaskState.SUCCEEDED
        assert [task.result for task in assert_enqueued(app, inner)] == ["inner"]
        caller.rollback()
    assert is_empty(app)


@of_each_async_kind
async def test_an_async_app_joins_an_async_transaction(backend, begin):
    async with AsyncRowlock(backend.url) as app:

        @app.task
        async def greet(name: str) -> str:
            return f"hello {name}"

        await app.migrate()
        async with begin(backend.url) as caller:
            with in_transaction(app, caller.transaction):
                await greet.aenqueue("Ada")
                await aassert_enqueued(app, "greet", {"name": "Ada"})
                assert [one.payload for one in await aall_enqueued(app)] == [{"name": "Ada"}]
                assert [run.result for run in await adrain(app)] == ["hello Ada"]
                await caller.rollback()
        await arefute_enqueued(app)
        assert await app.list_queues() == []


def test_what_is_no_transaction_is_refused_and_nothing_is_stored(memory_app):
    with in_transaction(memory_app, object()), pytest.raises(InvalidValueError) as refused:
        memory_app.enqueue(None, 1)
    assert refused.value.field == "transaction"
    assert memory_app.list_tasks() == []
