"""The decision of how an attempt ends, before anything is written."""

from __future__ import annotations

from datetime import timedelta

import pytest

from rowlock import Backoff, Cancel, Fail, Retry, RetryPolicy, Snooze, TaskFailure, TaskState
from rowlock.model import json_text
from rowlock.model.tasks import Finish, Outcome, Release
from rowlock.runtime.ends import end_of_failure, end_of_return, failure_from, hand_back
from tests.runtime.claims import claim

FIXED = RetryPolicy(backoff=Backoff.FIXED, base=timedelta(minutes=2), jitter=False)
BOOM = TaskFailure(type="ValueError", message="boom")


def test_a_failure_with_runs_left_is_released_with_the_policys_delay():
    one = claim(attempt=2, max_attempts=3)
    end = end_of_failure(one, FIXED, BOOM)
    assert isinstance(end, Release)
    assert (end.outcome, end.delay, end.charged) == (Outcome.FAILED, timedelta(minutes=2), True)


def test_the_last_failure_is_final():
    end = end_of_failure(claim(attempt=3, max_attempts=3), FIXED, BOOM, reason="timeout")
    assert isinstance(end, Finish)
    assert (end.state, end.reason) == (TaskState.FAILED, "timeout")


def test_crashes_do_not_count_as_failures():
    end = end_of_failure(claim(attempt=3, crashes=1, max_attempts=3), FIXED, BOOM)
    assert isinstance(end, Release)


def test_the_delay_grows_with_failures_and_not_with_crashes():
    linear = RetryPolicy(backoff=Backoff.LINEAR, base=timedelta(minutes=1), jitter=False)
    end = end_of_failure(claim(attempt=5, crashes=2, max_attempts=9), linear, BOOM)
    assert isinstance(end, Release)
    assert end.delay == timedelta(minutes=3)


def test_a_policy_of_none_makes_every_failure_final():
    end = end_of_failure(claim(), RetryPolicy(backoff=Backoff.NONE), BOOM)
    assert isinstance(end, Finish)


def test_an_immediate_policy_keeps_the_place_in_the_line():
    end = end_of_failure(claim(), RetryPolicy(backoff=Backoff.IMMEDIATE), BOOM)
    assert isinstance(end, Release)
    assert end.delay is None


@pytest.mark.parametrize("value", [None, 0, False, "", []])
def test_a_value_is_a_success(value):
    end = end_of_return(claim(), value, FIXED)
    assert isinstance(end, Finish)
    assert end.state is TaskState.SUCCEEDED


@pytest.mark.parametrize(("value", "result"), [(None, None), (False, "false")])
def test_no_value_is_stored_as_no_result(value, result):
    end = end_of_return(claim(), value, FIXED)
    assert isinstance(end, Finish)
    assert end.result == result


def test_a_snooze_is_not_charged():
    end = end_of_return(claim(attempt=3, max_attempts=3), Snooze("5m"), FIXED)
    assert isinstance(end, Release)
    assert (end.delay, end.charged) == (timedelta(minutes=5), False)


def test_a_retry_is_charged_and_decides_when():
    end = end_of_return(claim(), Retry("5m", reason="why"), RetryPolicy(backoff=Backoff.NONE))
    assert isinstance(end, Release)
    assert (end.delay, end.charged) == (timedelta(minutes=5), True)
    assert json_text.decode(end.error or "") == {"type": "Retry", "message": "why"}


def test_a_retry_without_a_time_leaves_it_to_the_policy():
    end = end_of_return(claim(), Retry(), FIXED)
    assert isinstance(end, Release)
    assert end.delay == FIXED.base


@pytest.mark.parametrize("value", [Retry("5m"), Retry()])
def test_a_retry_of_the_last_attempt_is_a_failure(value):
    end = end_of_return(claim(attempt=3, max_attempts=3), value, FIXED)
    assert isinstance(end, Finish)
    assert end.state is TaskState.FAILED


def test_a_cancel_is_final_with_its_reason():
    end = end_of_return(claim(), Cancel("why"), FIXED)
    assert isinstance(end, Finish)
    assert isinstance(end, Finish)
    assert (end.state, end.reason) == (TaskState.CANCELED, "why")


def test_a_fail_without_retry_is_final():
    end = end_of_return(claim(), Fail("why", retry=False), FIXED)
    assert isinstance(end, Finish)
    assert json_text.decode(end.error or "") == {"type": "Fail", "message": "why"}


def test_a_hand_back_is_not_charged_and_keeps_its_place():
    end = hand_back(claim())
    assert isinstance(end, Release)
    assert isinstance(end, Release)
    assert (end.outcome, end.delay, end.charged) == (Outcome.HANDED_BACK, None, False)


def test_a_failure_is_bounded_visibly_and_keeps_the_end_of_its_traceback():
    failure = failure_from(ValueError("x" * 100_000 + "the end"))
    assert failure.message == "x" * 10_000 + "… (90,007 more characters)"
    before, _, kept = (failure.traceback or "").partition(" …")
    assert before.endswith("characters left out)")
    assert len(kept) == 50_000
    assert kept.endswith("the end\n")


def test_a_cause_is_in_the_traceback():
    error = ValueError("second")
    error.__cause__ = KeyError("first")
    text = failure_from(error).traceback or ""
    assert "KeyError: 'first'" in text
    assert "direct cause" in text
