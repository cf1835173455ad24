"""Task over definition over queue over built-in; a queue's policy changes only where given."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from rowlock import QueuePolicy, RetryPolicy
from tests.app.steps import greeting
from tests.support.backends import DURABLE

HOUR = timedelta(hours=1)
POLICY: dict[str, Any] = {
    "lifetime": HOUR,
    "max_attempts": 3,
    "max_crashes": 2,
    "retry": RetryPolicy(backoff="quadratic", base=2 * HOUR / 60, jitter=False),  # type: ignore[arg-type] # it takes names too
    "lease": timedelta(seconds=5),
    "timeout": timedelta(minutes=1),
    "retention": timedelta(days=1),
}


def test_a_new_queue_has_our_defaults(app):
    """C105 with our defaults, C29."""
    queue = app.register_queue("emails")
    assert (queue.lifetime, queue.max_attempts, queue.max_crashes) == (None, 4, 3)
    assert (queue.retry, queue.lease) == (RetryPolicy(), timedelta(seconds=30))
    assert (queue.timeout, queue.retention) == (None, timedelta(days=7))
    assert not queue.paused


def test_a_policy_comes_back_as_given(app):
    app.register_queue("emails", **POLICY)
    [queue] = app.list_queues()
    assert queue.policy == QueuePolicy(**POLICY)


@pytest.mark.parametrize("name", list(POLICY))
def test_registering_again_changes_only_what_is_given(app, name):
    """C105."""
    app.register_queue("emails", **{key: value for key, value in POLICY.items() if key != name})
    app.register_queue("emails", **{name: POLICY[name]})
    [queue] = app.list_queues()
    assert queue.policy == QueuePolicy(**POLICY)


def test_registering_again_keeps_the_pause(app):
    app.register_queue("emails")
    app.pause_queue("emails")
    assert app.register_queue("emails", max_attempts=5).paused


def test_durations_of_a_policy_can_be_text(app):
    queue = app.register_queue("emails", lifetime="1h30m", lease="10s", retention="0s")
    assert (queue.lifetime, queue.lease) == (1.5 * HOUR, timedelta(seconds=10))
    assert queue.retention == timedelta(0)


def test_a_queue_name_is_matched_trimmed_and_lowered(app):
    """C106."""
    app.register_queue(" Emails ", max_attempts=9)
    assert app.enqueue(None, 1, queue="EMAILS").max_attempts == 9


@pytest.mark.parametrize("name", ["a", "a" * 64, "emails.eu-west_1"])
def test_a_name_of_up_to_64_characters_is_a_queue(app, name):
    """C106."""
    assert app.register_queue(name).name == name


def test_the_builtin_policy_applies_where_nothing_is_said(app):
    task = greeting(app).enqueue()
    assert (task.max_attempts, task.max_crashes, task.expires_at) == (4, 3, None)


def test_the_queue_goes_over_the_builtin_policy(app):
    app.register_queue("default", max_attempts=2, max_crashes=1, lifetime="1h")
    task = greeting(app).enqueue()
    assert (task.max_attempts, task.max_crashes) == (2, 1)
    assert task.expires_at == task.run_at + HOUR


def test_the_definition_goes_over_the_queue(app):
    app.register_queue("default", max_attempts=2, max_crashes=1, lifetime="1h")
    task = greeting(app, max_attempts=5, max_crashes=6, lifetime="2h").enqueue()
    assert (task.max_attempts, task.max_crashes) == (5, 6)
    assert task.expires_at == task.run_at + 2 * HOUR


def test_the_task_goes_over_the_definition(app):
    definition = greeting(app, max_attempts=5, max_crashes=6, lifetime="2h", priority=1, tags=["a"])
    task = definition.options(
        max_attempts=7, max_crashes=8, lifetime="3h", priority=0, tags=[]
    ).enqueue()
    assert (task.max_attempts, task.max_crashes, task.priority, task.tags) == (7, 8, 0, ())
    assert task.expires_at == task.run_at + 3 * HOUR


def test_what_was_resolved_at_enqueueing_stays(app):
    task = greeting(app).enqueue()
    app.register_queue("default", max_attempts=9, lifetime="1h")
    found = app.get_task(task)
    assert (found.max_attempts, found.expires_at) == (4, None)


def test_a_policy_applies_to_the_next_task_of_this_process_at_once(app):
    definition = greeting(app)
    definition.enqueue()
    app.register_queue("default", max_attempts=9)
    assert definition.enqueue().max_attempts == 9


@pytest.mark.parametrize("backend", DURABLE, indirect=True)
def test_a_policy_applies_in_other_processes_that_look_for_the_first_time(opened):
    opened().register_queue("emails", max_attempts=9)
    assert opened().enqueue(None, 1, queue="emails").max_attempts == 9


@pytest.mark.parametrize("backend", DURABLE, indirect=True)
def test_two_processes_that_change_different_values_lose_neither(opened):
    first, second = opened(), opened()
    first.register_queue("emails", max_attempts=9)
    queue = second.register_queue("emails", timeout="1s")
    assert (queue.max_attempts, queue.timeout) == (9, timedelta(seconds=1))


def test_queues_are_listed_by_name(app):
    for name in ("c", "a", "b"):
        app.register_queue(name)
    assert [queue.name for queue in app.list_queues()] == ["a", "b", "c"]


def test_a_pause_is_seen_and_ended(app):
    app.register_queue("emails")
    app.pause_queue(" EMAILS ")
    assert [queue.paused for queue in app.list_queues()] == [True]
    app.resume_queue("emails")
    assert [queue.paused for queue in app.list_queues()] == [False]
