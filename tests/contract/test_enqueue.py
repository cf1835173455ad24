"""Contract: storing tasks."""

from __future__ import annotations

from functools import partial
from uuid import UUID

import pytest

from rowlock.errors import StorageDataError
from rowlock.model.ids import new_task_id
from rowlock.model.states import TaskState
from rowlock.storage.contract import Identity
from tests.contract.steps import (
    LARGE,
    LARGER,
    T0,
    after,
    claim,
    claimed,
    done,
    finish,
    found,
    get,
    ids,
    insert,
    listed,
    new,
    seconds,
    together,
)
from tests.support.backends import Backend


def insert_fresh(backend: Backend, *tasks, now=T0, namespace: str = "default") -> None:
    enqueue = backend.storage.enqueue
    backend.run(enqueue.insert_fresh_tasks, tasks, namespace=namespace, now=now)


def identities(backend: Backend, *task_ids: UUID) -> dict[UUID, Identity]:
    return backend.read(backend.storage.enqueue.read_identities, task_ids)


def test_a_task_is_stored_as_it_was_given(backend):
    task = new(
        queue="emails",
        priority=7,
        unique_key="k",
        tags='["blue","red"]',
        max_attempts=5,
        max_crashes=2,
        lifetime=seconds(60),
        options='{"timeout":1.5}',
    )
    insert(backend, task)
    stored = get(backend, task.id)
    assert (stored.queue, stored.priority, stored.unique_key) == ("emails", 7, "k")
    assert (stored.tags, stored.max_attempts, stored.max_crashes) == (("blue", "red"), 5, 2)
    assert (stored.definition, stored.payload, stored.timeout) == ("hello", {"a": 1}, seconds(1.5))
    assert (stored.created_at, stored.run_at, stored.expires_at) == (T0, T0, after(60))


def test_a_new_task_is_queued_and_has_not_run(backend):
    task = new()
    insert(backend, task)
    stored = get(backend, task.id)
    assert (stored.state, stored.attempt, stored.crashes) == (TaskState.QUEUED, 0, 0)
    assert (stored.progress, stored.progress_message, stored.worker) == (0, None, None)
    assert stored.started_at is stored.finished_at is stored.lease_until is None
    assert (stored.result, stored.error, stored.reason, stored.deleted_at) == (None,) * 4
    assert stored.cancel_requested is False


def test_without_now_the_clock_of_the_database_decides(backend):
    first, second = new(), new(delay=seconds(60))
    insert(backend, first, now=None)
    insert(backend, second, now=None)
    one, two = get(backend, first.id, now=None), get(backend, second.id, now=None)
    assert one.created_at <= two.created_at
    assert (one.run_at, two.run_at) == (one.created_at, two.created_at + seconds(60))
    assert (one.state, two.state) == (TaskState.QUEUED, TaskState.SCHEDULED)


def test_the_inserted_ids_are_returned(backend):
    tasks = [new(), new(), new()]
    assert insert(backend, *tasks) == set(ids(tasks))


def test_no_tasks_are_stored_for_none(backend):
    assert insert(backend) == set()
    assert listed(backend) == []


def test_a_thousand_tasks_are_stored_by_one_call(backend):
    tasks = [new() for _ in range(1000)]
    assert len(insert(backend, *tasks)) == 1000
    assert listed(backend, limit=2000) == sorted(ids(tasks), reverse=True)


def test_a_delayed_task_is_scheduled(backend):
    task = new(delay=seconds(60))
    insert(backend, task)
    stored = get(backend, task.id)
    assert (stored.state, stored.run_at) == (TaskState.SCHEDULED, after(60))


def test_a_task_for_a_later_time_is_scheduled(backend):
    task = new(run_at=after(3600.5))
    insert(backend, task)
    stored = get(backend, task.id)
    assert (stored.state, stored.run_at) == (TaskState.SCHEDULED, after(3600.5))


def test_a_task_for_an_earlier_time_is_queued(backend):
    task = new(run_at=after(-10))
    insert(backend, task)
    stored = get(backend, task.id)
    assert (stored.state, stored.run_at) == (TaskState.QUEUED, after(-10))


def test_the_lifetime_of_a_delayed_task_begins_when_it_is_due(backend):
    task = new(delay=seconds(60), lifetime=seconds(10))
    insert(backend, task)
    assert get(backend, task.id).expires_at == after(70)


def test_a_microsecond_is_kept(backend):
    task = new(run_at=after(0.000001))
    insert(backend, task)
    assert get(backend, task.id).run_at == after(0.000001)


def test_a_taken_id_is_passed_over(backend):
    task = new(payload='{"a":1}')
    insert(backend, task)
    assert insert(backend, task._replace(payload='{"a":2}')) == set()
    assert get(backend, task.id).payload == {"a": 1}


def test_a_taken_id_does_not_hold_up_the_others(backend):
    first, second = new(), new()
    insert(backend, first)
    assert insert(backend, first, second) == {second.id}


def test_a_running_task_keeps_its_id(backend):
    one = claimed(backend)
    assert insert(backend, new(id=one.id), replayed=True) == set()
    assert get(backend, one.id).state is TaskState.RUNNING


def test_an_id_is_taken_in_every_namespace(backend):
    task = new()
    insert(backend, task)
    assert insert(backend, task, namespace="other") == set()
    assert found(backend, task.id, namespace="other") is None


def test_a_replayed_enqueue_of_a_finished_task_runs_nothing(backend):
    one = claimed(backend)
    finish(backend, done(one))
    assert insert(backend, new(id=one.id), replayed=True) == set()
    assert claim(backend) == []
    assert get(backend, one.id).state is TaskState.SUCCEEDED


