"""How long a failed task waits. Pure."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rowlock import Backoff, RetryPolicy
from rowlock.errors import InvalidValueError

MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("backoff", "minutes"),
    [
        ("none", [0, 0, 0, 0]),
        ("immediate", [0, 0, 0, 0]),
        ("fixed", [2, 2, 2, 2]),
        ("linear", [2, 4, 6, 8]),
        ("quadratic", [2, 8, 18, 32]),
        ("exponential", [2, 4, 8, 16]),
    ],
)
def test_the_delay_grows_as_its_name_says(backoff, minutes):
    """C109, C150."""
    policy = RetryPolicy(backoff=Backoff(backoff), base=2 * MINUTE, jitter=False)
    assert [policy.delay(failures) / MINUTE for failures in (1, 2, 3, 4)] == minutes


def test_the_third_run_waits_four_seconds_after_the_second_failure():
    """C101: 2^n with a base of 2 s."""
    policy = RetryPolicy(backoff=Backoff.EXPONENTIAL, base=timedelta(seconds=2), jitter=False)
    assert policy.delay(2) == timedelta(seconds=4)


@given(st.sampled_from(list(Backoff)), st.integers(1, 10**9), st.floats(0, 1, exclude_max=True))
def test_no_delay_is_negative_or_over_the_cap(backoff, failures, drawn):
    policy = RetryPolicy(backoff=backoff, base=MINUTE, cap=60 * MINUTE)
    assert timedelta(0) <= policy.delay(failures, lambda: drawn) <= 60 * MINUTE


@given(st.sampled_from(list(Backoff)), st.integers(1, 10_000))
def test_the_ceiling_never_shrinks(backoff, failures):
    policy = RetryPolicy(backoff=backoff, base=MINUTE)
    assert policy.ceiling(failures) <= policy.ceiling(failures + 1)


def test_jitter_draws_below_the_ceiling():
    policy = RetryPolicy(backoff=Backoff.FIXED, base=MINUTE)
    assert policy.delay(1, lambda: 0.5) == MINUTE / 2


def test_the_default_is_exponential_with_full_jitter():
    assert RetryPolicy() == RetryPolicy(
        backoff=Backoff.EXPONENTIAL, base=timedelta(seconds=10), cap=timedelta(hours=1), jitter=True
    )


@pytest.mark.parametrize(
    "given_values",
    [{"backoff": "sometimes"}, {"base": -MINUTE}, {"cap": -MINUTE}, {"base": 5}, {"cap": "1h"}],
)
def test_what_cannot_be_computed_is_refused(given_values):
    with pytest.raises(InvalidValueError) as refused:
        RetryPolicy(**given_values)
    assert refused.value.field == "retry"


def test_only_none_never_retries():
    assert [one for one in Backoff if not RetryPolicy(backoff=one).retries] == [Backoff.NONE]
