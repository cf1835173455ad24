"""Contract: what people do to single tasks."""

from __future__ import annotations

from functools import partial
from uuid import UUID

import pytest

from rowlock.errors import DuplicateTaskError
from rowlock.model.ids import new_task_id
from rowlock.model.states import TaskState
from rowlock.model.tasks import TaskFailure
from tests.contract.steps import (
    T0,
    after,
    attempts,
    back,
    cancel_running,
    cancel_waiting,
    claim,
    claimed,
    done,
    expire,
    failure,
    finish,
    get,
    ids,
    insert,
    new,
    promote,
    release,
    request_cancel,
    rescue,
    retry,
    seconds,
    state_of,
    together,
)
from tests.support.backends import Backend


def finished(backend: Backend, state: str = "succeeded", **given) -> UUID:
    one = claimed(backend, **given)
    finish(backend, done(one, state=TaskState(state)), now=after(5))
    return one.id


def test_a_queued_task_is_canceled_at_once(backend):
    task = new(priority=2, payload='"' + "x" * 3000 + '"')
    insert(backend, task)
    assert cancel_waiting(backend, task.id, reason="not needed") is True
    stored = get(backend, task.id)
    assert (stored.state, stored.reason, stored.finished_at) == (
        TaskState.CANCELED,
        "not needed",
        T0,
    )
    assert (stored.priority, stored.payload, stored.started_at) == (2, "x" * 3000, None)
    assert claim(backend) == []


def test_a_scheduled_task_is_canceled_at_once(backend):
    task = new(delay=seconds(60))
    insert(backend, task)
    assert cancel_waiting(backend, task.id) is True
    assert promote(backend, now=after(99)) == []


def test_a_retrying_task_keeps_its_error_when_it_is_canceled(backend):
    one = claimed(backend)
    release(backend, back(one, delay=seconds(60), error=failure()))
    assert cancel_waiting(backend, one.id) is True
    task = get(backend, one.id)
    assert (task.state, task.attempt) == (TaskState.CANCELED, 1)
    assert task.error == TaskFailure(type="ValueError", message="boom")


def test_a_running_task_does_not_wait(backend):
    one = claimed(backend)
    assert cancel_waiting(backend, one.id) is False
    assert state_of(backend, one.id) is TaskState.RUNNING


def test_a_finished_task_does_not_wait(backend):
    assert cancel_waiting(backend, finished(backend)) is False


def test_an_unknown_task_is_not_canceled(backend):
    task_id = new_task_id()
    assert cancel_waiting(backend, task_id) is False
    assert request_cancel(backend, task_id) is False
    assert cancel_running(backend, task_id) is False


@pytest.mark.parametrize("name", ["cancel_waiting", "cancel_running", "retry_finished"])
def test_a_task_of_another_namespace_is_left_alone(backend, name):
    waiting, running, over = new(), claimed(backend), finished(backend)
    insert(backend, waiting)
    extra = {"attempts": 1} if name == "retry_finished" else {"reason": "x"}
    plan = getattr(backend.storage.operate, name)
    answers = [
        backend.run(plan, "other", task_id, now=T0, **extra)
        for task_id in (waiting.id, running.id, over)
    ]
    assert answers == [False, False, False]
    assert state_of(backend, waiting.id) is TaskState.QUEUED
    assert state_of(backend, running.id) is TaskState.RUNNING


def test_a_request_to_cancel_stays_within_its_namespace(backend):
    one = claimed(backend)
    assert backend.run(backend.storage.operate.request_cancel, "other", one.id) is False
    assert get(backend, one.id).cancel_requested is False


def test_a_running_task_is_asked_to_cancel(backend):
    one = claimed(backend)
    assert request_cancel(backend, one.id) is True
    task = get(backend, one.id)
    assert (task.state, task.cancel_requested) == (TaskState.RUNNING, True)


def test_a_second_request_to_cancel_is_answered_like_the_first(backend):
    one = claimed(backend)
    request_cancel(backend, one.id)
    assert request_cancel(backend, one.id) is True


def test_what_does_not_run_is_not_asked_to_cancel(backend):
    task = new()
    insert(backend, task)
    assert request_cancel(backend, task.id) is False
    assert request_cancel(backend, finished(backend)) is False


def test_a_running_task_is_canceled_by_force(backend):
    one = claimed(backend, unique_key="k")
    assert cancel_running(backend, one.id, reason="stuck") is True
    task = get(backend, one.id)
    assert (task.state, task.reason, task.finished_at) == (TaskState.CANCELED, "stuck", T0)
    assert (task.worker, task.started_at, task.attempt) == ("w1", T0, 1)
    assert len(insert(backend, new(unique_key="k"))) == 1


