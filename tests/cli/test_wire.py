"""Values on the wire: plain JSON with stable names."""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

from rowlock.backoff import RetryPolicy
from rowlock.model.definitions import Definition
from rowlock.model.queues import Queue, QueuePolicy
from rowlock.model.schedules import (
    Backfill,
    Firing,
    FiringReason,
    Outcome,
    Schedule,
    ScheduleSync,
)
from rowlock.model.states import TaskState
from rowlock.model.tasks import Attempt, LogLine, QueueCounts, Task, TaskFailure
from rowlock.recurrence import parse
from rowlock.wire.definitions import definition_to_wire
from rowlock.wire.occurrences import occurrence_to_wire
from rowlock.wire.queues import counts_to_wire, queue_to_wire
from rowlock.wire.schedules import (
    backfill_to_wire,
    firing_to_wire,
    schedule_to_wire,
    sync_to_wire,
)
from rowlock.wire.tasks import attempt_to_wire, failure_to_wire, log_line_to_wire, task_to_wire
from rowlock.wire.values import time_to_wire

ID = UUID("0199b2f0-5c1e-7c3a-9d0e-3f6a1b2c4d5e")
T0 = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
TEXT = "2026-01-02T03:04:05.000000Z"

FAILURE = TaskFailure(type="ValueError", message="no", traceback="…", detail={"a": 1})
TASK = Task(
    id=ID,
    namespace="default",
    queue="mail",
    definition="send",
    state=TaskState.RETRYING,
    priority=-3,
    payload={"a": [1, None]},
    tags=("x", "y"),
    unique_key="k",
    run_at=T0,
    attempt=1,
    max_attempts=4,
    crashes=0,
    max_crashes=3,
    timeout=timedelta(minutes=1),
    retry=RetryPolicy(),
    created_at=T0,
    error=FAILURE,
)


def test_times_are_rfc_3339_in_utc_with_microseconds():
    east = T0.astimezone(timezone(timedelta(hours=2)))
    assert time_to_wire(T0) == time_to_wire(east) == TEXT
    assert datetime.fromisoformat(TEXT) == T0


def test_a_task_is_plain_json_with_every_field():
    wire = task_to_wire(TASK)
    assert json.loads(json.dumps(wire)) == wire
    named = {"timeout": "timeout_seconds"}
    assert set(wire) == {named.get(field.name, field.name) for field in fields(Task)}


def test_a_task_says_state_times_and_durations_in_one_way():
    wire = task_to_wire(TASK)
    assert (wire["id"], wire["state"]) == (str(ID), "retrying")
    assert (wire["created_at"], wire["started_at"]) == (TEXT, None)
    assert (wire["timeout_seconds"], wire["tags"]) == (60.0, ["x", "y"])
    assert wire["retry"] == {
        "backoff": "exponential",
        "base_seconds": 10.0,
        "cap_seconds": 3600.0,
        "jitter": True,
    }
    assert wire["error"] == failure_to_wire(FAILURE)


def test_an_error_is_an_object():
    assert failure_to_wire(FAILURE) == {
        "type": "ValueError",
        "message": "no",
        "traceback": "…",
        "detail": {"a": 1},
    }


def test_an_attempt_does_not_repeat_its_task():
    attempt = Attempt(
        task_id=ID, attempt=1, worker="w", started_at=T0, finished_at=None, outcome="running"
    )
    assert attempt_to_wire(attempt) == {
        "attempt": 1,
        "outcome": "running",
        "worker": "w",
        "started_at": TEXT,
        "finished_at": None,
        "error": None,
    }


def test_a_log_line_is_an_object():
    line = LogLine(at=T0, level="INFO", message="hello", attempt=2)
    assert log_line_to_wire(line) == {
        "at": TEXT,
        "level": "INFO",
        "message": "hello",
        "attempt": 2,
    }


