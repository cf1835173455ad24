"""Contract: where the tasks of claims stand, read for many at once."""

from __future__ import annotations

from uuid import UUID

from rowlock.model.ends import ClaimKey
from rowlock.model.ids import new_task_id, new_token
from rowlock.model.states import TaskState
from tests.contract.steps import claim, claimed, done, finish, insert, new
from tests.support.backends import Backend


def standings(backend: Backend, *claims: tuple[UUID, UUID], namespace: str = "default"):
    keys = [ClaimKey(*one) for one in claims]
    return backend.read(backend.storage.claims.read_standings, namespace, keys)


def test_a_claim_that_holds_says_what_decides_its_end(backend):
    insert(backend, new(max_attempts=5, options='{"timeout": 3}'))
    [one] = claim(backend)
    found = standings(backend, (one.id, one.token))[one.id]
    assert (found.id, found.token, found.held) == (one.id, one.token, True)
    assert (found.state, found.queue, found.definition) == (TaskState.RUNNING, "default", "hello")
    assert (found.attempt, found.crashes, found.max_attempts) == (1, 0, 5)
    assert found.options is not None
    assert (found.failures, found.is_last_attempt) == (1, False)


def test_another_token_does_not_hold_and_neither_does_a_waiting_task(backend):
    waiting, running = new(), new(priority=5)
    insert(backend, waiting, running)
    [one] = claim(backend)
    other = new_token()
    found = standings(backend, (one.id, other), (waiting.id, other))
    assert found[one.id].held is found[waiting.id].held is False
    assert (found[one.id].state, found[waiting.id].state) == ("running", "queued")


def test_a_finished_task_is_told_and_not_held(backend):
    one = claimed(backend)
    finish(backend, done(one))
    found = standings(backend, (one.id, one.token))[one.id]
    assert (found.state, found.held) == (TaskState.SUCCEEDED, False)


def test_what_is_not_there_or_elsewhere_is_left_out(backend):
    one = claimed(backend)
    assert standings(backend, (new_task_id(), new_token())) == {}
    assert standings(backend, (one.id, one.token), namespace="other") == {}
