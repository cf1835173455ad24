"""What can be said of one task besides its arguments."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from uuid import uuid4

import pytest

from rowlock import Backoff, RetryPolicy, TaskState
from rowlock.model.ids import new_task_id
from tests.app.steps import greeting

HOUR = timedelta(hours=1)


def test_a_delay_counts_from_the_moment_of_enqueueing(app):
    task = greeting(app).options(delay="1h").enqueue()
    assert (task.state, task.run_at - task.created_at) == (TaskState.SCHEDULED, HOUR)


@pytest.mark.parametrize("delay", ["1h", 3600, 3600.0, HOUR, "60m", "3600"])
def test_a_duration_can_be_text_seconds_or_timedelta(app, delay):
    task = app.enqueue(None, 1, delay=delay)
    assert task.run_at - task.created_at == HOUR


def test_no_delay_at_all_is_immediate(app):
    assert app.enqueue(None, 1, delay=0).state is TaskState.QUEUED


def test_a_task_waits_for_its_time(app):
    at = datetime(2100, 1, 1, 12, tzinfo=timezone(timedelta(hours=2)))
    task = greeting(app).options(run_at=at).enqueue()
    assert (task.state, task.run_at) == (TaskState.SCHEDULED, datetime(2100, 1, 1, 10, tzinfo=UTC))


def test_a_time_that_has_passed_is_immediate(app):
    at = datetime(2020, 1, 1, tzinfo=UTC)
    task = greeting(app).options(run_at=at).enqueue()
    assert (task.state, task.run_at) == (TaskState.QUEUED, at)


@pytest.mark.parametrize("priority", [-32_767, -1, 0, 1, 32_767])
def test_a_priority_comes_back_as_given(app, priority):
    task = greeting(app).options(priority=priority).enqueue()
    assert app.get_task(task).priority == priority


def test_a_lifetime_counts_from_the_moment_of_enqueueing(app):
    task = greeting(app).options(lifetime="1h").enqueue()
    assert task.expires_at == task.created_at + HOUR


def test_a_lifetime_counts_from_the_due_time_if_there_is_one(app):
    task = greeting(app).options(lifetime="1h", delay="2h").enqueue()
    assert task.expires_at == task.created_at + 3 * HOUR


def test_a_task_without_lifetime_does_not_expire(app):
    """C113."""
    assert greeting(app).enqueue().expires_at is None


def test_attempts_and_crashes_are_counted_apart(app):
    task = greeting(app).options(max_attempts=1, max_crashes=2).enqueue()
    assert (task.max_attempts, task.max_crashes) == (1, 2)


def test_a_timeout_is_stored_with_the_task(app):
    assert greeting(app).options(timeout="90s").enqueue().timeout == timedelta(seconds=90)


def test_a_retry_policy_is_stored_with_the_task(app):
    """C150."""
    policy = RetryPolicy(backoff=Backoff.LINEAR, base=HOUR, cap=2 * HOUR, jitter=False)
    assert greeting(app).options(retry=policy).enqueue().retry == policy


@pytest.mark.parametrize("name", list(Backoff))
def test_a_retry_policy_can_be_named(app, name):
    """C150."""
    assert greeting(app).options(retry=name.value).enqueue().retry == RetryPolicy(backoff=name)


def test_tags_are_sorted_and_each_once(app):
    task = greeting(app).options(tags=["b", "a", "b", "naïve"]).enqueue()
    assert app.get_task(task).tags == ("a", "b", "naïve")


def test_options_work_without_a_definition(app):
    task = app.enqueue(
        None, [1], queue="raw", priority=3, tags=["t"], max_attempts=9, timeout=1, unique="key"
    )
    assert (task.queue, task.priority, task.tags, task.max_attempts) == ("raw", 3, ("t",), 9)
    assert (task.timeout, task.unique_key) == (timedelta(seconds=1), "key")


def test_options_work_by_alias(app):
    greeting(app)
    task = app.enqueue("send_greeting", {}, queue="emails", delay="1h", priority=2)
    assert (task.queue, task.priority, task.state) == ("emails", 2, TaskState.SCHEDULED)


def test_options_of_many_hold_for_each(app):
    ids = (
        greeting(app)
        .options(queue="emails", priority=5, delay="1h", tags=["t"])
        .enqueue_many({"name": name} for name in "ab")
    )
    tasks = [app.get_task(task_id) for task_id in ids]
    assert [task.payload for task in tasks] == [{"name": "a"}, {"name": "b"}]
    assert {(task.queue, task.priority, task.state, task.tags) for task in tasks} == {
        ("emails", 5, TaskState.SCHEDULED, ("t",))
    }
    assert {task.run_at - task.created_at for task in tasks} == {HOUR}


def test_a_given_id_is_kept(app):
    task_id = new_task_id()
    assert greeting(app).options(id=task_id).enqueue().id == task_id


def test_a_given_id_may_be_any_uuid_and_text(app):
    task_id = uuid4()
    assert app.get_task(greeting(app).options(id=str(task_id)).enqueue().id).id == task_id


def test_an_option_that_is_none_counts_as_not_given(app):
    task = greeting(app).options(queue=None, priority=None, delay=None, unique=None).enqueue()
    assert (task.queue, task.priority, task.unique_key) == ("default", 0, None)
