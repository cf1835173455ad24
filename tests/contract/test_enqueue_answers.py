"""Contract: what storing one task, or a few together, returns."""

from __future__ import annotations

import pytest

from rowlock.errors import IdConflictError
from rowlock.model.definitions import Definition
from rowlock.model.tasks import Task
from rowlock.ops.enqueue import Stored, enqueue_task, enqueue_together
from tests.contract.steps import (
    LARGE,
    LARGER,
    T0,
    after,
    define,
    found,
    get,
    insert,
    listed,
    new,
    seconds,
)
from tests.support.backends import Backend


def insert_one(backend: Backend, task, *, now=T0, namespace: str = "default") -> Task | None:
    return backend.run(backend.storage.enqueue.insert_task, task, namespace=namespace, now=now)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"payload": LARGE},
        {"definition": None, "priority": -7, "unique_key": "k", "tags": '["blue","red"]'},
        {"delay": seconds(5), "lifetime": seconds(60), "max_attempts": 5, "max_crashes": 2},
        {"run_at": after(90), "options": '{"timeout":1.5}'},
        {"run_at": after(-90), "lifetime": seconds(1000)},
    ],
    ids=["plain", "large", "ranked", "delayed", "planned", "overdue"],
)
def test_one_task_is_answered_as_it_is_read(backend, given):
    task = new(**given)
    assert insert_one(backend, task) == get(backend, task.id)


def insert_together(backend: Backend, *tasks, namespace: str = "default") -> list[Task]:
    enqueue = backend.storage.enqueue
    return backend.run(enqueue.insert_together, tasks, namespace=namespace, now=T0)


def test_tasks_that_are_stored_together_are_answered_as_they_are_read(backend):
    define(backend, Definition(alias="Hello", key="hello"))
    tasks = [
        new(payload=LARGE, queue="NULL"),
        new(payload='{"a":"\\\\ \\" {},"}', definition=None, tags='["a \\"quoted\\" one"]'),
        new(delay=seconds(5), lifetime=seconds(60), options='{"timeout":1.5}'),
        new(run_at=after(-90), priority=-7),
    ]
    stored = insert_together(backend, *tasks)
    assert stored == [get(backend, task.id) for task in tasks]
    assert [task.definition for task in stored] == ["Hello", None, "Hello", "Hello"]


def test_a_taken_id_is_missing_from_what_is_stored_together(backend):
    taken, free = new(), new()
    insert(backend, taken, namespace="other")
    assert [task.id for task in insert_together(backend, taken, free)] == [free.id]
    assert listed(backend) == [free.id]


def test_a_group_is_answered_in_its_order(backend):
    taken, here, there, large = new(), new(queue="q"), new(), new(payload=LARGE)
    insert(backend, taken)
    group = [("b", there), ("default", taken), ("default", here), ("b", large)]
    stored = backend.run(enqueue_together, backend.storage, group, now=T0)
    assert [one and one.task for one in stored] == [
        found(backend, there.id, namespace="b"),
        None,
        get(backend, here.id),
        found(backend, large.id, namespace="b"),
    ]
    assert [one and one.created for one in stored] == [True, None, True, True]


def test_a_task_that_an_earlier_try_of_the_plan_stored_is_found(backend):
    """Its commit was one statement, and what came after it was refused and tried again."""
    task = new()
    insert(backend, task)
    stored = backend.run(enqueue_task, backend.storage, "default", task, now=T0)
    assert stored == Stored(get(backend, task.id), created=True)
    with pytest.raises(IdConflictError):
        backend.run(enqueue_task, backend.storage, "default", new(id=task.id, payload="{}"))


def test_one_task_is_shown_with_the_alias_of_its_definition(backend):
    define(backend, Definition(alias="Hello", key="hello"))
    task = insert_one(backend, new(definition="hello"))
    assert task is not None
    assert (task.definition, get(backend, task.id)) == ("Hello", task)


def test_one_task_whose_id_or_key_is_taken_is_not_stored(backend):
    first = new(unique_key="k", payload=LARGE)
    assert insert_one(backend, first) is not None
    assert insert_one(backend, first) is None
    assert insert_one(backend, new(unique_key="k", payload=LARGER)) is None
    assert insert_one(backend, new(unique_key="k"), namespace="other") is not None
    assert listed(backend) == [first.id]
