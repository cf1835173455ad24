"""Schedules: creating, finding and changing them, and what people ask of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID

from rowlock.errors import (
    DuplicateScheduleError,
    InvalidValueError,
    ScheduleNotFoundError,
    StorageConflictError,
)
from rowlock.model import json_text
from rowlock.model.changes import NOBODY, By, NewAudit
from rowlock.model.ids import id_in
from rowlock.model.names import definition_key
from rowlock.model.schedules import (
    Schedule,
    ScheduleStatus,
)
from rowlock.ops.occurrences import awaiting, idle, next_occurrence, recurrence_of
from rowlock.plan import BEGIN, Plan
from rowlock.storage.storage import Storage
from rowlock.storage.wakeups import TIMES

NameOrId: TypeAlias = str | UUID

_TIMING = frozenset({"rule", "starts_at", "ends_at", "max_runs", "jitter", "status"})


def create_schedule(
    storage: Storage, new: Schedule, *, by: By = NOBODY, now: datetime | None = None
) -> Plan[Schedule]:
    """Store a new schedule; one that was deleted gives its name away.

    Raises:
        DuplicateScheduleError: The name is taken.
        InvalidValueError: It is active and has no occurrence left.
    """
    yield BEGIN
    clock = yield from storage.firings.read_clock(now=now)
    if not (yield from storage.schedules.insert_schedule(started(new, clock), now=now)):
        raise DuplicateScheduleError(new.name)
    yield from record_change(storage, new, "create", by)
    yield from announce_change(storage, new.namespace)
    return (yield from _stored(storage, new.namespace, new.key))


def started(schedule: Schedule, now: datetime, *, inclusive: bool = True) -> Schedule:
    """Return a schedule with its first occurrence from a moment on, if it is active.

    A rule that happens once and did so already happens now.

    Args:
        schedule: As it is to be.
        now: From when on.
        inclusive: Whether an occurrence at that very moment counts.

    Raises:
        InvalidValueError: It has no occurrence left.
    """
    if not schedule.fires:
        return idle(schedule)
    found = next_occurrence(schedule, now, inclusive=inclusive)
    if found is None and schedule.rule.get("rule", {}).get("frequency") == "none":
        found = recurrence_of(schedule).start if not schedule.runs else None
    if schedule.max_runs is not None and schedule.runs >= schedule.max_runs:
        raise InvalidValueError(
            "max_runs", f"is {schedule.max_runs}, and it ran {schedule.runs} times already"
        )
    if found is None:
        raise InvalidValueError(
            "rule", f"has no occurrence left after {now.isoformat(timespec='seconds')}"
        )
    return awaiting(schedule, found)


def get_schedule(storage: Storage, namespace: str, wanted: NameOrId) -> Plan[Schedule]:
    """Return the schedule of a name or an id.

    Raises:
        ScheduleNotFoundError: There is none, or it is deleted.
    """
    return (yield from _found(storage, namespace, wanted, deleted=False))


def _found(storage: Storage, namespace: str, wanted: NameOrId, *, deleted: bool) -> Plan[Schedule]:
    found = None
    if isinstance(wanted, str):
        found = yield from storage.schedules.get_schedule(namespace, definition_key(wanted))
    if found is None and (schedule_id := id_in(wanted)) is not None:
        found = yield from storage.schedules.get_schedule_by_id(namespace, schedule_id)
    if found is None or (found.deleted_at is not None) is not deleted:
        raise ScheduleNotFoundError(str(wanted))
    return found


def locked_schedule(
    storage: Storage, namespace: str, wanted: NameOrId, *, deleted: bool = False
) -> Plan[Schedule]:
    """Return the schedule of a name or an id as nobody else can change it now.

    Raises:
        ScheduleNotFoundError: There is none, or it is not deleted as wanted.
    """
    found = yield from _found(storage, namespace, wanted, deleted=deleted)
    locked = yield from storage.schedules.lock_schedule(namespace, found.key)
    if locked is None or locked.id != found.id or (locked.deleted_at is not None) is not deleted:
        raise ScheduleNotFoundError(str(wanted))
    return locked


Editor: TypeAlias = Callable[[Schedule], Mapping[str, Any]]
"""Says which fields of a schedule, as it is now, become what."""


def update_schedule(
    storage: Storage,
    namespace: str,
    wanted: NameOrId,
    editor: Editor,
    *,
    action: str = "edit",
    by: By = NOBODY,
    now: datetime | None = None,
) -> Plan[Schedule]:
    """Change a schedule; what it will fire next follows.

    Raises:
        ScheduleNotFoundError: There is none, or it is deleted.
        InvalidValueError: It would be active without an occurrence left.
    """
    yield BEGIN
    found = yield from locked_schedule(storage, namespace, wanted)
    clock = yield from storage.firings.read_clock(now=now)
    changes = editor(found)
    changed = edited(found, changes, clock)
    yield from write_schedule(storage, changed, now)
    yield from record_change(storage, found, action, by, _differences(found, changes))
    yield from announce_change(storage, namespace)
    return (yield from _stored(storage, namespace, found.key))


def edited(schedule: Schedule, changes: Mapping[str, Any], now: datetime) -> Schedule:
    """Return a schedule with changes; a new rule counts from now, or from what is due.

    Raises:
        InvalidValueError: It would be active without an occurrence left.
    """
    changed = replace(schedule, **changes)
    differs = any(getattr(changed, name) != getattr(schedule, name) for name in _TIMING)
    if not differs:
        return changed
    changed = replace(changed, problem=None)
    if not schedule.fires or schedule.next_at is None:
        return started(changed, now)
    # What came by now was dealt with, unless it is still due.
    after = started(changed, min(now, schedule.next_at), inclusive=schedule.next_at <= now)
    return replace(after, waits=schedule.waits and after.next_at == schedule.next_at)


def delete_schedule(
    storage: Storage,
    namespace: str,
    wanted: NameOrId,
    *,
    soft: bool,
    by: By = NOBODY,
    now: datetime | None = None,
) -> Plan[Schedule]:
    """Hide a schedule, or remove it; returns it as it was. Its tasks are left alone.

    Raises:
        ScheduleNotFoundError: There is none, or it is deleted.
    """
    yield BEGIN
    found = yield from locked_schedule(storage, namespace, wanted)
    yield from _deleted(storage, found, soft=soft, now=now)
    yield from record_change(storage, found, "delete" if soft else "purge", by)
    return found


def _deleted(
    storage: Storage, schedule: Schedule, *, soft: bool, now: datetime | None = None
) -> Plan[None]:
    if soft:
        clock = yield from storage.firings.read_clock(now=now)
        yield from write_schedule(storage, idle(replace(schedule, deleted_at=clock)), now)
    elif not (yield from storage.schedules.remove_schedule(schedule)):
        raise StorageConflictError(f"schedule {schedule.name!r} was changed meanwhile")


def restore_schedule(
    storage: Storage,
    namespace: str,
    wanted: NameOrId,
    *,
    by: By = NOBODY,
    now: datetime | None = None,
) -> Plan[Schedule]:
    """Bring a schedule back that was deleted softly, paused.

    Raises:
        ScheduleNotFoundError: None of that name or id is deleted.
    """
    yield BEGIN
    found = yield from locked_schedule(storage, namespace, wanted, deleted=True)
    status = ScheduleStatus.PAUSED if found.status is ScheduleStatus.ACTIVE else found.status
    yield from write_schedule(storage, replace(found, deleted_at=None, status=status), now)
    yield from record_change(storage, found, "restore", by)
    return (yield from _stored(storage, namespace, found.key))


def write_schedule(storage: Storage, schedule: Schedule, now: datetime | None) -> Plan[None]:
    """Write a schedule that was locked.

    Raises:
        StorageConflictError: Its version is no longer the one that was read.
    """
    if not (yield from storage.schedules.update_schedule(schedule, now=now)):
        raise StorageConflictError(f"schedule {schedule.name!r} was changed meanwhile")


def _stored(storage: Storage, namespace: str, key: str) -> Plan[Schedule]:
    found = yield from storage.schedules.get_schedule(namespace, key)
    if found is None:
        raise StorageConflictError(f"schedule {key!r} left while it was being stored")
    return found


def record_change(
    storage: Storage,
    schedule: Schedule,
    action: str,
    by: By,
    detail: Mapping[str, Any] | None = None,
) -> Plan[None]:
    """Write a change into the audit."""
    entry = NewAudit(action, "schedule", schedule.name, detail)
    yield from storage.records.add_audit(schedule.namespace, entry, by)


def _differences(before: Schedule, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return what really changes, as plain JSON."""
    found = {name: value for name, value in changes.items() if getattr(before, name) != value}
    plain: dict[str, Any] = json_text.decode(json_text.encode_plain(found))
    return plain


def announce_change(storage: Storage, namespace: str) -> Plan[None]:
    """Hint those who fire schedules that one may be due sooner, with the transaction."""
    yield from storage.wakeups.announce(namespace, [TIMES], coalesce=True)
