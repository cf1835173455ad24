"""Contract: claims from several queues at once, and which queues have any."""

from __future__ import annotations

import pytest

from rowlock.model.queues import Share
from rowlock.model.states import TaskState
from tests.contract.steps import T0, after, claim, get, ids, insert, new, seconds
from tests.support.backends import Backend


def shares(**limits: int) -> tuple[Share, ...]:
    return tuple(Share(queue, limit) for queue, limit in limits.items())


def waiting(backend: Backend, *queues: str, namespace: str = "default") -> list[str]:
    return sorted(backend.read(backend.storage.claims.waiting_queues, namespace, queues))


def test_each_queue_gives_its_best_and_no_more_than_its_share(backend):
    low, high = new(queue="a", priority=1), new(queue="a", priority=9)
    others = [new(queue="b") for _ in range(3)]
    insert(backend, low, high, *others)
    taken = claim(backend, limit=10, shares=shares(a=1, b=2))
    assert {one.id for one in taken if one.queue == "a"} == {high.id}
    assert len([one for one in taken if one.queue == "b"]) == 2
    assert {get(backend, one.id).state for one in taken} == {TaskState.RUNNING}


def test_queues_come_in_the_order_given_until_there_are_enough(backend):
    first, second = [new(queue="b") for _ in range(2)], [new(queue="a") for _ in range(2)]
    insert(backend, *first, *second)
    taken = claim(backend, limit=3, shares=shares(b=5, a=5))
    assert {one.id for one in first} <= set(ids(taken))
    assert len(taken) == 3


def test_the_best_of_a_queue_come_first_where_not_all_can_be_taken(backend):
    late, soon = (new(queue="a", run_at=after(-ago)) for ago in (10, 20))
    low, high = new(queue="a", priority=-1), new(queue="a", priority=9)
    other = new(queue="b", priority=9)
    insert(backend, low, late, soon, high, other, now=T0)
    for wanted in (high, soon, late, low, other):
        [taken] = claim(backend, limit=1, shares=shares(a=1, b=1))
        assert taken.id == wanted.id


def test_what_has_expired_is_passed_over_in_each_queue(backend):
    old, fresh = new(queue="a", lifetime=seconds(1)), new(queue="a")
    insert(backend, old, fresh, new(queue="b", lifetime=seconds(1)), now=T0)
    taken = claim(backend, limit=5, now=after(2), shares=shares(a=5, b=5))
    assert [one.id for one in taken] == [fresh.id]


def test_claims_of_several_queues_share_token_and_lease(backend):
    insert(backend, new(queue="a"), new(queue="b"))
    one, other = claim(backend, limit=5, shares=shares(a=5, b=5, c=5))
    assert one.token == other.token
    assert one.lease_until == other.lease_until


def test_a_queue_that_is_not_named_is_left_alone(backend):
    insert(backend, new(queue="default"), new(queue="a"))
    assert [one.queue for one in claim(backend, limit=5, shares=shares(a=5))] == ["a"]


def test_one_paused_queue_does_not_hold_up_the_others(backend):
    insert(backend, new(queue="a"), new(queue="b"))
    queues = backend.storage.queues
    backend.run(queues.ensure_queue, "default", "a")
    backend.run(queues.pause_queue, "default", "a", True)
    assert [one.queue for one in claim(backend, limit=5, shares=shares(a=5, b=5))] == ["b"]


def test_other_definitions_are_left_in_each_queue(backend):
    insert(backend, new(queue="a"), new(queue="b", definition="bye"))
    taken = claim(backend, limit=5, shares=shares(a=5, b=5), definitions=("bye",))
    assert [one.queue for one in taken] == ["b"]


def test_queues_with_queued_tasks_are_waiting(backend):
    insert(backend, new(queue="a"), new(queue="a"), new(queue="c"), new(queue="d"))
    insert(backend, new(queue="later", delay=seconds(60)))
    insert(backend, new(queue="other"), namespace="other")
    assert waiting(backend, "a", "b", "c", "later", "other") == ["a", "c"]


def test_a_queue_waits_no_longer_once_all_is_taken(backend):
    insert(backend, new(queue="a"))
    assert waiting(backend, "a") == ["a"]
    claim(backend, queue="a")
    assert waiting(backend, "a") == []


@pytest.mark.parametrize("count", [0, 1, 300])
def test_many_queues_are_found(backend, count):
    names = [f"q{number:03}" for number in range(count)]
    insert(backend, *(new(queue=name) for name in names), now=T0)
    assert waiting(backend, *names, "none") == names


def test_three_hundred_queues_are_claimed_at_once(backend):
    names = [f"q{number}" for number in range(300)]
    insert(backend, *(new(queue=name) for name in names))
    taken = claim(backend, limit=250, now=after(1), shares=tuple(Share(n, 2) for n in names))
    assert len({one.queue for one in taken}) == 250