def test_a_queue_shows_the_policy_that_applies():
    wire = queue_to_wire(
        Queue(namespace="default", name="mail", policy=QueuePolicy(lease=timedelta(minutes=2)))
    )
    assert json.loads(json.dumps(wire)) == wire
    assert (wire["lease_seconds"], wire["max_attempts"], wire["timeout_seconds"]) == (120, 4, None)
    assert (wire["paused"], wire["created_at"]) == (False, None)


def test_a_definition_is_plain_json_with_every_field():
    definition = Definition(alias="Send", key="send", id=ID, lifetime=timedelta(hours=1))
    wire = definition_to_wire(definition)
    assert json.loads(json.dumps(wire)) == wire
    named = {"lifetime": "lifetime_seconds"}
    assert set(wire) == {named.get(field.name, field.name) for field in fields(Definition)}
    assert (wire["id"], wire["status"], wire["lifetime_seconds"]) == (str(ID), "active", 3600.0)


def test_counts_show_every_state():
    counts = QueueCounts(queue="mail", paused=True, counts={TaskState.QUEUED: 2}, capped=True)
    wire = counts_to_wire(counts)
    assert list(wire["counts"]) == [state.value for state in TaskState]
    assert (wire["counts"]["queued"], wire["counts"]["failed"]) == (2, 0)
    assert (wire["paused"], wire["capped"], wire["oldest_wait_seconds"]) == (True, True, None)


def test_a_schedule_is_plain_json_with_every_field():
    schedule = Schedule(
        name="Nightly",
        key="nightly",
        id=ID,
        rule=parse("0 3 * * *", zone="Europe/Berlin").to_json(),
        definition="report",
        arguments={"day": "x"},
        jitter=timedelta(minutes=1),
        next_at=T0,
        last_task=ID,
        declared={"name": "Nightly"},
    )
    wire = schedule_to_wire(schedule)
    assert json.loads(json.dumps(wire)) == wire
    named = {"jitter": "jitter_seconds"}
    assert set(wire) == {named.get(field.name, field.name) for field in fields(Schedule)}
    assert (wire["id"], wire["last_task"], wire["next_at"]) == (str(ID), str(ID), TEXT)
    assert (wire["status"], wire["catch_up"], wire["overlap"]) == ("active", "latest", "allow")
    assert (wire["jitter_seconds"], wire["rule"]["zone"]) == (60.0, "Europe/Berlin")


def test_a_firing_says_how_late_it_was():
    firing = Firing(
        schedule=ID,
        occurrence=T0,
        outcome=Outcome.SKIPPED,
        at=T0 + timedelta(seconds=2.5),
        reason=FiringReason.MISSED,
        passed=3,
    )
    wire = firing_to_wire(firing)
    assert set(wire) == {field.name for field in fields(Firing)} | {"late_seconds"}
    assert (wire["occurrence"], wire["late_seconds"]) == (TEXT, 2.5)
    assert (wire["outcome"], wire["reason"], wire["task"]) == ("skipped", "missed", None)


def test_an_occurrence_is_told_in_utc_and_in_its_zone():
    rule = parse("30 2 * * *", zone="Europe/Berlin")
    shifted, usual = rule.simulate(
        datetime(2027, 3, 28, tzinfo=UTC), datetime(2027, 3, 30, tzinfo=UTC)
    )
    assert occurrence_to_wire(shifted) == {
        "at": "2027-03-28T01:00:00.000000Z",
        "local": "2027-03-28T03:00:00+02:00",
        "change": "shifted",
    }
    assert occurrence_to_wire(usual)["change"] is None


def test_what_synchronizing_and_backfilling_came_to_is_plain_json():
    done = sync_to_wire(ScheduleSync(created=("a",), problems={"b": "no"}))
    assert set(done) == {field.name for field in fields(ScheduleSync)}
    assert (done["created"], done["pruned"], done["problems"]) == (["a"], [], {"b": "no"})
    assert backfill_to_wire(Backfill(fired=2, known=1, next_at=T0)) == {
        "fired": 2,
        "known": 1,
        "next_at": TEXT,
    }
