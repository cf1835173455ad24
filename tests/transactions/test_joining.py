"""Enqueueing inside the caller's own transaction."""

from __future__ import annotations

import pytest

from rowlock import TaskState, Worker
from rowlock.errors import DuplicateTaskError, IdConflictError, PayloadError
from rowlock.model.ids import new_task_id
from tests.app.steps import count, greeting, is_empty
from tests.transactions.kinds import of_each_async_kind, of_each_kind

LARGE = "x" * 5_000


@of_each_kind
def test_a_commit_makes_the_task_visible(app, backend, begin):
    with begin(backend.url) as caller:
        task = greeting(app).options(transaction=caller.transaction).enqueue("Ada")
        assert app.list_tasks() == []
        caller.commit()
    assert app.get_task(task) == task
    assert task.state is TaskState.QUEUED


@of_each_kind
def test_a_rollback_leaves_nothing(app, backend, begin):
    """C146."""
    with begin(backend.url) as caller:
        greeting(app).options(transaction=caller.transaction).enqueue(LARGE)
        caller.rollback()
    assert is_empty(app)


@of_each_kind
def test_a_transaction_that_is_never_committed_leaves_nothing(app, backend, begin):
    with begin(backend.url) as caller:
        app.enqueue(None, LARGE, transaction=caller.transaction)
    assert is_empty(app)


@of_each_kind
def test_a_task_goes_with_the_callers_own_rows(app, backend, begin):
    backend.execute("CREATE TABLE IF NOT EXISTS caller_order (number integer)")
    backend.execute("DELETE FROM caller_order")
    definition = greeting(app)
    definition.enqueue()
    with begin(backend.url) as caller:
        caller.execute("INSERT INTO caller_order VALUES (1)")
        definition.options(transaction=caller.transaction).enqueue()
        caller.rollback()
        caller.execute("INSERT INTO caller_order VALUES (2)")
        definition.options(transaction=caller.transaction).enqueue()
        caller.commit()
    assert [row[0] for row in backend.execute("SELECT number FROM caller_order").rows] == [2]
    assert count(app, "task") == 2


@of_each_kind
def test_the_callers_transaction_stays_open_and_its_own(app, backend, begin):
    definition = greeting(app)
    with begin(backend.url) as caller:
        first = definition.options(transaction=caller.transaction).enqueue()
        second = definition.options(transaction=caller.transaction).enqueue(LARGE)
        caller.commit()
        definition.options(transaction=caller.transaction).enqueue()
        caller.rollback()
    assert {task.id for task in app.list_tasks()} == {first.id, second.id}


@of_each_kind
def test_many_can_join(app, backend, begin):
    with begin(backend.url) as caller:
        options = greeting(app).options(transaction=caller.transaction)
        options.enqueue_many({"name": str(number)} for number in range(2_500))
        caller.rollback()
        assert is_empty(app)
        ids = options.enqueue_many({"name": str(number)} for number in range(2_500))
        caller.commit()
    assert count(app, "task") == len(ids) == 2_500


@of_each_kind
def test_what_makes_many_may_use_the_callers_connection(app, backend, begin):
    with begin(backend.url) as caller:

        def names():
            for number in range(2_500):
                if number % 1_000 == 0:
                    caller.execute("SELECT 1")
                yield {"name": LARGE if number == 5 else str(number)}

        ids = greeting(app).options(transaction=caller.transaction).enqueue_many(names())
        caller.commit()
    assert count(app, "task") == len(ids) == 2_500
    assert app.get_task(ids[5]).payload == {"name": LARGE}


@of_each_kind
def test_a_unique_key_holds_inside(app, backend, begin):
    definition = greeting(app)
    definition.enqueue()
    with begin(backend.url) as caller:
        joined = definition.options(unique="key", transaction=caller.transaction)
        holder = joined.enqueue()
        assert joined.enqueue_if_not_exists() == (holder, False)
        with pytest.raises(DuplicateTaskError) as refused:
            joined.enqueue()
        caller.commit()
    assert refused.value.task_id == holder.id
    assert definition.options(unique="key").enqueue_if_not_exists() == (holder, False)


@of_each_kind
def test_a_unique_key_of_a_transaction_that_was_rolled_back_is_free(app, backend, begin):
    with begin(backend.url) as caller:
        app.enqueue(None, 1, unique="key", transaction=caller.transaction)
        caller.rollback()
    assert app.enqueue_if_not_exists(None, 1, unique="key")[1]


@of_each_kind
def test_a_given_id_is_the_same_task_inside(app, backend, begin):
    task_id = new_task_id()
    with begin(backend.url) as caller:
        first = app.enqueue(None, LARGE, id=task_id, transaction=caller.transaction)
        assert app.enqueue(None, LARGE, id=task_id, transaction=caller.transaction) == first
        with pytest.raises(IdConflictError):
            app.enqueue(None, "other", id=task_id, transaction=caller.transaction)
        caller.commit()
    assert app.enqueue(None, LARGE, id=task_id) == first


@of_each_kind
def test_a_refused_payload_leaves_the_transaction_usable(app, backend, begin):
    with begin(backend.url) as caller:
        with pytest.raises(PayloadError):
            app.enqueue(None, float("nan"), transaction=caller.transaction)
        app.enqueue(None, 1, transaction=caller.transaction)
        caller.commit()
    assert count(app, "task") == 1


@of_each_kind
def test_what_was_committed_runs(app, backend, begin):
    with begin(backend.url) as caller:
        task = greeting(app).options(transaction=caller.transaction).enqueue("Ada")
        caller.commit()
    assert Worker(app).run_once() == 1
    assert app.get_task(task).result == "hello Ada"


@of_each_async_kind
async def test_an_async_commit_makes_the_task_visible(app, backend, begin):
    async with begin(backend.url) as caller:
        task = await greeting(app).options(transaction=caller.transaction).aenqueue("Ada")
        assert app.list_tasks() == []
        await caller.commit()
    assert app.get_task(task) == task


@of_each_async_kind
async def test_an_async_rollback_leaves_nothing(app, backend, begin):
    """C146."""
    async with begin(backend.url) as caller:
        await greeting(app).options(transaction=caller.transaction).aenqueue(LARGE)
        await caller.rollback()
    assert is_empty(app)


@of_each_async_kind
async def test_many_can_join_an_async_transaction(app, backend, begin):
    definition = greeting(app)
    arguments = [{"name": str(number)} for number in range(2_500)]
    async with begin(backend.url) as caller:
        options = definition.options(transaction=caller.transaction)
        await options.aenqueue_many(arguments)
        await caller.rollback()
        assert is_empty(app)
        await options.aenqueue_many(arguments)
        await caller.commit()
    assert count(app, "task") == 2_500


@of_each_async_kind
async def test_keys_and_ids_work_in_an_async_transaction(app, backend, begin):
    task_id = new_task_id()
    async with begin(backend.url) as caller:
        given = {"unique": "key", "id": task_id, "transaction": caller.transaction}
        options = greeting(app).options(**given)
        first = await options.aenqueue("Ada")
        assert await options.aenqueue("Ada") == first
        assert await options.aenqueue_if_not_exists("Ada") == (first, False)
        await caller.commit()
    assert app.list_tasks() == [first]
