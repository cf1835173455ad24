"""Contract: taking back tasks from workers that went away."""

from __future__ import annotations

from functools import partial

import pytest

from rowlock.model.states import TaskState
from rowlock.storage.upkeep_contract import Rescued
from tests.contract.steps import (
    after,
    attempts,
    back,
    claim,
    claimed,
    done,
    finish,
    get,
    held,
    ids,
    insert,
    new,
    release,
    renew,
    request_cancel,
    rescue,
    retry,
    seconds,
    state_of,
    together,
)


def test_a_task_whose_lease_ran_out_waits_again(backend):
    one = claimed(backend)
    assert rescue(backend, now=after(31)) == [
        Rescued(one.id, "default", "default", one.definition, "w1", final=False)
    ]
    task = get(backend, one.id)
    assert (task.state, task.crashes, task.attempt) == (TaskState.QUEUED, 1, 1)
    assert (task.lease_until, task.started_at) == (None, None)
    assert task.error is not None
    assert task.error.type == "WorkerLost"


def test_a_rescued_task_runs_again_at_its_place_in_the_line(backend):
    first, second = new(), new()
    insert(backend, first, second)
    claim(backend)
    rescue(backend, now=after(31))
    assert ids(claim(backend, limit=2, now=after(31))) == [first.id, second.id]


def test_the_next_attempt_has_the_next_number(backend):
    claimed(backend)
    rescue(backend, now=after(31))
    [again] = claim(backend, now=after(31))
    assert (again.attempt, again.crashes, again.failures) == (2, 1, 1)


def test_a_lease_that_has_not_run_out_is_left_alone(backend):
    one = claimed(backend)
    assert rescue(backend, now=after(30)) == []
    assert state_of(backend, one.id) is TaskState.RUNNING


def test_a_lease_is_left_alone_within_the_grace(backend):
    claimed(backend)
    assert rescue(backend, now=after(35), grace=seconds(5)) == []
    assert len(rescue(backend, now=after(35.000001), grace=seconds(5))) == 1


def test_a_lease_that_ran_out_within_the_reach_is_found(backend):
    one = claimed(backend)
    look = partial(rescue, backend, grace=seconds(5), reach=seconds(10))
    assert look(now=after(35)) == []
    assert ids(look(now=after(45))) == [one.id]


@pytest.mark.parametrize("backend", ["postgres"], indirect=True)
def test_a_lease_that_ran_out_before_the_reach_is_not_walked_to(backend):
    claimed(backend)
    assert rescue(backend, now=after(45.000001), grace=seconds(5), reach=seconds(10)) == []


def test_a_lease_that_was_renewed_meanwhile_is_not_touched(backend):
    one = claimed(backend)
    renew(backend, held(one), now=after(29))
    assert rescue(backend, now=after(31)) == []
    assert finish(backend, done(one)) == {one.id}


def test_a_waiting_task_is_not_rescued(backend):
    insert(backend, new(), new(delay=seconds(5)))
    assert rescue(backend, now=after(9999)) == []


def test_tasks_of_every_namespace_and_queue_are_rescued(backend):
    insert(backend, new(queue="a"), namespace="x")
    insert(backend, new(queue="b"), namespace="y")
    claim(backend, namespace="x", queue="a")
    claim(backend, namespace="y", queue="b")
    rescued = rescue(backend, now=after(31))
    assert sorted((one.namespace, one.queue) for one in rescued) == [("x", "a"), ("y", "b")]


def test_no_more_than_the_limit_is_rescued_and_the_longest_lost_first(backend):
    old = claimed(backend, now=after(-5))
    older = claimed(backend, now=after(-9))
    claimed(backend)
    assert ids(rescue(backend, now=after(60), limit=1)) == [older.id]
    assert ids(rescue(backend, now=after(60), limit=1)) == [old.id]


def test_a_crash_is_recorded_as_an_attempt(backend):
    one = claimed(backend)
    rescue(backend, now=after(31))
    [attempt] = attempts(backend, one.id)
    assert (attempt.outcome, attempt.worker, attempt.attempt) == ("lost", "w1", 1)
    assert (attempt.started_at, attempt.finished_at) == (after(0), after(31))
    assert attempt.error is not None
    assert attempt.error.type == "WorkerLost"


def test_a_crash_is_not_charged_to_max_attempts(backend):
    claimed(backend, max_attempts=1)
    rescue(backend, now=after(31))
    [again] = claim(backend, now=after(31))
    assert (again.failures, again.is_last_attempt) == (1, True)


def test_a_task_that_crashed_max_crashes_times_has_failed(backend):
    one = claimed(backend, max_crashes=2)
    rescue(backend, now=after(31))
    claim(backend, worker="w2", now=after(31))
    assert rescue(backend, now=after(62)) == [
        Rescued(one.id, "default", "default", one.definition, "w2", final=True)
    ]
    task = get(backend, one.id)
    assert (task.state, task.reason, task.crashes) == (TaskState.FAILED, "crash_loop", 2)
    assert (task.attempt, task.worker, task.finished_at) == (2, "w2", after(62))
    assert task.error is not None
    assert task.error.type == "WorkerLost"


