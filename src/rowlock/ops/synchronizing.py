"""Bringing stored schedules in line with what code declares, and with nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, cast

from rowlock.errors import InvalidValueError
from rowlock.model.changes import By
from rowlock.model.durations import optional_seconds
from rowlock.model.schedules import (
    CatchUp,
    RunOverlap,
    Schedule,
    ScheduleStatus,
)
from rowlock.ops.occurrences import idle
from rowlock.ops.schedules import (
    announce_change,
    edited,
    record_change,
    started,
    write_schedule,
)
from rowlock.plan import BEGIN, Plan
from rowlock.storage.storage import Storage

_FIELDS = (
    "name",
    "description",
    "status",
    "rule",
    "definition",
    "queue",
    "arguments",
    "priority",
    "options",
    "starts_at",
    "ends_at",
    "max_runs",
    "catch_up",
    "catch_up_limit",
    "overlap",
    "jitter",
)


def said_by(schedule: Schedule) -> dict[str, Any]:
    """Return what code says of a schedule, as JSON; durations in seconds."""
    said: dict[str, Any] = {}
    for name in _FIELDS:
        value = getattr(schedule, name)
        if isinstance(value, datetime):
            value = value.isoformat()
        elif isinstance(value, timedelta):
            value = optional_seconds(value)
        elif isinstance(value, Mapping):
            value = dict(cast("Mapping[str, Any]", value))
        elif isinstance(value, (ScheduleStatus, CatchUp, RunOverlap)):
            value = value.value
        said[name] = value
    return said


def synchronize(storage: Storage, declared: Schedule, *, now: datetime | None = None) -> Plan[str]:
    """Store what code says of one schedule, if it says something else than the last time.

    Returns:
        `created`, `changed`, `unchanged` or `deleted`.

    Raises:
        InvalidValueError: It would be active without an occurrence left.
    """
    yield BEGIN
    said = said_by(declared)
    stored = yield from storage.schedules.lock_schedule(declared.namespace, declared.key)
    if stored is not None and stored.deleted_at is not None and stored.declared is not None:
        return "deleted"
    if stored is not None and stored.declared == said:
        return "unchanged"
    clock = yield from storage.firings.read_clock(now=now)
    if stored is None or stored.deleted_at is not None:
        new = started(replace(declared, declared=said), clock)
        if not (yield from storage.schedules.insert_schedule(new, now=now)):
            return "unchanged"  # another worker with this code was faster
        yield from announce_change(storage, declared.namespace)
        return "created"
    # One that somebody made by hand becomes the code's, but goes on or stands still as it did.
    before = {"status": said["status"]} if stored.declared is None else stored.declared
    changes = {name: getattr(declared, name) for name in _FIELDS if before.get(name) != said[name]}
    changed = replace(_edited(stored, changes, clock), declared=said)
    yield from write_schedule(storage, changed, now)
    yield from announce_change(storage, declared.namespace)
    return "changed"


def _edited(stored: Schedule, changes: dict[str, Any], now: datetime) -> Schedule:
    """Return a schedule as code has changed it; a completed one may have more to do."""
    more_to_do = changes.keys() & {"rule", "ends_at", "max_runs"}
    if stored.status is ScheduleStatus.COMPLETED and more_to_do and "status" not in changes:
        try:
            return edited(stored, {**changes, "status": ScheduleStatus.ACTIVE}, now)
        except InvalidValueError:
            return replace(stored, **changes)
    return edited(stored, changes, now)


def prune_undeclared(
    storage: Storage, schedule: Schedule, *, by: By, now: datetime | None = None
) -> Plan[bool]:
    """Delete a schedule that code no longer declares; if it does again, it begins anew.

    Returns:
        False if it is gone, or code declares it again.
    """
    yield BEGIN
    found = yield from storage.schedules.lock_schedule(schedule.namespace, schedule.key)
    if found is None or found.deleted_at is not None:
        return False
    if (found.id, found.declared) != (schedule.id, schedule.declared):
        return False
    clock = yield from storage.firings.read_clock(now=now)
    gone = idle(replace(found, deleted_at=clock, declared=None))
    if not (yield from storage.schedules.update_schedule(gone, now=now)):
        return False
    yield from record_change(storage, schedule, "delete", by, {"undeclared": True})
    return True
