"""Queues' policies."""

from __future__ import annotations

from datetime import timedelta

import pytest

from rowlock import QueuePolicy, RetryPolicy
from rowlock.errors import InvalidValueError
from rowlock.model.queues import Queue, checked_count, checked_retry, queue_policy


def test_built_in_values_fill_in_what_was_not_set():
    """C105, C29."""
    queue = Queue(namespace="default", name="emails")
    assert (queue.max_attempts, queue.max_crashes, queue.retry) == (4, 3, RetryPolicy())
    assert (queue.lease, queue.retention) == (timedelta(seconds=30), timedelta(days=7))
    assert (queue.lifetime, queue.timeout) == (None, None)


def test_what_was_set_is_what_applies():
    policy = queue_policy(
        lifetime="1h", max_attempts=1, max_crashes=1, lease="1s", retention=0, timeout=5
    )
    queue = Queue(namespace="default", name="emails", policy=policy)
    assert (queue.lifetime, queue.max_attempts, queue.max_crashes) == (timedelta(hours=1), 1, 1)
    assert (queue.lease, queue.retention, queue.timeout) == (
        timedelta(seconds=1), timedelta(0), timedelta(seconds=5),
    )  # fmt: skip


def test_an_update_keeps_what_it_does_not_name():
    """C105."""
    old = queue_policy(max_attempts=3, timeout=5)
    assert old.updated(queue_policy(max_attempts=5)) == queue_policy(max_attempts=5, timeout=5)
    assert old.updated(QueuePolicy()) == old


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("lease", "499ms"), ("lease", 0), ("max_attempts", 0), ("max_crashes", 0), ("timeout", 0),
        ("lifetime", 0), ("retention", -1), ("retry", "now and then"), ("max_attempts", True),
    ],
)  # fmt: skip
def test_a_bad_value_is_named(field, value):
    with pytest.raises(InvalidValueError) as refused:
        queue_policy(**{field: value})
    assert refused.value.field == field


@pytest.mark.parametrize("value", [1, 1_000_000])
def test_a_count_has_limits(value):
    assert checked_count("limit", value) == value


@pytest.mark.parametrize("value", [0, -1, 1_000_001, 1.0, "1", True, None])
def test_a_count_outside_them_is_refused(value):
    with pytest.raises(InvalidValueError):
        checked_count("limit", value)


def test_a_retry_policy_can_be_named_or_missing():
    assert checked_retry(None) is None
    assert checked_retry("fixed") == RetryPolicy(backoff="fixed")  # type: ignore[arg-type] # it takes names too
