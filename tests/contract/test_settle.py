"""Contract: heartbeats, and ends of attempts that are the end of the task."""

from __future__ import annotations

import threading
from functools import partial
from typing import Self

import pytest

from rowlock.model.ids import new_task_id, new_token
from rowlock.model.states import TaskState
from rowlock.model.tasks import Claim, Finish, Held, Pulse
from rowlock.plan import BEGIN, Plan
from tests.contract.steps import (
    WAIT_SECONDS,
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
    held,
    ids,
    insert,
    new,
    release,
    renew,
    request_cancel,
    rescue,
    seconds,
    state_of,
    together,
)
from tests.support.backends import SERVERS, Backend

BLOCKED_SECONDS = 0.3


class OpenSettle:
    """Finishes a task in a transaction that stays open until it is told to roll back."""

    def __init__(self, backend: Backend, one: Claim) -> None:
        self._backend, self._one = backend, one
        self.written, self._leave = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self.written.wait(WAIT_SECONDS)
        return self

    def __exit__(self, *_: object) -> None:
        self._leave.set()
        self._thread.join(WAIT_SECONDS)

    def leave_after(self, wait_seconds: float) -> None:
        timer = threading.Timer(wait_seconds, self._leave.set)
        timer.daemon = True
        timer.start()

    def _run(self) -> None:
        with pytest.raises(ZeroDivisionError):
            self._backend.run(self._plan)

    def _plan(self) -> Plan[None]:
        yield BEGIN
        yield from self._backend.storage.claims.finish_tasks([done(self._one)])
        self.written.set()
        self._leave.wait(WAIT_SECONDS)
        raise ZeroDivisionError


def test_a_heartbeat_extends_the_lease(backend):
    one = claimed(backend)
    assert renew(backend, held(one, seconds(40)), now=after(20)) == [Pulse(one.id, True, False)]
    assert get(backend, one.id).lease_until == after(60)


def test_a_heartbeat_that_changes_nothing_still_holds(backend):
    one = claimed(backend)
    renew(backend, held(one))
    assert renew(backend, held(one)) == [Pulse(one.id, True, False)]


def test_a_heartbeat_renews_many_claims_each_with_its_lease(backend):
    insert(backend, new(), new())
    first, second = claim(backend, limit=2)
    pulses = renew(backend, held(first, seconds(5)), held(second, seconds(7)))
    assert sorted(pulses) == [Pulse(first.id, True, False), Pulse(second.id, True, False)]
    assert get(backend, first.id).lease_until == after(5)
    assert get(backend, second.id).lease_until == after(7)


def test_a_heartbeat_of_nothing_is_answered_by_nothing(backend):
    assert renew(backend) == []


def test_a_heartbeat_with_a_wrong_token_is_lost(backend):
    one = claimed(backend)
    assert renew(backend, Held(one.id, new_token(), seconds(99))) == [Pulse(one.id, False, False)]
    assert get(backend, one.id).lease_until == after(30)


def test_a_heartbeat_with_the_token_of_another_task_is_lost(backend):
    first, second = claimed(backend), claimed(backend)
    assert renew(backend, Held(first.id, second.token, seconds(9))) == [
        Pulse(first.id, False, False)
    ]


def test_one_lost_claim_does_not_cost_the_others_their_heartbeat(backend):
    mine, lost = claimed(backend), claimed(backend)
    finish(backend, done(lost))
    assert sorted(renew(backend, held(mine), held(lost))) == sorted(
        [Pulse(mine.id, True, False), Pulse(lost.id, False, False)]
    )


def test_a_heartbeat_of_an_unknown_task_is_lost(backend):
    task_id = new_task_id()
    assert renew(backend, Held(task_id, new_token(), seconds(9))) == [Pulse(task_id, False, False)]


def test_an_expired_lease_that_nobody_took_may_be_renewed(backend):
    one = claimed(backend)
    assert renew(backend, held(one), now=after(300)) == [Pulse(one.id, True, False)]
    assert rescue(backend, now=after(301)) == []


def test_a_heartbeat_after_a_rescue_is_lost(backend):
    one = claimed(backend)
    rescue(backend, now=after(31))
    assert renew(backend, held(one), now=after(32)) == [Pulse(one.id, False, False)]


def test_a_heartbeat_delivers_a_request_to_cancel(backend):
    one = claimed(backend)
    request_cancel(backend, one.id)
    assert renew(backend, held(one)) == [Pulse(one.id, True, True)]


def test_a_heartbeat_that_meets_an_open_settle_still_holds_when_that_fails(backend):
    one = claimed(backend)
    with OpenSettle(backend, one) as settle:
        settle.leave_after(BLOCKED_SECONDS)
        assert renew(backend.twin(), held(one)) == [Pulse(one.id, True, False)]
    assert state_of(backend, one.id) is TaskState.RUNNING


