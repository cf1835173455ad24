"""Schedules and what they fire as plain dicts for JSON."""

from __future__ import annotations

from rowlock.model.schedules import Backfill, Firing, Schedule, ScheduleSync
from rowlock.wire.values import Wire, optional_time_to_wire, seconds_to_wire, time_to_wire


def schedule_to_wire(schedule: Schedule) -> Wire:
    """Return a schedule; every field is always there."""
    return {
        "id": str(schedule.id),
        "name": schedule.name,
        "key": schedule.key,
        "namespace": schedule.namespace,
        "description": schedule.description,
        "status": schedule.status.value,
        "rule": dict(schedule.rule),
        "definition": schedule.definition,
        "queue": schedule.queue,
        "arguments": dict(schedule.arguments),
        "priority": schedule.priority,
        "options": dict(schedule.options),
        "starts_at": optional_time_to_wire(schedule.starts_at),
        "ends_at": optional_time_to_wire(schedule.ends_at),
        "max_runs": schedule.max_runs,
        "catch_up": schedule.catch_up.value,
        "catch_up_limit": schedule.catch_up_limit,
        "overlap": schedule.overlap.value,
        "jitter_seconds": seconds_to_wire(schedule.jitter),
        "runs": schedule.runs,
        "missed": schedule.missed,
        "last_run_at": optional_time_to_wire(schedule.last_run_at),
        "last_task": None if schedule.last_task is None else str(schedule.last_task),
        "next_at": optional_time_to_wire(schedule.next_at),
        "due_at": optional_time_to_wire(schedule.due_at),
        "waits": schedule.waits,
        "problem": schedule.problem,
        "declared": None if schedule.declared is None else dict(schedule.declared),
        "version": schedule.version,
        "created_at": optional_time_to_wire(schedule.created_at),
        "updated_at": optional_time_to_wire(schedule.updated_at),
        "deleted_at": optional_time_to_wire(schedule.deleted_at),
    }


def firing_to_wire(firing: Firing) -> Wire:
    """Return what became of an occurrence; every field is always there."""
    return {
        "schedule": str(firing.schedule),
        "occurrence": time_to_wire(firing.occurrence),
        "outcome": firing.outcome.value,
        "at": time_to_wire(firing.at),
        "late_seconds": seconds_to_wire(firing.late),
        "task": None if firing.task is None else str(firing.task),
        "reason": None if firing.reason is None else firing.reason.value,
        "passed": firing.passed,
    }


def sync_to_wire(done: ScheduleSync) -> Wire:
    """Return what synchronizing came to; every list is always there."""
    return {
        "created": list(done.created),
        "changed": list(done.changed),
        "unchanged": list(done.unchanged),
        "deleted": list(done.deleted),
        "undeclared": list(done.undeclared),
        "pruned": list(done.pruned),
        "problems": dict(done.problems),
    }


def backfill_to_wire(done: Backfill) -> Wire:
    """Return how far a backfill has come."""
    return {
        "fired": done.fired,
        "known": done.known,
        "next_at": optional_time_to_wire(done.next_at),
    }
