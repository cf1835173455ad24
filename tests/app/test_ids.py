"""An id that is given twice is the same task, or a conflict that tells nothing."""

from __future__ import annotations

import pytest

from rowlock import TaskState, Worker
from rowlock.errors import IdConflictError, InvalidValueError
from rowlock.model.ids import new_task_id
from tests.app.steps import count, greeting
from tests.support.backends import DURABLE

LONG = "x" * 5_000


@pytest.mark.parametrize("name", ["Ada", LONG])
def test_the_same_id_with_the_same_arguments_is_the_same_task(app, name):
    definition = greeting(app).options(id=new_task_id())
    first = definition.enqueue(name)
    assert definition.enqueue(name) == first
    assert count(app, "task") == 1


@pytest.mark.parametrize("name", ["Ada", LONG])
def test_an_enqueue_repeated_after_the_task_finished_runs_nothing_twice(app, name):
    definition = greeting(app)
    given = definition.options(id=new_task_id())
    given.enqueue(name)
    assert Worker(app).run_once() == 1
    assert given.enqueue(name).state is TaskState.SUCCEEDED
    assert Worker(app).run_once() == 0
    assert count(app, "task") == 0


def test_the_same_id_with_other_arguments_is_a_conflict(app):
    definition = greeting(app).options(id=new_task_id())
    definition.enqueue("Ada")
    with pytest.raises(IdConflictError):
        definition.enqueue("Bob")


def test_the_same_id_with_another_definition_is_a_conflict(app):
    task = greeting(app).enqueue()
    with pytest.raises(IdConflictError):
        app.enqueue(None, {}, id=task.id)


def test_the_same_id_as_a_finished_task_with_other_arguments_is_a_conflict(app):
    task = greeting(app).enqueue("Ada")
    Worker(app).run_once()
    with pytest.raises(IdConflictError):
        app.enqueue("send_greeting", {"name": "Bob"}, id=task.id)


def test_arguments_in_another_order_are_the_same_task(app):
    task_id = new_task_id()
    first = app.enqueue(None, {"a": 1, "b": 2}, id=task_id)
    assert app.enqueue(None, {"b": 2, "a": 1}, id=task_id) == first


@pytest.mark.parametrize("backend", DURABLE, indirect=True)
def test_an_id_of_another_namespace_is_a_conflict_that_tells_nothing(opened):
    ours, theirs = opened(), opened(namespace="theirs")
    task = ours.enqueue(None, {"secret": "word"}, queue="private")
    with pytest.raises(IdConflictError) as refused:
        theirs.enqueue(None, {"secret": "word"}, id=task.id)
    assert str(refused.value) == f"task id {task.id} is already used for something else"
    assert theirs.list_tasks() == []


def test_one_id_cannot_be_given_to_many_tasks(app):
    with pytest.raises(InvalidValueError) as refused:
        app.enqueue_many(None, [1, 2], id=new_task_id())
    assert refused.value.field == "id"


async def test_the_async_twin_recognises_an_id_too(app):
    definition = greeting(app).options(id=new_task_id())
    assert await definition.aenqueue("Ada") == await definition.aenqueue("Ada")
    with pytest.raises(IdConflictError):
        await definition.aenqueue("Bob")