@pytest.mark.parametrize("backend", SERVERS, indirect=True)
def test_a_heartbeat_does_not_wait_for_a_locked_row(backend):
    insert(backend, new(), new())
    locked, free = claim(backend, limit=2)
    with OpenSettle(backend, locked):
        pulses = renew(backend.twin(), held(locked), held(free), now=after(10))
    assert sorted(pulses) == [Pulse(locked.id, True, False), Pulse(free.id, True, False)]
    assert get(backend, locked.id).lease_until == after(30)
    assert get(backend, free.id).lease_until == after(40)


@pytest.mark.parametrize("backend", SERVERS, indirect=True)
def test_a_rescue_does_not_wait_for_a_locked_row(backend):
    insert(backend, new(), new())
    locked, free = claim(backend, limit=2)
    with OpenSettle(backend, locked):
        rescued = rescue(backend.twin(), now=after(31))
    assert ids(rescued) == [free.id]


@pytest.mark.parametrize("state", ["succeeded", "failed", "canceled", "expired"])
def test_a_task_ends_in_the_state_that_was_given(backend, state):
    one = claimed(backend)
    assert finish(backend, done(one, state=TaskState(state)), now=after(5)) == {one.id}
    task = get(backend, one.id)
    assert (task.state, task.finished_at, task.started_at) == (TaskState(state), after(5), after(0))
    assert (task.worker, task.attempt, task.lease_until) == ("w1", 1, None)


def test_a_finished_task_keeps_what_it_was(backend):
    one = claimed(backend, priority=4, unique_key="k", tags='["red"]', options='{"timeout":2.0}')
    finish(backend, done(one))
    task = get(backend, one.id)
    assert (task.priority, task.unique_key, task.tags) == (4, "k", ("red",))
    assert (task.timeout, task.payload, task.definition) == (seconds(2), {"a": 1}, "hello")
    assert (task.created_at, task.run_at, task.max_attempts) == (after(0), after(0), 3)


def test_a_result_is_stored(backend):
    one = claimed(backend)
    finish(backend, done(one, result='{"url":"https://example.org/ü?a=1&b=2","n":[1,2.5,null]}'))
    assert get(backend, one.id).result == {
        "url": "https://example.org/ü?a=1&b=2",
        "n": [1, 2.5, None],
    }


def test_a_large_result_is_stored(backend):
    one = claimed(backend)
    finish(backend, done(one, result='"' + "r" * 300_000 + '"'))
    assert get(backend, one.id).result == "r" * 300_000


def test_an_error_and_a_reason_are_stored(backend):
    one = claimed(backend)
    finish(backend, done(one, state=TaskState.FAILED, error=failure("boom"), reason="gave up"))
    task = get(backend, one.id)
    assert task.error is not None
    assert (task.error.type, task.error.message, task.reason) == ("ValueError", "boom", "gave up")


def test_a_success_clears_the_error_of_an_earlier_attempt(backend):
    one = claimed(backend)
    release(backend, back(one, error=failure()))
    [again] = claim(backend)
    finish(backend, done(again))
    assert get(backend, one.id).error is None


def test_success_means_progress_100(backend):
    one = claimed(backend)
    finish(backend, done(one))
    assert get(backend, one.id).progress == 100


def test_a_failure_keeps_the_progress_it_made(backend):
    one = claimed(backend)
    backend.execute("UPDATE rowlock_task SET progress = 45")
    finish(backend, done(one, state=TaskState.FAILED))
    assert get(backend, one.id).progress == 45


def test_a_finished_task_is_not_claimed_again(backend):
    one = claimed(backend)
    finish(backend, done(one))
    assert claim(backend) == []


def test_a_finish_leaves_no_record_besides_the_task(backend):
    one = claimed(backend)
    finish(backend, done(one))
    assert attempts(backend, one.id) == []


def test_a_wrong_token_is_refused(backend):
    one = claimed(backend)
    assert finish(backend, done(one)._replace(token=new_token())) == set()
    assert state_of(backend, one.id) is TaskState.RUNNING


def test_the_token_of_another_task_is_refused(backend):
    mine, other = claimed(backend), claimed(backend)
    assert finish(backend, done(mine)._replace(token=other.token)) == set()
    assert state_of(backend, mine.id) is TaskState.RUNNING


def test_a_task_that_does_not_run_is_not_finished(backend):
    task = new()
    insert(backend, task)
    assert finish(backend, Finish(task.id, new_token(), TaskState.SUCCEEDED)) == set()
    assert state_of(backend, task.id) is TaskState.QUEUED


def test_an_unknown_task_is_not_finished(backend):
    assert finish(backend, Finish(new_task_id(), new_token(), TaskState.SUCCEEDED)) == set()


def test_nothing_is_finished_for_nothing(backend):
    assert finish(backend) == set()


def test_a_repeated_settle_is_recognised_and_changes_nothing(backend):
    one = claimed(backend)
    finish(backend, done(one, result="1"), now=after(1))
    assert finish(backend, done(one, result="2"), now=after(2)) == {one.id}
    task = get(backend, one.id)
    assert (task.result, task.finished_at) == (1, after(1))


