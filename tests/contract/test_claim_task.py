"""Contract: taking one task by its id, as tests do."""

from __future__ import annotations

from functools import partial
from typing import Any
from uuid import UUID

from rowlock.model.ids import new_task_id, new_token
from rowlock.model.states import TaskState
from rowlock.model.tasks import Claim
from tests.contract.steps import (
    LEASE,
    T0,
    after,
    claim,
    claimed,
    done,
    finish,
    get,
    insert,
    new,
    seconds,
    state_of,
    together,
)
from tests.support.backends import Backend


def take(backend: Backend, task_id: UUID, **given: Any) -> Claim | None:
    values = {"worker": "w1", "token": new_token(), "lease": LEASE, "now": T0, **given}
    namespace = values.pop("namespace", "default")
    return backend.run(backend.storage.claims.claim_task, namespace, task_id, **values)


def test_a_claim_by_id_is_like_any_other(backend):
    first, second = new(), new(payload='{"a":"' + "x" * 5_000 + '"}', priority=3)
    insert(backend, first, second)
    by_id = take(backend, second.id, now=after(5))
    assert by_id is not None
    [by_line] = claim(backend, now=after(5))
    assert by_line.id == first.id
    for one, inserted in ((by_id, second), (by_line, first)):
        assert (one.payload, one.attempt, one.started_at) == (inserted.payload, 1, after(5))
    task = get(backend, second.id)
    assert (task.state, task.worker, task.lease_until) == (
        TaskState.RUNNING, "w1", after(5) + LEASE,
    )  # fmt: skip
    assert finish(backend, done(by_id)) == {second.id}


def test_a_task_that_is_due_later_can_be_taken(backend):
    late = new(delay=seconds(3600))
    insert(backend, late)
    found = take(backend, late.id)
    assert found is not None
    assert (found.run_at, found.started_at) == (after(3600), T0)


def test_only_what_waits_can_be_taken(backend):
    running, finished = claimed(backend), claimed(backend)
    finish(backend, done(finished))
    assert take(backend, running.id) is None
    assert take(backend, finished.id) is None
    assert take(backend, new_task_id()) is None
    assert get(backend, running.id).attempt == 1


def test_other_namespaces_are_not_reached(backend):
    task = new()
    insert(backend, task)
    assert take(backend, task.id, namespace="other") is None
    assert state_of(backend, task.id) == TaskState.QUEUED


def test_two_cannot_take_the_same_task(backend):
    task = new()
    insert(backend, task)
    taken = together(*[partial(take, backend.twin(), task.id) for _ in range(4)])
    assert len([one for one in taken if one is not None]) == 1
    assert get(backend, task.id).attempt == 1