def test_a_replayed_enqueue_of_a_live_task_changes_nothing(backend):
    task = new(payload='{"a":1}')
    insert(backend, task)
    assert insert(backend, task._replace(payload='{"a":2}'), replayed=True) == set()
    assert get(backend, task.id).payload == {"a": 1}


def test_a_replayed_enqueue_that_never_arrived_is_stored(backend):
    task = new(payload=LARGE)
    assert insert(backend, task, replayed=True) == {task.id}
    assert get(backend, task.id).payload == "x" * 5000


def test_a_replayed_large_payload_is_not_overwritten(backend):
    one = claimed(backend, payload=LARGE)
    finish(backend, done(one))
    insert(backend, new(id=one.id, payload=LARGE.replace("x", "z")), replayed=True)
    assert get(backend, one.id).payload == "x" * 5000


def test_a_replay_that_races_with_the_finish_never_runs_again(backend):
    tasks = [new() for _ in range(20)]
    insert(backend, *tasks)
    claims = claim(backend, limit=20)
    again = backend.twin()
    together(
        *(partial(finish, backend, done(one)) for one in claims[:8]),
        *(partial(insert, again, new(id=one.id), replayed=True) for one in claims[:8]),
    )
    assert claim(backend, limit=20) == []
    assert len(listed(backend, states=("succeeded",))) == 8


def test_a_large_payload_is_read_back(backend):
    task = new(payload=LARGER)
    insert(backend, task)
    assert get(backend, task.id).payload == "y" * 900_000


def test_a_claim_carries_its_large_payload(backend):
    insert(backend, new(payload=LARGE), new(payload='{"a":1}'))
    assert [one.payload for one in claim(backend, limit=2)] == [LARGE, '{"a":1}']


def test_a_large_payload_outlives_the_finish(backend):
    one = claimed(backend, payload=LARGE)
    finish(backend, done(one))
    assert get(backend, one.id).payload == "x" * 5000


def test_payloads_of_both_sizes_are_stored_by_one_call(backend):
    large, small = new(payload=LARGE), new(payload='[1,"é",null]')
    insert(backend, large, small)
    assert (get(backend, large.id).payload, get(backend, small.id).payload) == (
        "x" * 5000,
        [1, "é", None],
    )


@pytest.mark.parametrize("length", [2046, 2047, 2048, 2049])
def test_the_border_between_small_and_large_is_not_seen(backend, length):
    payload = '"' + "é" * (length - 2) + '"'
    one = claimed(backend, payload=payload)
    assert one.payload == payload


def test_fresh_tasks_are_stored(backend):
    tasks = [
        new(priority=3, tags='["red"]', lifetime=seconds(9), options='{"timeout":2.0}'),
        new(delay=seconds(5)),
        new(run_at=after(7)),
        new(definition=None, payload=LARGE),
    ]
    insert_fresh(backend, *tasks)
    first, second, third, fourth = (get(backend, task.id) for task in tasks)
    assert (first.priority, first.tags, first.expires_at) == (3, ("red",), after(9))
    assert (first.state, first.timeout, first.created_at) == (TaskState.QUEUED, seconds(2), T0)
    assert (second.state, second.run_at) == (TaskState.SCHEDULED, after(5))
    assert (third.state, third.run_at) == (TaskState.SCHEDULED, after(7))
    assert (fourth.definition, fourth.payload) == (None, "x" * 5000)


def test_fresh_tasks_may_be_alike_in_turns(backend):
    tasks = [new(queue=f"q{number // 2 % 2}", payload=f"{number}") for number in range(9)]
    insert_fresh(backend, *tasks)
    stored = [get(backend, task.id) for task in tasks]
    assert [one.queue for one in stored] == ["q0", "q0", "q1", "q1", "q0", "q0", "q1", "q1", "q0"]
    assert [one.payload for one in stored] == list(range(9))


def test_fresh_tasks_are_claimed_like_others(backend):
    fresh, other = new(), new()
    insert_fresh(backend, fresh)
    insert(backend, other)
    assert ids(claim(backend, limit=9)) == [fresh.id, other.id]


def test_fresh_tasks_take_the_clock_of_the_database(backend):
    task = new(delay=seconds(60))
    insert_fresh(backend, task, now=None)
    stored = get(backend, task.id, now=None)
    assert stored.run_at == stored.created_at + seconds(60)


def test_five_thousand_fresh_tasks_are_stored(backend):
    tasks = [new() for _ in range(5000)]
    insert_fresh(backend, *tasks)
    assert len(listed(backend, limit=6000)) == 5000


def test_fresh_tasks_with_a_taken_id_are_refused_as_a_whole(backend):
    taken, other = new(), new()
    insert(backend, taken)
    with pytest.raises(StorageDataError):
        insert_fresh(backend, other, taken)
    assert found(backend, other.id) is None


def test_identities_are_read_of_live_and_finished_tasks_in_any_namespace(backend):
    one = claimed(backend, payload='{"a":1}')
    finish(backend, done(one))
    live, large = new(definition=None, payload="[2]"), new(payload=LARGE)
    insert(backend, live, namespace="other")
    insert(backend, large)
    assert identities(backend, one.id, live.id, large.id, new_task_id()) == {
        one.id: Identity("default", "hello", '{"a":1}'),
        live.id: Identity("other", None, "[2]"),
        large.id: Identity("default", "hello", LARGE),
    }