def test_a_finish_after_a_release_with_the_same_token_is_taken_for_a_repetition(backend):
    one = claimed(backend)
    release(backend, back(one))
    assert finish(backend, done(one)) == {one.id}
    assert state_of(backend, one.id) is TaskState.QUEUED


def test_another_token_is_refused_after_the_end(backend):
    one = claimed(backend)
    finish(backend, done(one, result="1"))
    assert finish(backend, done(one, result="2")._replace(token=new_token())) == set()
    assert get(backend, one.id).result == 1


def test_a_settle_after_a_rescue_is_refused(backend):
    one = claimed(backend)
    rescue(backend, now=after(31))
    assert finish(backend, done(one)) == set()
    assert state_of(backend, one.id) is TaskState.QUEUED


def test_a_settle_after_a_rescue_does_not_touch_the_next_holder(backend):
    first = claimed(backend)
    rescue(backend, now=after(31))
    [second] = claim(backend, worker="w2", now=after(31))
    assert finish(backend, done(first, state=TaskState.FAILED, error=failure())) == set()
    assert finish(backend, done(second, result='"second"')) == {second.id}
    assert get(backend, first.id).result == "second"


def test_a_settle_after_a_forced_cancel_is_refused(backend):
    one = claimed(backend)
    cancel_running(backend, one.id)
    assert finish(backend, done(one)) == set()
    assert state_of(backend, one.id) is TaskState.CANCELED


def test_a_finish_after_a_request_to_cancel_says_what_happened(backend):
    one = claimed(backend)
    request_cancel(backend, one.id)
    assert finish(backend, done(one)) == {one.id}
    assert state_of(backend, one.id) is TaskState.SUCCEEDED


def test_a_batch_settles_all_but_the_one_that_is_lost(backend):
    insert(backend, new(), new(), new())
    first, lost, third = claim(backend, limit=3)
    cancel_running(backend, lost.id)
    ends = [done(first), done(lost), done(third, state=TaskState.FAILED)]
    assert finish(backend, *ends) == {first.id, third.id}
    states = [state_of(backend, one.id) for one in (first, lost, third)]
    assert states == [TaskState.SUCCEEDED, TaskState.CANCELED, TaskState.FAILED]


def test_a_batch_half_of_which_is_a_repetition_is_settled_as_a_whole(backend):
    insert(backend, new(), new())
    first, second = claim(backend, limit=2)
    finish(backend, done(first))
    assert finish(backend, done(second), done(first)) == {first.id, second.id}


def test_each_end_of_a_batch_gets_its_own_outcome(backend):
    insert(backend, new(), new())
    first, second = claim(backend, limit=2)
    finish(backend, done(second, result="2"), done(first, result="1"))
    assert (get(backend, first.id).result, get(backend, second.id).result) == (1, 2)


def test_five_hundred_tasks_are_settled_by_one_call(backend):
    insert(backend, *(new() for _ in range(500)))
    claims = claim(backend, limit=500)
    assert finish(backend, *(done(one) for one in reversed(claims))) == set(ids(claims))


def test_two_settles_of_one_claim_record_one_outcome(backend):
    insert(backend, *(new() for _ in range(8)))
    claims = claim(backend, limit=8)
    other = backend.twin()
    good = [done(one, result="1") for one in claims]
    bad = [done(one, state=TaskState.FAILED) for one in reversed(claims)]
    together(partial(finish, backend, *good), partial(finish, other, *bad))
    tasks = [get(backend, one.id) for one in claims]
    assert {(task.state, task.result) for task in tasks} <= {
        (TaskState.SUCCEEDED, 1),
        (TaskState.FAILED, None),
    }


def test_settles_that_cross_in_any_order_do_not_fail(backend):
    insert(backend, *(new() for _ in range(100)))
    claims = claim(backend, limit=100)
    other = backend.twin()
    mine, theirs = [done(one) for one in claims], [done(one) for one in reversed(claims)]
    assert together(partial(finish, backend, *mine), partial(finish, other, *theirs)) == [
        set(ids(claims)),
        set(ids(claims)),
    ]


def test_an_end_that_must_be_its_own_is_recorded_once(backend):
    one = claimed(backend)
    finish_held = backend.storage.claims.finish_held
    assert backend.run(finish_held, done(one)) is True
    assert state_of(backend, one.id) is TaskState.SUCCEEDED
    assert backend.run(finish_held, done(one)) is False
    assert finish(backend, done(one)) == {one.id}


def test_an_end_that_must_be_its_own_is_refused_with_another_token(backend):
    one = claimed(backend)
    stale = done(one)._replace(token=new_token())
    assert backend.run(backend.storage.claims.finish_held, stale) is False
    assert state_of(backend, one.id) is TaskState.RUNNING