def test_the_holder_of_a_task_canceled_by_force_can_settle_nothing(backend):
    one = claimed(backend)
    cancel_running(backend, one.id)
    assert finish(backend, done(one)) == set()
    assert release(backend, back(one)) == set()
    assert state_of(backend, one.id) is TaskState.CANCELED


def test_what_does_not_run_is_not_canceled_by_force(backend):
    over, waiting = finished(backend), new()
    insert(backend, waiting)
    assert cancel_running(backend, waiting.id) is False
    assert cancel_running(backend, over) is False
    assert state_of(backend, waiting.id) is TaskState.QUEUED


def test_a_claim_and_a_cancel_that_race_do_not_both_win(backend):
    tasks = [new() for _ in range(40)]
    insert(backend, *tasks)
    other = backend.twin()
    batches, canceled = together(
        lambda: [claim(backend) for _ in tasks],
        lambda: [task.id for task in tasks if cancel_waiting(other, task.id)],
    )
    taken = {one.id for batch in batches for one in batch}
    assert taken.isdisjoint(canceled)
    assert taken | set(canceled) == set(ids(tasks))
    assert {state_of(backend, task_id) for task_id in canceled} <= {TaskState.CANCELED}


def test_a_settle_and_a_forced_cancel_that_race_do_not_both_win(backend):
    insert(backend, *(new() for _ in range(40)))
    claims = claim(backend, limit=40)
    other = backend.twin()
    settled, canceled = together(
        lambda: [one.id for one in claims if finish(backend, done(one))],
        lambda: [one.id for one in claims if cancel_running(other, one.id)],
    )
    assert set(settled).isdisjoint(canceled)
    assert set(settled) | set(canceled) == set(ids(claims))
    assert {state_of(backend, one) for one in settled} <= {TaskState.SUCCEEDED}
    assert {state_of(backend, one) for one in canceled} <= {TaskState.CANCELED}


def test_a_release_and_a_request_to_cancel_that_race_lose_neither(backend):
    insert(backend, *(new() for _ in range(40)))
    claims = claim(backend, limit=40)
    other = backend.twin()
    released, asked = together(
        lambda: [one.id for one in claims if release(backend, back(one))],
        lambda: [one.id for one in claims if request_cancel(other, one.id)],
    )
    assert released == ids(claims)
    canceled = [one.id for one in claims if state_of(backend, one.id) is TaskState.CANCELED]
    assert canceled == asked


@pytest.mark.parametrize("state", ["succeeded", "failed", "canceled"])
def test_a_finished_task_is_put_back_in_line(backend, state):
    task_id = finished(backend, state, priority=3, tags='["red"]', options='{"timeout":2.0}')
    assert retry(backend, task_id, attempts=2, now=after(9)) is True
    task = get(backend, task_id)
    assert (task.state, task.run_at, task.created_at) == (TaskState.QUEUED, after(9), T0)
    assert (task.attempt, task.max_attempts, task.crashes) == (1, 3, 0)
    assert (task.priority, task.tags, task.timeout) == (3, ("red",), seconds(2))
    assert (task.progress, task.finished_at, task.started_at) == (0, None, None)
    assert (task.result, task.reason, task.cancel_requested) == (None, None, False)


def test_a_retried_task_runs_again_under_its_id(backend):
    task_id = finished(backend)
    retry(backend, task_id)
    [again] = claim(backend)
    assert (again.id, again.attempt) == (task_id, 2)
    assert finish(backend, done(again, result='"second"')) == {task_id}
    assert get(backend, task_id).result == "second"


def test_a_large_payload_outlives_a_retry(backend):
    task_id = finished(backend, payload='"' + "x" * 3000 + '"')
    retry(backend, task_id)
    assert len(claim(backend)[0].payload) == 3002


def test_the_run_before_a_retry_is_on_record(backend):
    one = claimed(backend)
    finish(backend, done(one, state=TaskState.FAILED, error=failure()), now=after(5))
    retry(backend, one.id)
    [run] = attempts(backend, one.id)
    assert (run.attempt, run.worker, run.outcome) == (1, "w1", "failed")
    assert (run.started_at, run.finished_at) == (T0, after(5))
    assert run.error == TaskFailure(type="ValueError", message="boom")


def test_a_success_before_a_retry_is_on_record_as_retried(backend):
    task_id = finished(backend)
    retry(backend, task_id)
    assert [run.outcome for run in attempts(backend, task_id)] == ["retried"]


