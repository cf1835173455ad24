"""Contract: unique keys of tasks that are stored."""

from __future__ import annotations

from functools import partial
from uuid import UUID

import pytest

from rowlock.model.ids import new_task_id
from rowlock.model.states import FINAL_STATES
from tests.contract.steps import (
    cancel_waiting,
    claimed,
    done,
    finish,
    found,
    insert,
    listed,
    new,
    together,
)
from tests.support.backends import Backend


def holder(backend: Backend, key: str, namespace: str = "default") -> UUID | None:
    return backend.read(backend.storage.enqueue.find_unique_holder, namespace, key)


def test_a_taken_unique_key_is_passed_over(backend):
    first, second = new(unique_key="k"), new(unique_key="k")
    insert(backend, first)
    assert insert(backend, second) == set()
    assert (found(backend, second.id), holder(backend, "k")) == (None, first.id)


def test_a_taken_unique_key_does_not_hold_up_the_others(backend):
    insert(backend, new(unique_key="k"))
    other = new(unique_key="l")
    assert insert(backend, new(unique_key="k"), other) == {other.id}


def test_of_two_equal_keys_in_one_call_one_is_stored(backend):
    first, second = new(unique_key="k"), new(unique_key="k")
    assert len(insert(backend, first, second)) == 1
    assert len(listed(backend)) == 1


def test_a_unique_key_is_taken_in_its_namespace_only(backend):
    first, second = new(unique_key="k"), new(unique_key="k")
    insert(backend, first)
    assert insert(backend, second, namespace="other") == {second.id}
    assert (holder(backend, "k"), holder(backend, "k", "other")) == (first.id, second.id)


def test_unique_keys_are_told_apart_by_case_accent_and_spaces(backend):
    keys = ["key", "KEY", "kéy", "key ", " key"]
    tasks = [new(unique_key=key) for key in keys]
    assert len(insert(backend, *tasks)) == len(keys)


def test_tasks_without_a_key_are_never_duplicates(backend):
    assert len(insert(backend, new(), new())) == 2


def test_a_running_task_holds_its_key(backend):
    one = claimed(backend, unique_key="k")
    assert insert(backend, new(unique_key="k")) == set()
    assert holder(backend, "k") == one.id


@pytest.mark.parametrize("state", FINAL_STATES)
def test_a_finished_task_frees_its_key(backend, state):
    """C95."""
    one = claimed(backend, unique_key="k")
    finish(backend, done(one, state=state))
    assert holder(backend, "k") is None
    assert len(insert(backend, new(unique_key="k"))) == 1


def test_a_canceled_task_frees_its_key(backend):
    task = new(unique_key="k")
    insert(backend, task)
    cancel_waiting(backend, task.id)
    assert len(insert(backend, new(unique_key="k"))) == 1


def test_of_16_racing_for_a_key_exactly_one_is_stored(backend):
    tasks = [new(unique_key="k") for _ in range(16)]
    stored = together(*(partial(insert, backend, task) for task in tasks))
    assert sum(len(one) for one in stored) == 1
    assert listed(backend) == [holder(backend, "k")]


def test_of_16_racing_for_an_id_exactly_one_is_stored(backend):
    task_id = new_task_id()
    tasks = [new(id=task_id) for _ in range(16)]
    stored = together(*(partial(insert, backend, task) for task in tasks))
    assert sum(len(one) for one in stored) == 1


def test_batches_that_race_for_the_same_keys_in_any_order_do_not_fail(backend):
    there = [new(unique_key=f"k{number}") for number in range(50)]
    and_back = [new(unique_key=task.unique_key) for task in reversed(there)]
    stored = together(partial(insert, backend, *there), partial(insert, backend, *and_back))
    assert sum(len(one) for one in stored) == 50


def test_nobody_holds_a_key_that_was_never_taken(backend):
    assert holder(backend, "k") is None
