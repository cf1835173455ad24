"""Claiming by hand: what a program may do with a task it holds, and what it may not any more."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Any

import pytest

from rowlock import AsyncRowlock, Backoff, ClaimedTask, RetryPolicy, Rowlock, TaskState
from rowlock.errors import InvalidValueError, LeaseLostError, PayloadError, TaskNotFoundError
from rowlock.model.ids import new_token
from rowlock.ops.upkeep import RESCUE_LIMIT
from tests.app.steps import greeting
from tests.support.backends import sql_plan

AT_ONCE = RetryPolicy(backoff=Backoff.IMMEDIATE)


def held(app: Rowlock, payload: Any = "x", **options: Any) -> ClaimedTask:
    """A task without definition, claimed."""
    app.enqueue(None, payload, **options)
    [task] = app.claim("w1")
    return task


def rescued(app: Rowlock) -> None:
    """Take back every running task, as upkeep does where leases ran out."""
    column = "UPDATE rowlock_task SET lease_until = started_at WHERE token IS NOT NULL"
    app.core.storage.runner.run(sql_plan, column)
    rescue = app.core.storage.upkeep.rescue_tasks
    app.core.storage.runner.run(rescue, grace=timedelta(seconds=-5), limit=RESCUE_LIMIT)


ENDS = {
    "heartbeat": lambda app, task, token: app.heartbeat(task, token),
    "update_progress": lambda app, task, token: app.update_progress(task, token, 50, "half"),
    "complete": lambda app, task, token: app.complete(task, token, {"ok": True}),
    "fail": lambda app, task, token: app.fail(task, token, "boom"),
    "release": lambda app, task, token: app.release(task, token),
}


def test_a_claimed_task_says_what_its_program_needs(app):
    hello = greeting(app)
    made = hello.options(tags=["a"], priority=3, unique="k", max_attempts=2).enqueue("Ada")
    [task] = app.claim("box-1", "default", lease="2m")
    assert (task.id, task.queue, task.definition) == (made.id, "default", "send_greeting")
    assert (task.payload, task.attempt, task.max_attempts) == ({"name": "Ada"}, 1, 2)
    assert (task.tags, task.priority, task.unique_key) == (("a",), 3, "k")
    assert task.lease == timedelta(minutes=2)
    now = app.get_task(task.id)
    assert (now.state, now.worker, now.lease_until) == ("running", "box-1", task.lease_until)


def test_nothing_to_claim_is_no_error(app):
    """C98."""
    assert app.claim("w", "nothing") == []
    assert app.claim("w") == []
    greeting(app).enqueue()
    assert app.claim("w", definitions="another") == []


def test_only_the_definitions_asked_for_are_claimed(app):
    hello = greeting(app).enqueue()
    bare = app.enqueue(None, 1)
    assert [one.id for one in app.claim("w", definitions=["Send-Greeting"], limit=9)] == [hello.id]
    assert [one.id for one in app.claim("w", limit=9)] == [bare.id]


def test_the_best_of_several_queues_come_first_and_paused_ones_give_nothing(app):
    low = app.enqueue(None, 1, queue="a")
    high = app.enqueue(None, 2, queue="b", priority=5)
    app.enqueue(None, 3, queue="c", priority=9)
    app.pause_queue("c")
    assert [one.id for one in app.claim("w", limit=9)] == [high.id, low.id]
    assert app.claim("w", "c") == []


def test_what_is_due_is_promoted_and_what_is_late_is_left(app):
    due = app.enqueue(None, 1, delay=0.01)
    app.enqueue(None, 2, lifetime=0.01)
    until = app.get_task(due.id).run_at + timedelta(milliseconds=50)
    while app.core.storage.runner.read(app.core.storage.reads.server_facts).now < until:
        pass
    assert [one.id for one in app.claim("w", limit=9)] == [due.id]


def test_without_a_lease_each_queue_has_its_own(app):
    app.register_queue("slow", lease="5m")
    app.enqueue(None, 1, queue="slow")
    app.enqueue(None, 1)
    leases = {one.queue: one.lease for one in app.claim("w", limit=2)}
    assert leases == {"slow": timedelta(minutes=5), "default": timedelta(seconds=30)}


def test_a_completed_task_has_its_result_and_full_progress(app):
    """C92."""
    task = held(app)
    app.update_progress(task, task.token, 45, "reading")
    shown = app.get_task(task.id)
    assert (shown.progress, shown.progress_message) == (45, "reading")
    done = app.complete(task, task.token, {"pages": 3})
    assert (done.state, done.result, done.progress) == ("succeeded", {"pages": 3}, 100)
    assert done.finished_at is not None


def test_progress_without_a_message_keeps_the_last_one(app):
    task = held(app)
    app.update_progress(task.id, str(task.token), 0, "begun")
    app.update_progress(task.id, str(task.token), 100)
    assert app.get_task(task.id).progress_message == "begun"


def test_a_heartbeat_extends_the_claim_and_tells_of_a_cancellation(app):
    task = held(app)
    assert app.heartbeat(task, task.token, lease="1h") is False
    later = app.get_task(task.id).lease_until
    assert later > task.lease_until + timedelta(minutes=50)
    app.cancel(task.id)
    assert app.heartbeat(task.id, task.token) is True
    assert app.get_task(task.id).lease_until < later


def test_a_failure_waits_for_its_next_attempt_until_none_is_left(app):
    """C93, C94."""
    app.register_queue("default", retry=AT_ONCE)
    app.enqueue(None, "x", max_attempts=2)
    [first] = app.claim("w")
    waiting = app.fail(first, first.token, "no answer", detail={"status": 503})
    assert (waiting.state, waiting.attempt, waiting.started_at) == ("queued", 1, None)
    assert waiting.error is not None
    assert (waiting.error.message, waiting.error.detail) == ("no answer", {"status": 503})
    [second] = app.claim("w")
    assert (second.attempt, second.token == first.token) == (2, False)
    failed = app.fail(second, second.token, ValueError("worse"))
    assert (failed.state, failed.error.type, failed.error.message) == (
        "failed",
        "ValueError",
        "worse",
    )


def test_a_failure_takes_the_retry_policy_of_the_task_the_definition_or_the_queue(app):
    """C101: it waits without a worker."""
    app.register_queue("default", retry="none")
    hello = greeting(
        app, retry=RetryPolicy(backoff=Backoff.FIXED, base=timedelta(minutes=20), jitter=False)
    )
    hello.enqueue()
    app.enqueue(None, 1)
    own = RetryPolicy(backoff=Backoff.FIXED, base=timedelta(minutes=40), jitter=False)
    app.enqueue(None, 2, retry=own)
    ended = [app.fail(one, one.token, "x") for one in app.claim("w", limit=3)]
    now = app.core.storage.runner.read(app.core.storage.reads.server_facts).now
    waits = [round((one.run_at - now) / timedelta(minutes=20)) for one in ended]
    assert [one.state for one in ended] == ["retrying", "failed", "retrying"]
    assert (waits[0], waits[2]) == (1, 2)


def test_a_released_task_keeps_its_place_and_its_attempts(app):
    task = held(app)
    app.enqueue(None, "later")
    waiting = app.release(task, task.token)
    assert (waiting.state, waiting.attempt) == ("queued", 0)
    [again] = app.claim("w")
    assert (again.id, again.attempt) == (task.id, 1)
    assert app.release(again, again.token, delay="1h").state == "scheduled"


def test_a_task_asked_to_cancel_ends_when_it_is_given_back(app):
    task = held(app)
    app.cancel(task.id)
    assert app.release(task, task.token).state == "canceled"


@pytest.mark.parametrize("name", ENDS)
def test_a_wrong_token_changes_nothing(app, name):
    task = held(app)
    before = app.get_task(task.id)
    with pytest.raises(LeaseLostError) as lost:
        ENDS[name](app, task.id, new_token())
    assert lost.value.task_id == task.id
    assert app.get_task(task.id) == before


@pytest.mark.parametrize("name", ENDS)
def test_a_token_of_a_claim_that_was_rescued_changes_nothing(app, name):
    stale = held(app)
    rescued(app)
    [now] = app.claim("w2")
    assert (now.id, now.crashes) == (stale.id, 1)
    before = app.get_task(now.id)
    with pytest.raises(LeaseLostError):
        ENDS[name](app, stale, stale.token)
    assert app.get_task(now.id) == before


@pytest.mark.parametrize("name", ENDS)
def test_nobody_reaches_into_another_namespace(opened, name):
    app, other = opened(), opened(namespace="other")
    task = held(app)
    before = app.get_task(task.id)
    with pytest.raises(TaskNotFoundError):
        ENDS[name](other, task, task.token)
    assert app.get_task(task.id) == before


@pytest.mark.parametrize("name", ["complete", "fail", "release"])
def test_an_end_that_is_told_twice_counts_once(app, name):
    task = held(app)
    first = ENDS[name](app, task, task.token)
    again = ENDS[name](app, task, task.token)
    assert again == first
    assert len([run for run in app.attempts(task.id) if run.finished_at]) == 1


@pytest.mark.parametrize(
    ("first", "then"), [("complete", "fail"), ("fail", "complete"), ("release", "complete")]
)
def test_an_end_cannot_be_told_in_another_way(app, first, then):
    task = held(app)
    ended = ENDS[first](app, task, task.token)
    with pytest.raises(LeaseLostError):
        ENDS[then](app, task, task.token)
    assert app.get_task(task.id) == ended


BAD: list[tuple[str, Any]] = [
    ("limit", lambda app, task: app.claim("w", limit=0)),
    ("limit", lambda app, task: app.claim("w", limit=1001)),
    ("worker", lambda app, task: app.claim("")),
    ("queue", lambda app, task: app.claim("w", "1x")),
    ("queues", lambda app, task: app.claim("w", [])),
    ("definitions", lambda app, task: app.claim("w", definitions=[])),
    ("alias", lambda app, task: app.claim("w", definitions=["--"])),
    ("lease", lambda app, task: app.claim("w", lease="0.1s")),
    ("lease", lambda app, task: app.heartbeat(task, task.token, lease=0)),
    ("token", lambda app, task: app.heartbeat(task, "nonsense")),
    ("token", lambda app, task: app.complete(task, None)),
    ("id", lambda app, task: app.complete("nonsense", task.token)),
    ("percent", lambda app, task: app.update_progress(task, task.token, -0.1)),
    ("percent", lambda app, task: app.update_progress(task, task.token, 100.1)),
    ("percent", lambda app, task: app.update_progress(task, task.token, math.nan)),
    ("percent", lambda app, task: app.update_progress(task, task.token, True)),
    ("percent", lambda app, task: app.update_progress(task, task.token, "50")),
    ("message", lambda app, task: app.update_progress(task, task.token, 1, 5)),
    ("error", lambda app, task: app.fail(task, task.token, 5)),
    ("detail", lambda app, task: app.fail(task, task.token, "x", detail=math.nan)),
    ("result", lambda app, task: app.complete(task, task.token, math.inf)),
    ("delay", lambda app, task: app.release(task, task.token, delay=-1)),
]


@pytest.mark.parametrize(("field", "call"), BAD)
def test_bad_input_is_refused_and_the_task_runs_on(field, call):
    with Rowlock("memory://") as app:
        task = held(app)
        app.enqueue(None, "waits")
        before = app.get_task(task.id)
        with pytest.raises(InvalidValueError) as refused:
            call(app, task)
        assert refused.value.field == field
        assert app.get_task(task.id) == before
        assert app.count(states=("queued",)).count == 1


def test_a_result_that_cannot_be_stored_is_a_payload_error(app):
    task = held(app)
    with pytest.raises(PayloadError):
        app.complete(task, task.token, object())
    assert app.get_task(task.id).state is TaskState.RUNNING


async def test_the_loop_in_async_code(backend):
    async with AsyncRowlock(backend.url) as app:
        await app.enqueue(None, [1])
        [task] = await app.claim("w")
        assert await app.heartbeat(task, task.token) is False
        await app.update_progress(task, task.token, 10)
        await app.release(task, task.token)
        [task] = await app.claim("w")
        assert (await app.fail(task, task.token, "x")).state == "retrying"
        await app.enqueue(None, [2])
        [task] = await app.claim("w")
        assert (await app.complete(task, task.token, 5)).result == 5
