"""Contract: ends of attempts after which the task waits again."""

from __future__ import annotations

import pytest

from rowlock.model.ids import new_token
from rowlock.model.states import TaskState
from rowlock.model.tasks import Outcome, TaskFailure
from tests.contract.steps import (
    after,
    attempts,
    back,
    cancel_running,
    claim,
    claimed,
    done,
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
    seconds,
    state_of,
)

BOOM = TaskFailure(type="ValueError", message="boom")


def test_a_failed_attempt_waits_for_its_delay(backend):
    one = claimed(backend)
    assert release(backend, back(one, delay=seconds(8), error=failure()), now=after(2)) == {one.id}
    task = get(backend, one.id)
    assert (task.state, task.run_at, task.attempt) == (TaskState.RETRYING, after(10), 1)
    assert (task.started_at, task.lease_until, task.error) == (None, None, BOOM)


def test_a_retrying_task_is_claimed_once_it_is_due(backend):
    one = claimed(backend)
    release(backend, back(one, delay=seconds(8)))
    assert promote(backend, now=after(7)) == []
    assert claim(backend, now=after(7)) == []
    promote(backend, now=after(8))
    [again] = claim(backend, now=after(8))
    assert (again.id, again.attempt, again.run_at) == (one.id, 2, after(8))


def test_a_retry_without_delay_keeps_its_place_in_the_line(backend):
    first, second = new(), new()
    insert(backend, first, second)
    [one] = claim(backend)
    release(backend, back(one), now=after(60))
    task = get(backend, one.id)
    assert (task.state, task.run_at) == (TaskState.QUEUED, after(0))
    assert ids(claim(backend, limit=2)) == [first.id, second.id]


@pytest.mark.parametrize("outcome", [Outcome.SNOOZED, Outcome.HANDED_BACK])
def test_an_attempt_that_is_not_charged_is_given_back(backend, outcome):
    one = claimed(backend)
    release(backend, back(one, outcome, delay=seconds(5)))
    assert get(backend, one.id).attempt == 0
    promote(backend, now=after(5))
    assert claim(backend, now=after(5))[0].attempt == 1


def test_a_snoozed_first_attempt_is_shown_as_scheduled(backend):
    one = claimed(backend)
    release(backend, back(one, Outcome.SNOOZED, delay=seconds(5)))
    assert state_of(backend, one.id) is TaskState.SCHEDULED


def test_a_failed_attempt_is_charged(backend):
    one = claimed(backend)
    release(backend, back(one, Outcome.FAILED))
    assert get(backend, one.id).attempt == 1


def test_a_hand_back_without_delay_keeps_its_place(backend):
    first, second = new(), new()
    insert(backend, first, second)
    [one] = claim(backend)
    release(backend, back(one, Outcome.HANDED_BACK), now=after(60))
    assert ids(claim(backend, limit=2)) == [first.id, second.id]


def test_a_release_records_the_attempt(backend):
    one = claimed(backend)
    release(backend, back(one, delay=seconds(1), error=failure()), now=after(3))
    [attempt] = attempts(backend, one.id)
    assert (attempt.task_id, attempt.attempt, attempt.worker) == (one.id, 1, "w1")
    assert (attempt.started_at, attempt.finished_at) == (after(0), after(3))
    assert (attempt.outcome, attempt.error) == ("failed", BOOM)


def test_attempts_are_recorded_oldest_first(backend):
    one = claimed(backend)
    release(backend, back(one, Outcome.SNOOZED), now=after(1))
    [two] = claim(backend, worker="w2", now=after(1))
    release(backend, back(two, Outcome.FAILED, error=failure("again")), now=after(2))
    [three] = claim(backend, worker="w3", now=after(2))
    release(backend, back(three, Outcome.HANDED_BACK), now=after(3))
    seen = [(run.outcome, run.worker, run.attempt) for run in attempts(backend, one.id)]
    assert seen == [("snoozed", "w1", 1), ("failed", "w2", 1), ("handed_back", "w3", 2)]


def test_the_error_stays_while_the_task_waits(backend):
    one = claimed(backend)
    release(backend, back(one, error=failure()))
    [again] = claim(backend)
    release(backend, back(again, Outcome.HANDED_BACK))
    assert get(backend, one.id).error == BOOM


