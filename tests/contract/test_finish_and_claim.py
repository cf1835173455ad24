"""Contract: ends of attempts that go along with the next claim, in one transaction."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from rowlock.model.ids import new_token
from rowlock.model.states import TaskState
from rowlock.model.tasks import Claim, Finish
from rowlock.plan import BEGIN, Plan
from rowlock.storage.contract import ClaimRequest
from tests.contract.steps import (
    LEASE,
    T0,
    after,
    back,
    cancel_running,
    claim,
    claimed,
    done,
    finish,
    get,
    ids,
    insert,
    new,
    release,
    state_of,
)
from tests.contract.test_events import told, watch
from tests.support.backends import Backend


def request(limit: int, **asked: Any) -> ClaimRequest:
    return ClaimRequest("default", "default", "w2", new_token(), limit, LEASE)._replace(**asked)


def exchange(
    backend: Backend, *ends: Finish, limit: int = 1, **asked: Any
) -> tuple[set[UUID], list[Claim]]:
    claims = backend.storage.claims
    return backend.run(claims.finish_and_claim, ends, request(limit, **asked), now=after(1))


def test_what_has_ended_is_recorded_and_the_next_is_taken(backend):
    one, waiting = claimed(backend), new()
    insert(backend, waiting)
    recorded, [taken] = exchange(backend, done(one, result='"yes"'))
    assert recorded == {one.id}
    ended, runs = get(backend, one.id), get(backend, waiting.id)
    assert (ended.state, ended.result, ended.finished_at) == (TaskState.SUCCEEDED, "yes", after(1))
    assert (taken.id, taken.attempt, taken.started_at) == (waiting.id, 1, after(1))
    assert (runs.state, runs.worker, runs.lease_until) == (
        TaskState.RUNNING,
        "w2",
        after(1) + LEASE,
    )


def test_a_claim_like_this_holds_like_any_other(backend):
    insert(backend, new())
    _, [taken] = exchange(backend, done(claimed(backend)))
    assert finish(backend, done(taken)) == {taken.id}


def test_ends_are_recorded_where_nothing_waits(backend):
    one = claimed(backend)
    assert exchange(backend, done(one), limit=5) == ({one.id}, [])
    assert state_of(backend, one.id) is TaskState.SUCCEEDED


def test_the_best_are_taken_in_their_order_and_no_more_than_wanted(backend):
    ends = [done(one) for one in claim_several(backend, 3)]
    low, high, middle = new(priority=1), new(priority=9), new(priority=5)
    insert(backend, low, high, middle)
    recorded, taken = exchange(backend, *ends, limit=2)
    assert recorded == {end.id for end in ends}
    assert ids(taken) == [high.id, middle.id]


def claim_several(backend: Backend, number: int) -> list[Claim]:
    insert(backend, *(new() for _ in range(number)))
    return claim(backend, limit=number)


def test_a_large_payload_is_taken_whole(backend):
    large = new(payload=f'{{"fill":"{"y" * 5000}"}}')
    one = claimed(backend)
    insert(backend, large)
    _, [taken] = exchange(backend, done(one))
    assert taken.payload == large.payload


def test_what_was_lost_is_not_recorded_and_costs_the_others_nothing(backend):
    one, lost = claim_several(backend, 2)
    assert cancel_running(backend, lost.id)
    waiting = new()
    insert(backend, waiting)
    recorded, taken = exchange(backend, done(one), done(lost))
    assert (recorded, ids(taken)) == ({one.id}, [waiting.id])
    assert state_of(backend, lost.id) is TaskState.CANCELED


def test_a_repetition_is_recognised(backend):
    one = claimed(backend)
    finish(backend, done(one))
    assert exchange(backend, done(one, state=TaskState.FAILED)) == ({one.id}, [])
    assert state_of(backend, one.id) is TaskState.SUCCEEDED


def test_a_task_that_came_back_to_the_line_may_be_what_is_taken(backend):
    """Its old claim ends once more, which is taken for a repetition, and the new claim holds."""
    one = claimed(backend)
    release(backend, back(one, delay=None))
    recorded, [taken] = exchange(backend, done(one, state=TaskState.FAILED))
    assert (taken.id, taken.attempt) == (one.id, 2)
    assert state_of(backend, one.id) is TaskState.RUNNING
    assert recorded == {one.id}


def test_a_paused_queue_gives_nothing_and_takes_ends(backend):
    one = claimed(backend)
    insert(backend, new())
    queues = backend.storage.queues
    backend.run(queues.ensure_queue, "default", "default")
    backend.run(queues.pause_queue, "default", "default", True)
    assert exchange(backend, done(one)) == ({one.id}, [])


def test_all_of_it_happens_or_nothing(backend):
    one, waiting = claimed(backend), new()
    insert(backend, waiting)

    def plan() -> Plan[None]:
        yield BEGIN
        yield from backend.storage.claims.finish_and_claim([done(one)], request(1), now=T0)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        backend.run(plan)
    assert state_of(backend, one.id) is TaskState.RUNNING
    assert state_of(backend, waiting.id) is TaskState.QUEUED


def test_both_are_told_to_those_who_watch(backend):
    one, waiting = claimed(backend), new()
    insert(backend, waiting)
    backend.storage.catalog.clock = lambda: T0
    try:
        watch(backend)
        exchange(backend, done(one))
    finally:
        backend.storage.catalog.clock = None
    assert {(event.task, event.state) for event in told(backend)} == {
        (one.id, TaskState.SUCCEEDED),
        (waiting.id, TaskState.RUNNING),
    }
