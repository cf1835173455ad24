"""Contract: a worker that is known to be dead holds nothing any more."""

from __future__ import annotations

from rowlock.model.states import TaskState
from tests.contract.steps import (
    T0,
    attempts,
    back,
    claim,
    claimed,
    done,
    end_leases,
    finish,
    get,
    held,
    ids,
    insert,
    new,
    release,
    renew,
    rescue,
    seconds,
    state_of,
)


def test_what_a_dead_worker_held_is_rescued_at_once(backend):
    """C145."""
    insert(backend, new(), new(), new())
    claim(backend, limit=2, worker="dead")
    assert end_leases(backend, "dead") == 2
    assert len(rescue(backend, now=T0, grace=seconds(2))) == 2
    again = claim(backend, limit=9, worker="other")
    assert [(one.attempt, one.crashes) for one in again] == [(2, 1), (2, 1), (1, 0)]


def test_what_others_hold_is_left_alone(backend):
    insert(backend, new(), new(queue="x"))
    [ours] = claim(backend, worker="alive")
    insert(backend, new(), namespace="elsewhere")
    [elsewhere] = claim(backend, worker="dead", namespace="elsewhere")
    assert end_leases(backend, "dead") == 0
    assert rescue(backend, now=T0) == []
    assert finish(backend, done(ours), done(elsewhere)) == {ours.id, elsewhere.id}


def test_a_crash_is_charged_and_recorded(backend):
    one = new(max_attempts=1, max_crashes=2)
    insert(backend, one)
    for _ in range(2):
        claim(backend, worker="dead")
        end_leases(backend, "dead")
        rescue(backend, now=T0)
    task = get(backend, one.id)
    assert (task.state, task.crashes, task.reason) == (TaskState.FAILED, 2, "crash_loop")
    assert [one.outcome for one in attempts(backend, one.id)] == ["lost"]


def test_the_late_result_of_a_dead_worker_is_refused(backend):
    """C145."""
    one = claimed(backend)
    end_leases(backend, "w1")
    rescue(backend, now=T0)
    assert finish(backend, done(one)) == set()
    assert release(backend, back(one)) == set()
    assert state_of(backend, one.id) is TaskState.QUEUED


def test_a_worker_that_was_not_dead_after_all_may_renew(backend):
    one = claimed(backend)
    end_leases(backend, "w1")
    assert [pulse.held for pulse in renew(backend, held(one))] == [True]
    assert rescue(backend, now=T0) == []


def test_waiting_and_finished_tasks_are_left_alone(backend):
    one = claimed(backend)
    finish(backend, done(one))
    insert(backend, new())
    assert end_leases(backend, "w1") == 0
    assert len(ids(claim(backend, limit=9))) == 1