def test_max_crashes_1_starts_at_most_once(backend):
    one = claimed(backend, max_attempts=1, max_crashes=1)
    rescue(backend, now=after(31))
    assert claim(backend, now=after(31)) == []
    assert state_of(backend, one.id) is TaskState.FAILED


def test_the_last_run_of_a_crash_loop_is_not_among_the_earlier_attempts(backend):
    one = claimed(backend, max_crashes=2)
    rescue(backend, now=after(31))
    claim(backend, now=after(31))
    rescue(backend, now=after(62))
    assert [run.started_at for run in attempts(backend, one.id)] == [after(0)]


def test_a_retried_crash_loop_has_each_run_on_record_once(backend):
    one = claimed(backend, max_crashes=1)
    rescue(backend, now=after(31))
    retry(backend, one.id, now=after(40))
    assert [run.started_at for run in attempts(backend, one.id)] == [after(0)]


def test_a_task_that_was_asked_to_cancel_ends_canceled(backend):
    one = claimed(backend)
    request_cancel(backend, one.id)
    assert rescue(backend, now=after(31)) == [
        Rescued(one.id, "default", "default", one.definition, "w1", final=True)
    ]
    task = get(backend, one.id)
    assert (task.state, task.reason) == (TaskState.CANCELED, "canceled")


def test_a_failed_task_frees_its_key(backend):
    claimed(backend, unique_key="k", max_crashes=1)
    rescue(backend, now=after(31))
    assert len(insert(backend, new(unique_key="k"))) == 1


def test_a_rescued_task_keeps_its_key(backend):
    claimed(backend, unique_key="k")
    rescue(backend, now=after(31))
    assert insert(backend, new(unique_key="k")) == set()


def test_a_late_settle_is_refused(backend):
    one = claimed(backend)
    rescue(backend, now=after(31))
    assert finish(backend, done(one), now=after(32)) == set()
    assert release(backend, back(one), now=after(32)) == set()


def test_a_late_settle_of_a_crash_loop_is_refused(backend):
    one = claimed(backend, max_crashes=1)
    rescue(backend, now=after(31))
    assert finish(backend, done(one), now=after(32)) == set()
    assert release(backend, back(one), now=after(32)) == set()
    assert state_of(backend, one.id) is TaskState.FAILED


def test_a_batch_takes_back_what_can_run_again_and_ends_what_cannot(backend):
    insert(backend, new(max_crashes=1), new(), new(max_crashes=1), new())
    first, second, third, fourth = claim(backend, limit=4)
    request_cancel(backend, fourth.id)
    final = {one.id: one.final for one in rescue(backend, now=after(31))}
    assert final == {first.id: True, second.id: False, third.id: True, fourth.id: True}
    assert [state_of(backend, one.id) for one in (first, second, third, fourth)] == [
        TaskState.FAILED,
        TaskState.QUEUED,
        TaskState.FAILED,
        TaskState.CANCELED,
    ]


def test_two_rescuers_take_each_task_back_once(backend):
    insert(backend, *(new() for _ in range(30)))
    claims = claim(backend, limit=30)
    other = backend.twin()
    mine, theirs = together(
        partial(rescue, backend, now=after(31)), partial(rescue, other, now=after(31))
    )
    assert sorted(ids(mine) + ids(theirs)) == sorted(ids(claims))
    assert {get(backend, one.id).crashes for one in claims} == {1}


def test_a_settle_and_a_rescue_that_race_do_not_both_win(backend):
    insert(backend, *(new() for _ in range(40)))
    claims = claim(backend, limit=40)
    other = backend.twin()
    settled, rescued = together(
        lambda: [finish(backend, done(one), now=after(31)) for one in claims],
        lambda: [ids(rescue(other, now=after(31), limit=1)) for _ in claims],
    )
    by_settle, by_rescue = set().union(*settled), set().union(*rescued)
    assert by_settle.isdisjoint(by_rescue)
    assert by_settle | by_rescue == set(ids(claims))
    assert {state_of(backend, one) for one in by_settle} <= {TaskState.SUCCEEDED}
    assert {state_of(backend, one) for one in by_rescue} <= {TaskState.QUEUED}


def test_a_heartbeat_and_a_rescue_that_race_do_not_both_win(backend):
    insert(backend, *(new() for _ in range(40)))
    claims = claim(backend, limit=40)
    other = backend.twin()
    pulses, rescued = together(
        lambda: [renew(backend, held(one), now=after(31)) for one in claims],
        lambda: [ids(rescue(other, now=after(31), limit=1)) for _ in claims],
    )
    by_rescue = set().union(*rescued)
    kept = {pulse.id for answer in pulses for pulse in answer if pulse.held}
    lost = set(ids(claims)) - kept
    assert lost <= by_rescue
    still = {one.id for one in claims if state_of(backend, one.id) is TaskState.RUNNING}
    assert still == set(ids(claims)) - by_rescue
