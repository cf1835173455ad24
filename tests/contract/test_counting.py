"""Contract: how much there is in each queue, and what stands at its head."""

from __future__ import annotations

from datetime import timedelta

from rowlock.model.definitions import Definition
from rowlock.model.ids import new_token
from rowlock.model.states import TaskState
from rowlock.model.tasks import QueueCounts
from rowlock.storage.contract import ClaimRequest
from tests.contract.steps import (
    LEASE,
    after,
    claim,
    claimed,
    counts,
    define,
    done,
    finish,
    ids,
    insert,
    new,
    seconds,
)
from tests.support.backends import Backend


def ensure(backend: Backend, *names: str, namespace: str = "default") -> None:
    for name in names:
        backend.run(backend.storage.queues.ensure_queue, namespace, name)


def waiting(backend: Backend, *, limit: int = 100) -> dict[str, int]:
    plan = backend.storage.reads.waiting_definitions
    return backend.read(plan, "default", "default", limit=limit)


def peek(backend: Backend, **asked):
    values = {
        "namespace": "default",
        "queue": "default",
        "worker": "w",
        "token": new_token(),
        "limit": 10,
        "lease": LEASE,
    }
    return backend.read(backend.storage.claims.peek_queue, ClaimRequest(**{**values, **asked}))


def test_counts_are_by_queue_and_state_as_shown(backend, one_of_each):
    ensure(backend, "default")
    [queue] = counts(backend, now=after(30))
    assert queue.counts == {
        TaskState.SCHEDULED: 1,
        TaskState.RETRYING: 1,
        TaskState.QUEUED: 2,
        TaskState.RUNNING: 1,
        TaskState.PAUSED: 1,
        TaskState.SUCCEEDED: 1,
        TaskState.FAILED: 1,
        TaskState.CANCELED: 1,
        TaskState.EXPIRED: 2,
    }


def test_an_empty_queue_is_counted_with_nothing(backend):
    ensure(backend, "b", "a")
    assert counts(backend) == [
        QueueCounts(queue="a", paused=False),
        QueueCounts(queue="b", paused=False),
    ]


def test_a_paused_queue_is_counted_as_paused(backend):
    ensure(backend, "a")
    backend.run(backend.storage.queues.pause_queue, "default", "a", True)
    assert counts(backend) == [QueueCounts(queue="a", paused=True)]


def test_tasks_of_a_queue_that_nobody_made_are_counted_while_they_live(backend):
    insert(backend, new(queue="made"), new(queue="unmade"))
    assert [(one.queue, one.counts) for one in counts(backend)] == [
        ("made", {TaskState.QUEUED: 1}),
        ("unmade", {TaskState.QUEUED: 1}),
    ]


def test_counts_are_of_one_namespace(backend):
    ensure(backend, "q", namespace="other")
    insert(backend, new(queue="q"), namespace="other")
    assert counts(backend) == []
    assert [one.queue for one in counts(backend, namespace="other")] == ["q"]


def test_finished_tasks_are_counted_up_to_the_cap(backend):
    ensure(backend, "default")
    insert(backend, *(new() for _ in range(8)))
    finish(backend, *(done(one) for one in claim(backend, limit=8)))
    [capped], [exact] = counts(backend, cap=5), counts(backend, cap=9)
    assert (capped.counts, capped.capped) == ({TaskState.SUCCEEDED: 5}, True)
    assert (exact.counts, exact.capped) == ({TaskState.SUCCEEDED: 8}, False)


def test_each_queue_is_counted_up_to_the_cap(backend):
    ensure(backend, "a", "b")
    insert(backend, *(new(queue="a") for _ in range(4)), *(new(queue="b") for _ in range(2)))
    finish(backend, *(done(one) for one in claim(backend, limit=9, queue="a")))
    finish(backend, *(done(one) for one in claim(backend, limit=9, queue="b")))
    totals = [one.counts[TaskState.SUCCEEDED] for one in counts(backend, cap=3)]
    assert totals == [3, 2]


def test_the_longest_wait_is_that_of_the_earliest_queued_task(backend):
    insert(backend, new(), now=after(-50))
    insert(backend, new(delay=seconds(99)), now=after(-90))
    insert(backend, new())
    [queue] = counts(backend, now=after(10))
    assert queue.oldest_wait == timedelta(seconds=60)


def test_nothing_waits_in_a_queue_without_queued_tasks(backend):
    claimed(backend)
    assert counts(backend)[0].oldest_wait is None


def test_the_definitions_at_the_head_of_a_queue_are_told(backend):
    define(backend, Definition(alias="Hello", key="hello"))
    insert(backend, new(), new(), new(definition="gone"), new(definition=None))
    insert(backend, new(delay=seconds(5)), new(queue="other"))
    assert waiting(backend) == {"Hello": 2, "gone": 1, "": 1}


def test_only_the_head_of_a_queue_is_looked_at(backend):
    insert(backend, new(definition="low"), *(new(definition="high", priority=1) for _ in range(3)))
    assert waiting(backend, limit=3) == {"high": 3}


def test_a_peek_shows_what_a_claim_would_take_and_leaves_it(backend):
    low, high = new(), new(priority=2)
    insert(backend, low, high, now=None)
    seen = peek(backend)
    assert [(place.priority, place.id) for place in seen] == [(-2, high.id), (0, low.id)]
    assert ids(claim(backend, limit=9, now=None)) == [high.id, low.id]


def test_a_peek_obeys_limit_definitions_and_pause(backend):
    insert(backend, new(definition="a"), new(definition="b"), new(definition=None), now=None)
    assert len(peek(backend, limit=2)) == 2
    assert len(peek(backend, definitions=("a",), without_definition=False)) == 1
    ensure(backend, "default")
    backend.run(backend.storage.queues.pause_queue, "default", "default", True)
    assert peek(backend) == []


def test_what_has_expired_is_not_the_oldest_that_waits(backend):
    insert(backend, new(lifetime=timedelta(seconds=5)))
    insert(backend, new(), now=after(50))
    [found] = counts(backend, now=after(60))
    assert found.oldest_wait == timedelta(seconds=10)
