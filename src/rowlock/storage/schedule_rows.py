"""Rows of schedules and firings into values, and back into columns."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from rowlock.model import json_text
from rowlock.model.schedules import (
    CatchUp,
    Firing,
    FiringReason,
    Outcome,
    RunOverlap,
    Schedule,
    ScheduleStatus,
)
from rowlock.plan import Row
from rowlock.storage.values import ColumnValues, microseconds


def schedule_columns(schedule: Schedule) -> dict[str, Any]:
    """Return the columns of a schedule that a write names."""
    return {
        "id": schedule.id,
        "namespace": schedule.namespace,
        "key": schedule.key,
        "name": schedule.name,
        "description": schedule.description,
        "rule": json_text.encode("rule", schedule.rule),
        "definition": schedule.definition,
        "queue": schedule.queue,
        "arguments": json_text.encode_arguments(schedule.arguments),
        "priority": schedule.priority,
        "options": json_text.encode("options", schedule.options),
        "starts_at": schedule.starts_at,
        "ends_at": schedule.ends_at,
        "max_runs": schedule.max_runs,
        "catch_up": schedule.catch_up.value,
        "catch_up_limit": schedule.catch_up_limit,
        "overlap": schedule.overlap.value,
        "jitter": microseconds(schedule.jitter),
        "declared": None
        if schedule.declared is None
        else json_text.encode("declared", schedule.declared),
        "deleted_at": schedule.deleted_at,
        **moved_columns(schedule),
    }


def moved_columns(schedule: Schedule) -> dict[str, Any]:
    """Return the columns that firing moves, and the version that was read."""
    return {
        "version": schedule.version,
        "status": schedule.status.value,
        "runs": schedule.runs,
        "missed": schedule.missed,
        "last_run_at": schedule.last_run_at,
        "last_task": schedule.last_task,
        "next_at": schedule.next_at,
        "due_at": schedule.due_at,
        "waits": schedule.waits,
        "problem": schedule.problem,
    }


def schedule_from_row(row: Row, values: ColumnValues) -> Schedule:
    """Return the schedule in a row of `get_schedule`."""
    (
        schedule_id, namespace, key, name, description, status, rule, definition, queue,
        arguments, priority, options, starts_at, ends_at, max_runs, catch_up, catch_up_limit,
        overlap, jitter, runs, missed, last_run_at, last_task, next_at, due_at, waits, problem,
        declared, version, created_at, updated_at, deleted_at,
    ) = row  # fmt: skip
    return Schedule(
        id=values.read_id(schedule_id),
        namespace=namespace,
        key=key,
        name=name,
        description=description,
        status=ScheduleStatus(status),
        rule=json_text.decode_shown(rule),
        definition=definition,
        queue=queue,
        arguments=json_text.decode_shown(arguments),
        priority=priority,
        options=json_text.decode_shown(options),
        starts_at=values.optional_time(starts_at),
        ends_at=values.optional_time(ends_at),
        max_runs=max_runs,
        catch_up=CatchUp(catch_up),
        catch_up_limit=catch_up_limit,
        overlap=RunOverlap(overlap),
        jitter=timedelta(microseconds=jitter),
        runs=runs,
        missed=missed,
        last_run_at=values.optional_time(last_run_at),
        last_task=values.optional_id(last_task),
        next_at=values.optional_time(next_at),
        due_at=values.optional_time(due_at),
        waits=bool(waits),
        problem=problem,
        declared=None if declared is None else json_text.decode_shown(declared),
        version=version,
        created_at=values.optional_time(created_at),
        updated_at=values.optional_time(updated_at),
        deleted_at=values.optional_time(deleted_at),
    )


def firing_from_row(row: Row, values: ColumnValues) -> Firing:
    """Return the firing in a row of `list_firings`."""
    schedule, occurrence, outcome, at, task, reason, passed = row
    return Firing(
        schedule=values.read_id(schedule),
        occurrence=values.read_time(occurrence),
        outcome=Outcome(outcome),
        at=values.read_time(at),
        task=values.optional_id(task),
        reason=None if reason is None else FiringReason(reason),
        passed=passed,
    )