def test_earlier_attempts_are_kept_by_a_retry(backend):
    one = claimed(backend)
    release(backend, back(one), now=after(1))
    [two] = claim(backend, now=after(2))
    finish(backend, done(two, state=TaskState.FAILED), now=after(3))
    retry(backend, one.id, now=after(4))
    assert [run.attempt for run in attempts(backend, one.id)] == [1, 2]


def test_a_task_that_never_ran_leaves_no_record_of_a_run(backend):
    task = new(lifetime=seconds(1))
    insert(backend, task)
    expire(backend, now=after(1))
    assert retry(backend, task.id, now=after(2)) is True
    stored = get(backend, task.id, now=after(2))
    assert (stored.state, stored.expires_at, stored.attempt) == (TaskState.QUEUED, None, 0)
    assert attempts(backend, task.id) == []


def test_a_task_canceled_by_force_has_its_run_on_record_after_a_retry(backend):
    one = claimed(backend)
    cancel_running(backend, one.id)
    retry(backend, one.id)
    assert [(run.outcome, run.worker) for run in attempts(backend, one.id)] == [("canceled", "w1")]


def test_the_settle_of_the_run_before_a_retry_is_still_recognised(backend):
    one = claimed(backend)
    finish(backend, done(one))
    retry(backend, one.id)
    [again] = claim(backend)
    assert finish(backend, done(one, result='"late"')) == {one.id}
    assert state_of(backend, one.id) is TaskState.RUNNING
    assert finish(backend, done(again)) == {one.id}


def test_a_retry_after_crashes_begins_to_count_them_again(backend):
    one = claimed(backend, max_crashes=1)
    rescue(backend, now=after(31))
    retry(backend, one.id, attempts=4)
    task = get(backend, one.id)
    assert (task.attempt, task.max_attempts, task.crashes, task.max_crashes) == (1, 5, 0, 1)


def test_the_error_is_seen_until_the_retried_task_ends(backend):
    one = claimed(backend)
    finish(backend, done(one, state=TaskState.FAILED, error=failure()))
    retry(backend, one.id)
    assert get(backend, one.id).error == TaskFailure(type="ValueError", message="boom")


def test_what_is_not_finished_is_not_retried(backend):
    running, waiting = claimed(backend), new()
    insert(backend, waiting)
    assert retry(backend, running.id) is False
    assert retry(backend, waiting.id) is False
    assert retry(backend, new_task_id()) is False
    assert state_of(backend, running.id) is TaskState.RUNNING


def test_a_task_is_retried_once(backend):
    task_id = finished(backend)
    assert retry(backend, task_id) is True
    assert retry(backend, task_id) is False


def test_a_deleted_task_is_not_retried(backend):
    task_id = finished(backend)
    backend.execute("UPDATE rowlock_history SET deleted_at = finished_at")
    assert retry(backend, task_id) is False


def test_a_retried_task_takes_its_key_again(backend):
    task_id = finished(backend, unique_key="k")
    retry(backend, task_id)
    assert insert(backend, new(unique_key="k")) == set()


def test_a_retry_whose_key_is_taken_changes_nothing(backend):
    task_id = finished(backend, unique_key="k")
    holder = new(unique_key="k")
    insert(backend, holder)
    before = get(backend, task_id)
    with pytest.raises(DuplicateTaskError) as refused:
        retry(backend, task_id)
    assert (refused.value.task_id, refused.value.unique_key) == (holder.id, "k")
    assert (get(backend, task_id), attempts(backend, task_id)) == (before, [])


def test_of_two_retries_that_race_one_wins(backend):
    insert(backend, *(new() for _ in range(20)))
    claims = claim(backend, limit=20)
    finish(backend, *(done(one) for one in claims))
    other = backend.twin()
    mine, theirs = together(
        lambda: [retry(backend, one.id) for one in claims],
        lambda: [retry(other, one.id) for one in claims],
    )
    assert [one + two for one, two in zip(mine, theirs, strict=True)] == [1] * 20
    assert [len(attempts(backend, one.id)) for one in claims] == [1] * 20


def test_of_16_retries_that_race_one_wins(backend):
    task_id = finished(backend)
    assert sum(together(*(partial(retry, backend, task_id) for _ in range(16)))) == 1


def test_a_retry_and_an_enqueue_that_race_for_a_key_do_not_both_win(backend):
    task_id = finished(backend, unique_key="k")
    other = backend.twin()

    def try_retry() -> bool:
        try:
            return retry(backend, task_id)
        except DuplicateTaskError:
            return False

    retried, inserted = together(try_retry, lambda: len(insert(other, new(unique_key="k"))))
    assert retried + inserted == 1
