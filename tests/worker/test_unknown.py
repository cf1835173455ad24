"""Tasks whose definition the worker does not have: left and reported, or failed if asked."""

from __future__ import annotations

import pytest

from rowlock import TaskState, Worker
from tests.app.steps import greeting
from tests.support.backends import DURABLE
from tests.worker.steps import finished, until, working

ALIAS = "gone_away"


@pytest.fixture
def orphan(app):
    """A task whose definition has no code any more."""
    definition = app.task(alias=ALIAS)(lambda: None)
    task = definition.options(max_attempts=2, retry="immediate").enqueue()
    app.core.registry._by_key.clear()
    return task


def test_a_worker_leaves_what_it_cannot_run(app, orphan):
    """C15, C97."""
    mine = greeting(app).enqueue()
    assert Worker(app).run_once() == 1
    assert app.get_task(mine).state is TaskState.SUCCEEDED
    found = app.get_task(orphan)
    assert (found.state, found.attempt) == (TaskState.QUEUED, 0)


def test_a_worker_without_definitions_claims_nothing(app, orphan):
    assert Worker(app).run_once() == 0
    assert app.get_task(orphan).attempt == 0


async def test_a_worker_reports_what_it_leaves(app, orphan, caplog):
    """C14, C15."""
    greeting(app)
    async with working(app):
        await until(lambda: ALIAS in caplog.text)
    [line] = [record.message for record in caplog.records if ALIAS in record.message]
    assert line == f"queue default: 1 waiting tasks of {ALIAS}, which this worker does not have"


async def test_a_worker_reports_tasks_without_a_definition_too(app, caplog):
    greeting(app)
    task = app.enqueue(None, {"raw": True})
    async with working(app):
        await until(lambda: "waiting tasks of no definition" in caplog.text)
        assert await finished(app, app.enqueue("send_greeting"))
    assert app.get_task(task).state is TaskState.QUEUED


async def test_a_worker_that_has_all_definitions_reports_nothing(app, caplog):
    definition = greeting(app)
    definition.enqueue_many([{}] * 3)
    async with working(app, concurrency=1):
        await finished(app, definition.enqueue())
    assert "does not have" not in caplog.text


async def test_what_is_left_does_not_stand_in_the_way(app, orphan):
    app.enqueue_many(ALIAS, [{}] * 300)
    definition = greeting(app)
    async with working(app, concurrency=1):
        await finished(app, definition.enqueue())


def test_a_worker_that_is_asked_to_fails_them_by_name(app, orphan):
    """C14, C15, C104, C137."""
    greeting(app)
    assert Worker(app, unknown="fail").run_once() == 2
    found = app.get_task(orphan)
    assert (found.state, found.attempt) == (TaskState.FAILED, 2)
    assert found.error.type == "UnknownDefinitionError"
    assert ALIAS in found.error.message


def test_a_failed_unknown_one_counts_as_a_failed_attempt(app, orphan):
    """C104."""
    Worker(app, unknown="fail").run_once()
    assert [run.outcome for run in app.attempts(orphan)] == ["failed", "failed"]


@pytest.mark.parametrize("backend", DURABLE, indirect=True)
def test_a_worker_that_has_the_code_runs_what_others_left(app, opened, orphan):
    other = opened()
    other.task(alias="GoneAway")(lambda: "here")
    assert Worker(app).run_once() == 0
    assert Worker(other).run_once() == 1
    assert app.get_task(orphan).result == "here"
