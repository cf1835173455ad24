"""A handler that settles its task in its own transaction, on each engine."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from rowlock import Context, Rowlock, Snooze, TaskState, Worker
from rowlock.definitions.joining import transaction_to_join
from rowlock.errors import InvalidValueError, LeaseLostError
from tests.app.steps import count, greeting
from tests.transactions.effects import insert, run


def test_effect_and_completion_are_one(app, effects):
    def work(ctx: Context) -> None:
        with ctx.transaction() as tx:
            insert(tx.connection)
            ctx.log.info("inserted")
            ctx.progress(50, "half")
            tx.result = {"inserted": 1}

    task = run(app, work)
    assert (task.state, task.result, task.attempt) == (TaskState.SUCCEEDED, {"inserted": 1}, 1)
    assert (task.progress, task.progress_message) == (100, "half")
    assert [line.message for line in app.task_log(task)] == ["inserted"]
    assert effects() == [1]


def test_a_settled_task_counts_as_recorded(app):
    @app.task
    def work(ctx: Context) -> None:
        with ctx.transaction():
            pass

    work.enqueue_many([{}] * 3)
    assert Worker(app).run_once() == 3


def test_an_error_in_the_block_takes_the_effect_back(app, effects):
    def work(ctx: Context) -> None:
        with ctx.transaction() as tx:
            insert(tx.connection, ctx.attempt)
            if ctx.attempt == 1:
                raise ValueError("not yet")

    task = run(app, work, retry="immediate", max_attempts=2)
    assert (task.state, task.attempt) == (TaskState.SUCCEEDED, 2)
    assert effects() == [2]
    assert [one.outcome for one in app.attempts(task)] == ["failed", "succeeded"]


def test_the_drivers_own_error_reaches_the_handler(app, effects):
    caught: list[str] = []

    def work(ctx: Context) -> None:
        try:
            with ctx.transaction() as tx:
                insert(tx.connection)
                tx.connection.cursor().execute("INSERT INTO nowhere VALUES (1)")
        except Exception as error:
            caught.append(type(error).__module__)
            raise

    task = run(app, work, max_attempts=1)
    assert task.state is TaskState.FAILED
    assert caught[0].split(".")[0] in {"sqlite3", "psycopg", "pymysql"}
    assert effects() == []


def test_what_comes_after_the_block_is_logged_and_not_recorded(app, effects, caplog):
    def work(ctx: Context) -> None:
        with ctx.transaction() as tx:
            insert(tx.connection)
        raise ValueError("too late")

    with caplog.at_level(logging.ERROR):
        task = run(app, work)
    assert (task.state, task.attempt, effects()) == (TaskState.SUCCEEDED, 1, [1])
    assert "after it was settled" in caplog.text
    assert "too late" in caplog.text


def test_what_is_returned_after_the_block_is_told_to_be_lost(app, caplog):
    def work(ctx: Context) -> int:
        with ctx.transaction():
            return 5

    with caplog.at_level(logging.WARNING):
        task = run(app, work)
    assert (task.state, task.result) == (TaskState.SUCCEEDED, None)
    assert "set result in the block" in caplog.text


def test_a_lost_claim_takes_the_effect_back(app, effects):
    raised: list[type[BaseException]] = []

    def work(ctx: Context) -> None:
        app.cancel(ctx.task.id, force=True)
        try:
            with ctx.transaction() as tx:
                insert(tx.connection)
        except BaseException as error:
            raised.append(type(error))
            raise

    task = app.task(alias="work")(work).enqueue()
    worker = Worker(app)
    assert worker.run_once() == 0
    assert (raised, effects()) == ([LeaseLostError], [])
    assert app.get_task(task).state is TaskState.CANCELED


def test_enqueues_in_the_block_join_it(app, effects):
    follow_up = greeting(app, queue="other")

    def work(ctx: Context) -> None:
        with ctx.transaction() as tx:
            insert(tx.connection, ctx.attempt)
            follow_up.enqueue("automatic")
            follow_up.options(transaction=tx).enqueue("told")
            follow_up.enqueue_many([{"name": "one"}, {"name": "two"}])
            if ctx.attempt == 1:
                raise ValueError("not yet")
        follow_up.enqueue("after")

    run(app, work, retry="immediate", max_attempts=2)
    assert effects() == [2]
    names = [task.payload["name"] for task in app.list_tasks(queue="other")]
    assert sorted(names) == ["after", "automatic", "one", "told", "two"]


def test_an_enqueue_elsewhere_does_not_join(app, tmp_path):
    with Rowlock(f"sqlite:///{tmp_path / 'other.db'}") as other:
        elsewhere = greeting(other)

        def work(ctx: Context) -> None:
            with ctx.transaction() as tx:
                elsewhere.enqueue("stays")
                with pytest.raises(InvalidValueError, match="another database"):
                    elsewhere.options(transaction=tx).enqueue()
                raise ValueError("rolled back")

        run(app, work, max_attempts=1)
        assert [task.payload["name"] for task in other.list_tasks()] == ["stays"]


def test_misuse_is_refused_and_changes_nothing(app, effects):
    problems: list[str] = []

    def refused(call: Callable[[], Any]) -> None:
        with pytest.raises(InvalidValueError) as caught:
            call()
        problems.append(caught.value.problem)

    def work(ctx: Context) -> None:
        refused(ctx.transaction(5).__enter__)
        refused(ctx.transaction(object()).__enter__)
        with ctx.transaction() as tx:
            refused(ctx.transaction().__enter__)
            insert(tx.connection)
        refused(ctx.transaction().__enter__)
        refused(greeting(app).options(transaction=tx).enqueue)

    task = run(app, work)
    assert (task.state, effects()) == (TaskState.SUCCEEDED, [1])
    assert [problem for problem in problems if "open already" in problem]
    assert [problem for problem in problems if "settled already" in problem]
    assert problems[-1] == "the block of ctx.transaction() is not open"


@pytest.mark.parametrize("result", [object(), float("nan"), Snooze("5m")])
def test_a_result_that_cannot_be_stored_takes_the_effect_back(app, effects, result):
    def work(ctx: Context) -> None:
        with ctx.transaction() as tx:
            insert(tx.connection)
            tx.result = result

    task = run(app, work, max_attempts=1)
    assert (task.state, effects()) == (TaskState.FAILED, [])


def test_a_handler_that_is_called_directly_has_none(app):
    @app.task
    def work(ctx: Context) -> None:
        with ctx.transaction():
            pass

    with pytest.raises(InvalidValueError, match="let a worker run it"):
        work()


def test_a_connection_left_in_a_failed_transaction_does_not_harm_the_next(app, effects):
    @app.task(max_attempts=1)
    def work(ctx: Context, number: int) -> None:
        with ctx.transaction() as tx:
            insert(tx.connection, number)
            if number % 2:
                tx.connection.cursor().execute("NONSENSE")

    work.enqueue_many({"number": number} for number in range(10))
    Worker(app, concurrency=1).run_once()
    assert sorted(effects()) == [0, 2, 4, 6, 8]


def test_blocks_of_several_threads_do_not_mix(app, effects):
    @app.task
    def work(ctx: Context, number: int) -> None:
        with ctx.transaction() as tx:
            insert(tx.connection, number)
            tx.result = threading.get_ident()

    work.enqueue_many({"number": number} for number in range(60))
    assert Worker(app, concurrency=8).run_once() == 60
    assert sorted(effects()) == list(range(60))
    assert count(app, "task") == 0


async def test_a_sync_block_in_an_async_handler_works_if_it_awaits_nothing(app, effects):
    async def work(ctx: Context) -> None:
        with ctx.transaction() as tx:
            insert(tx.connection)

    task = app.task(alias="work")(work).enqueue()
    assert await Worker(app).arun_once() == 1
    assert (app.get_task(task).state, effects()) == (TaskState.SUCCEEDED, [1])


async def test_what_follows_the_block_is_not_cut_off_by_the_heartbeat(app, effects):
    """Nothing can be lost any more, so nobody is told to stop."""
    ended: list[bool] = []
    app.register_queue("default", lease="1s")

    async def work(ctx: Context) -> None:
        with ctx.transaction() as tx:
            insert(tx.connection)
        await asyncio.sleep(1.5)
        ended.append(ctx.canceled)

    task = app.task(alias="work")(work).enqueue()
    assert await Worker(app).arun_once() == 1
    assert (ended, app.get_task(task).attempt, effects()) == ([False], 1, [1])


def test_a_block_that_ends_after_the_timeout_has_no_effect(app, effects):
    """The attempt has failed at its deadline; its thread goes on, and finds the claim lost."""
    ended = threading.Event()

    @app.task(timeout="0.3s", max_attempts=1)
    def work(ctx: Context) -> None:
        deadline = time.monotonic() + 30
        while not app.get_task(ctx.task.id).state.is_final and time.monotonic() < deadline:
            time.sleep(0.02)
        try:
            with ctx.transaction() as tx:
                insert(tx.connection)
        except LeaseLostError:
            ended.set()

    task = work.enqueue()
    assert Worker(app).run_once() == 1
    assert ended.wait(30)
    assert effects() == []
    assert app.get_task(task).state is TaskState.FAILED


def test_the_block_is_joined_by_what_its_handler_calls_and_by_nobody_else(app, effects):
    seen: list[object] = []

    def work(ctx: Context) -> None:
        with ctx.transaction() as tx:
            insert(tx.connection)
            thread = threading.Thread(
                target=lambda: seen.append(transaction_to_join(None, app.core.storage))
            )
            thread.start()
            thread.join()
            seen.append(transaction_to_join(None, app.core.storage))
        seen.append(transaction_to_join(None, app.core.storage))

    run(app, work)
    assert (seen[0], seen[1] is None, seen[2]) == (None, False, None)
