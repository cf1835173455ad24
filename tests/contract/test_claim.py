"""Contract: taking tasks."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from itertools import chain
from uuid import UUID

import pytest

from rowlock.model.ids import TokenRange, claim_name, new_served_token, new_token, tokens_of
from rowlock.model.states import TaskState
from rowlock.model.tasks import NewTask
from tests.contract.steps import (
    LEASE,
    T0,
    after,
    attempts,
    back,
    claim,
    claimed,
    done,
    finish,
    get,
    ids,
    insert,
    new,
    release,
    request_cancel,
    seconds,
    state_of,
    together,
)
from tests.support.backends import DURABLE, Backend


def read_claimed(backend: Backend, token: UUID):
    return backend.read(backend.storage.claims.read_claimed, token)


def pause(backend: Backend, queue: str, paused: bool = True) -> None:
    backend.run(backend.storage.queues.ensure_queue, "default", queue)
    backend.run(backend.storage.queues.pause_queue, "default", queue, paused)


def drain(backend: Backend, worker: str) -> list[UUID]:
    """Claim and finish until nothing is left."""
    mine: list[UUID] = []
    while batch := claim(backend, limit=20, worker=worker):
        assert len(finish(backend, *(done(one) for one in batch))) == len(batch)
        mine += ids(batch)
    return mine


def test_an_empty_queue_gives_nothing(backend):
    assert claim(backend, limit=10) == []


def test_a_claim_says_what_to_run(backend):
    task = new(
        priority=5, unique_key="k", tags='["red"]', options='{"timeout":2.0}', max_attempts=4
    )
    insert(backend, task)
    [one] = claim(backend, now=after(1))
    assert (one.id, one.queue, one.definition, one.payload) == (
        task.id,
        "default",
        "hello",
        '{"a":1}',
    )
    assert (one.unique_key, one.tags, one.options) == ("k", '["red"]', '{"timeout":2.0}')
    assert (one.attempt, one.crashes, one.max_attempts, one.max_crashes) == (1, 0, 4, 3)
    assert (one.created_at, one.run_at, one.started_at) == (T0, T0, after(1))
    assert (one.lease_until, one.cancel_requested) == (after(31), False)


def test_a_claim_carries_the_token_that_was_chosen(backend):
    insert(backend, new())
    token = new_token()
    [one] = claim(backend, token=token)
    assert one.token == token
    assert ids(read_claimed(backend, token)) == [one.id]


def test_a_claimed_task_is_seen_running_at_once_by_a_second_reader(backend):
    one = claimed(backend)
    seen = get(backend.twin(), one.id)
    assert (seen.state, seen.worker, seen.attempt) == (TaskState.RUNNING, "w1", 1)
    assert (seen.started_at, seen.lease_until) == (T0, T0 + LEASE)


def test_each_claim_counts_an_attempt(backend):
    one = claimed(backend)
    release(backend, back(one))
    [again] = claim(backend)
    assert (one.attempt, again.attempt) == (1, 2)
    assert get(backend, one.id).attempt == 2


def test_a_claim_takes_no_more_than_its_limit(backend):
    insert(backend, *(new() for _ in range(5)))
    assert len(claim(backend, limit=3)) == 3
    assert len(claim(backend, limit=3)) == 2


def test_higher_priority_comes_first(backend):
    low, high, middle = new(priority=1), new(priority=10), new(priority=5)
    insert(backend, low, high, middle)
    assert ids(claim(backend, limit=3)) == [high.id, middle.id, low.id]


def test_negative_priority_comes_last(backend):
    below, normal = new(priority=-1), new()
    insert(backend, below, normal)
    assert ids(claim(backend, limit=2)) == [normal.id, below.id]


def test_of_equal_priority_what_was_due_earlier_comes_first(backend):
    second, first = new(), new()
    insert(backend, second, now=T0)
    insert(backend, first, now=after(-1))
    assert ids(claim(backend, limit=2)) == [first.id, second.id]


def test_of_one_moment_the_lower_id_comes_first(backend):
    first, second, third = new(), new(), new()
    insert(backend, third, first, second)
    assert ids(claim(backend, limit=3)) == [first.id, second.id, third.id]


def test_single_claims_follow_the_same_order(backend):
    low, high, later = new(), new(priority=1), new()
    insert(backend, low, high, later)
    order = [claim(backend)[0].id, claim(backend)[0].id, claim(backend)[0].id]
    assert order == [high.id, low.id, later.id]


def test_a_task_is_claimed_once(backend):
    insert(backend, new(), new(), new())
    mine, theirs = claim(backend, limit=2), claim(backend, limit=2, worker="w2")
    assert (len(mine), len(theirs)) == (2, 1)
    assert set(ids(mine)).isdisjoint(ids(theirs))


def test_two_connections_never_claim_the_same_task(backend):
    insert(backend, *(new() for _ in range(60)))
    other = backend.twin()
    mine, theirs = together(partial(claim, backend, limit=60), partial(claim, other, limit=60))
    assert len(mine) + len(theirs) == 60
    assert set(ids(mine)).isdisjoint(ids(theirs))


def test_another_queue_is_left_alone(backend):
    task = new(queue="b")
    insert(backend, task, new(queue="a"))
    assert len(claim(backend, queue="a", limit=10)) == 1
    assert state_of(backend, task.id) is TaskState.QUEUED


def test_another_namespace_is_left_alone(backend):
    task = new()
    insert(backend, task, namespace="other")
    assert claim(backend) == []
    assert ids(claim(backend, namespace="other")) == [task.id]


def test_queues_are_told_apart_by_every_character(backend):
    insert(backend, new(queue="a"), new(queue="a.b"), new(queue="a-b"), new(queue="a_b"))
    assert len(claim(backend, queue="a_b", limit=10)) == 1


def test_only_the_definitions_asked_for_are_claimed(backend):
    hello, other = new(definition="hello"), new(definition="bye")
    insert(backend, other, hello)
    assert ids(claim(backend, limit=9, definitions=("hello", "third"))) == [hello.id]


def test_tasks_without_a_definition_come_along_with_those_asked_for(backend):
    bare, hello, other = new(definition=None), new(definition="hello"), new(definition="bye")
    insert(backend, bare, hello, other)
    assert ids(claim(backend, limit=9, definitions=("hello",))) == [bare.id, hello.id]


def test_tasks_without_a_definition_can_be_left_out(backend):
    insert(backend, new(definition=None))
    assert claim(backend, definitions=("hello",), without_definition=False) == []


def test_tasks_without_a_definition_can_be_all_that_is_asked_for(backend):
    bare = new(definition=None)
    insert(backend, new(definition="hello"), bare)
    assert ids(claim(backend, limit=9, definitions=())) == [bare.id]


def test_any_definition_is_claimed_when_none_is_named(backend):
    tasks = [new(definition=None), new(definition="hello"), new(definition="bye")]
    insert(backend, *tasks)
    assert ids(claim(backend, limit=9)) == ids(tasks)


def test_unknown_definitions_at_the_head_do_not_hide_what_is_behind(backend):
    mine = new(definition="mine")
    insert(backend, *(new(definition="theirs", priority=9) for _ in range(100)), mine)
    assert ids(claim(backend, definitions=("mine",))) == [mine.id]


def test_a_paused_queue_gives_nothing(backend):
    insert(backend, new())
    pause(backend, "default")
    assert claim(backend) == []


def test_a_resumed_queue_gives_again(backend):
    insert(backend, new())
    pause(backend, "default")
    pause(backend, "default", False)
    assert len(claim(backend)) == 1


def test_a_pause_is_of_one_queue(backend):
    insert(backend, new())
    pause(backend, "other")
    assert len(claim(backend)) == 1


def test_a_pause_does_not_touch_what_runs(backend):
    one = claimed(backend)
    pause(backend, "default")
    assert finish(backend, done(one)) == {one.id}


def test_a_task_past_its_lifetime_is_not_claimed(backend):
    insert(backend, new(lifetime=seconds(10)))
    assert claim(backend, now=after(10)) == []


def test_a_task_within_its_lifetime_is_claimed(backend):
    insert(backend, new(lifetime=seconds(10)))
    assert len(claim(backend, now=after(9.999999))) == 1


def test_the_lifetime_bounds_the_first_start_only(backend):
    one = claimed(backend, lifetime=seconds(10))
    release(backend, back(one), now=after(20))
    assert len(claim(backend, now=after(30))) == 1


def test_a_scheduled_task_is_never_claimed(backend):
    insert(backend, new(delay=seconds(10)))
    assert claim(backend, now=after(11)) == []


@pytest.mark.parametrize("state", ["paused", "scheduled"])
def test_a_task_in_another_state_is_untouched(backend, state):
    task = new()
    insert(backend, task)
    backend.execute("UPDATE rowlock_task SET state = :state", state=state)
    assert claim(backend) == []
    assert state_of(backend, task.id) is TaskState(state)


def test_progress_begins_again_with_each_attempt(backend):
    one = claimed(backend)
    backend.execute("UPDATE rowlock_task SET progress = 50, progress_message = 'half'")
    release(backend, back(one))
    claim(backend)
    task = get(backend, one.id)
    assert (task.progress, task.progress_message) == (0, None)


def test_a_claim_that_was_never_confirmed_is_found_by_its_token(backend):
    insert(backend, new(payload='"' + "x" * 3000 + '"'), new(priority=1))
    token = new_token()
    taken = claim(backend, limit=2, token=token)
    assert read_claimed(backend, token) == taken


def test_a_token_that_claimed_nothing_finds_nothing(backend):
    claimed(backend)
    assert read_claimed(backend, new_token()) == []


def test_a_token_finds_nothing_once_the_task_is_settled(backend):
    one = claimed(backend)
    finish(backend, done(one))
    assert read_claimed(backend, one.token) == []


def test_the_tokens_of_one_name_are_found_as_long_as_tasks_run_by_them(backend):
    name = claim_name("key", "w")
    ours = tokens_of(name)

    def tokens(worker: str = "w", namespace: str = "default", among: TokenRange = ours):
        read = backend.storage.claims.read_tokens
        return set(backend.read(read, namespace, worker, among))

    insert(backend, *(new() for _ in range(5)))
    mine = [new_served_token(name) for _ in range(2)]
    [one, _] = claim(backend, limit=2, worker="w", token=mine[0])
    claim(backend, worker="w", token=mine[1])
    claim(backend, worker="w", token=new_served_token(claim_name("another")))
    claim(backend, worker="v", token=new_served_token(name))
    assert tokens() == set(mine)
    assert tokens(namespace="theirs") == tokens(worker="nobody") == set()
    assert tokens(among=TokenRange(mine[0], mine[0])) == {mine[0]}
    finish(backend, done(one))
    assert tokens() == set(mine)
    finish(backend, *(done(held) for held in read_claimed(backend, mine[0])))
    assert tokens() == {mine[1]}


def test_a_claim_tells_of_a_cancellation_that_was_asked_for_before(backend):
    one = claimed(backend)
    request_cancel(backend, one.id)
    [again] = read_claimed(backend, one.token)
    assert again.cancel_requested is True


def test_the_database_clock_gives_the_lease(backend):
    insert(backend, new(), now=None)
    [one] = claim(backend, now=None)
    # The clock may tick between the two columns of one write.
    assert LEASE <= one.lease_until - one.started_at < LEASE + timedelta(seconds=1)
    assert one.run_at <= one.started_at


def test_a_claim_leaves_no_record_of_an_attempt(backend):
    assert attempts(backend, claimed(backend).id) == []


def test_eight_threads_that_enqueue_and_claim_take_every_task_exactly_once(backend):
    parts = [[new() for _ in range(200)] for _ in range(8)]

    def work(part: list[NewTask]) -> list[UUID]:
        insert(backend, *part)
        return drain(backend, "w")

    taken = together(*(partial(work, part) for part in parts))
    assert sorted(chain(*taken)) == sorted(ids(list(chain(*parts))))


@pytest.mark.parametrize("backend", DURABLE, indirect=True)
def test_eight_connections_claim_every_task_exactly_once(backend):
    tasks = [new() for _ in range(400)]
    insert(backend, *tasks)
    twins = [backend.twin() for _ in range(8)]
    taken = together(*(partial(drain, twin, "w") for twin in twins))
    assert sorted(chain(*taken)) == ids(tasks)