def test_a_unique_key_is_held_while_the_task_waits_again(backend):
    one = claimed(backend, unique_key="k")
    release(backend, back(one, delay=seconds(5)))
    assert insert(backend, new(unique_key="k")) == set()


def test_what_was_asked_to_cancel_ends_instead(backend):
    one = claimed(backend, unique_key="k")
    request_cancel(backend, one.id)
    assert release(backend, back(one, delay=seconds(5), error=failure()), now=after(2)) == {one.id}
    task = get(backend, one.id)
    assert (task.state, task.reason, task.error) == (TaskState.CANCELED, "canceled", BOOM)
    assert (task.started_at, task.finished_at, task.worker) == (after(0), after(2), "w1")
    assert claim(backend) == []


def test_what_was_asked_to_cancel_leaves_no_record_besides_the_task(backend):
    one = claimed(backend)
    request_cancel(backend, one.id)
    release(backend, back(one))
    assert attempts(backend, one.id) == []


def test_a_canceled_hand_back_does_not_show_the_error_of_an_earlier_attempt(backend):
    one = claimed(backend)
    release(backend, back(one, error=failure()))
    [again] = claim(backend)
    request_cancel(backend, one.id)
    release(backend, back(again, Outcome.HANDED_BACK))
    task = get(backend, one.id)
    assert (task.state, task.error) == (TaskState.CANCELED, None)


def test_a_repeated_release_is_recognised_and_changes_nothing(backend):
    one = claimed(backend)
    release(backend, back(one, delay=seconds(5)), now=after(1))
    assert release(backend, back(one, delay=seconds(50)), now=after(2)) == {one.id}
    task = get(backend, one.id)
    assert (task.run_at, task.attempt, len(attempts(backend, one.id))) == (after(6), 1, 1)


def test_a_repeated_release_is_recognised_while_the_next_holder_runs(backend):
    one = claimed(backend)
    release(backend, back(one))
    [again] = claim(backend, worker="w2")
    assert release(backend, back(one)) == {one.id}
    assert get(backend, one.id).worker == "w2"
    assert finish(backend, done(again)) == {one.id}


def test_a_repeated_release_of_a_canceled_task_is_recognised(backend):
    one = claimed(backend)
    request_cancel(backend, one.id)
    release(backend, back(one))
    assert release(backend, back(one)) == {one.id}


def test_a_release_after_the_finish_is_taken_for_a_repetition(backend):
    one = claimed(backend)
    finish(backend, done(one))
    assert release(backend, back(one)) == {one.id}
    assert state_of(backend, one.id) is TaskState.SUCCEEDED


def test_a_release_with_a_wrong_token_is_refused(backend):
    one = claimed(backend)
    assert release(backend, back(one)._replace(token=new_token())) == set()
    assert state_of(backend, one.id) is TaskState.RUNNING
    assert attempts(backend, one.id) == []


def test_a_release_after_a_rescue_is_refused(backend):
    one = claimed(backend)
    rescue(backend, now=after(31))
    assert release(backend, back(one, delay=seconds(99)), now=after(32)) == set()
    assert (state_of(backend, one.id), len(attempts(backend, one.id))) == (TaskState.QUEUED, 1)


def test_a_batch_releases_all_but_the_one_that_is_lost(backend):
    insert(backend, new(), new(), new(), new())
    failed, lost, stopped, handed = claim(backend, limit=4)
    cancel_running(backend, lost.id)
    request_cancel(backend, stopped.id)
    ends = [
        back(handed, Outcome.HANDED_BACK),
        back(stopped),
        back(lost),
        back(failed, delay=seconds(9)),
    ]
    assert release(backend, *ends) == {failed.id, stopped.id, handed.id}
    assert [state_of(backend, one.id) for one in (failed, lost, stopped, handed)] == [
        TaskState.RETRYING,
        TaskState.CANCELED,
        TaskState.CANCELED,
        TaskState.QUEUED,
    ]


def test_nothing_is_released_for_nothing(backend):
    assert release(backend) == set()


def test_failures_run_out_by_the_count_of_the_claim(backend):
    one = claimed(backend, max_attempts=2)
    release(backend, back(one))
    [two] = claim(backend)
    assert (one.is_last_attempt, two.is_last_attempt) == (False, True)
