"""Schedules: creating, finding and changing them, and what people ask of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple, TypeAlias
from uuid import UUID

from rowlock.errors import (
    DuplicateScheduleError,
    DuplicateTaskError,
    InvalidValueError,
    ScheduleNotFoundError,
    StorageConflictError,
)
from rowlock.model import json_text
from rowlock.model.changes import NOBODY, By, NewAudit
from rowlock.model.ids import derived_task_id
from rowlock.model.names import definition_key
from rowlock.model.schedules import (
    Firing,
    FiringReason,
    Outcome,
    Schedule,
    ScheduleStatus,
)
from rowlock.model.tasks import Task
from rowlock.ops.firing import Pattern, is_active, stored_tasks
from rowlock.ops.occurrences import awaiting, next_occurrence, recurrence_of
from rowlock.ops.tasks import get_task
from rowlock.plan import BEGIN, Plan
from rowlock.storage.schedule_contract import Moment
from rowlock.storage.storage import Storage

NameOrId: TypeAlias = str | UUID

FIRING_RETENTION = timedelta(days=90)
"""How long it is known what became of an occurrence."""

BACKFILL_BATCH = 100

SCHEDULES = "@schedules"
"""Stands in hints for the name of a queue, which it cannot be."""

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
    yield from _recorded(storage, new, "create", by)
    yield from announce_change(storage, new.namespace)
    return (yield from _stored(storage, new.namespace, new.key))


def started(schedule: Schedule, now: datetime) -> Schedule:
    """Return a schedule with its first occurrence from a moment on, if it is active.

    A rule that happens once and did so already happens now.

    Raises:
        InvalidValueError: It has no occurrence left.
    """
    if not is_active(schedule):
        return replace(schedule, next_at=None, due_at=None, waits=False)
    recurrence = recurrence_of(schedule)
    found = next_occurrence(schedule, recurrence, now, inclusive=True)
    if found is None and schedule.rule.get("rule", {}).get("frequency") == "none":
        found = recurrence.start if not schedule.runs else None
    if found is None or (schedule.max_runs is not None and schedule.runs >= schedule.max_runs):
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
    if found is None and (schedule_id := _id_in(wanted)) is not None:
        found = yield from storage.schedules.get_schedule_by_id(namespace, schedule_id)
    if found is None or (found.deleted_at is not None) is not deleted:
        raise ScheduleNotFoundError(str(wanted))
    return found


def _id_in(wanted: NameOrId) -> UUID | None:
    try:
        return wanted if isinstance(wanted, UUID) else UUID(wanted)
    except ValueError:
        return None


def _locked(
    storage: Storage, namespace: str, wanted: NameOrId, *, deleted: bool = False
) -> Plan[Schedule]:
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
    found = yield from _locked(storage, namespace, wanted)
    clock = yield from storage.firings.read_clock(now=now)
    changes = editor(found)
    changed = edited(found, changes, clock)
    yield from _written(storage, changed, now)
    yield from _recorded(storage, found, action, by, _differences(found, changes))
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
    since = now
    if is_active(schedule) and schedule.next_at is not None and schedule.next_at <= now:
        since = schedule.next_at
    return started(replace(changed, problem=None), since)


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
    found = yield from _locked(storage, namespace, wanted)
    yield from _deleted(storage, found, soft=soft, now=now)
    yield from _recorded(storage, found, "delete" if soft else "purge", by)
    return found


def _deleted(
    storage: Storage, schedule: Schedule, *, soft: bool, now: datetime | None = None
) -> Plan[None]:
    if soft:
        clock = yield from storage.firings.read_clock(now=now)
        gone = replace(schedule, deleted_at=clock, next_at=None, due_at=None, waits=False)
        yield from _written(storage, gone, now)
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
    found = yield from _locked(storage, namespace, wanted, deleted=True)
    status = ScheduleStatus.PAUSED if found.status is ScheduleStatus.ACTIVE else found.status
    yield from _written(storage, replace(found, deleted_at=None, status=status), now)
    yield from _recorded(storage, found, "restore", by)
    return (yield from _stored(storage, namespace, found.key))


def _written(storage: Storage, schedule: Schedule, now: datetime | None) -> Plan[None]:
    if not (yield from storage.schedules.update_schedule(schedule, now=now)):
        raise StorageConflictError(f"schedule {schedule.name!r} was changed meanwhile")


def _stored(storage: Storage, namespace: str, key: str) -> Plan[Schedule]:
    found = yield from storage.schedules.get_schedule(namespace, key)
    if found is None:
        raise StorageConflictError(f"schedule {key!r} left while it was being stored")
    return found


def _recorded(
    storage: Storage,
    schedule: Schedule,
    action: str,
    by: By,
    detail: Mapping[str, Any] | None = None,
) -> Plan[None]:
    entry = NewAudit(action, "schedule", schedule.name, detail)
    yield from storage.records.add_audit(schedule.namespace, entry, by)


def _differences(before: Schedule, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return what really changes, as plain JSON."""
    found = {name: value for name, value in changes.items() if getattr(before, name) != value}
    plain: dict[str, Any] = json_text.decode(json_text.encode_plain(found))
    return plain


def run_schedule(
    storage: Storage,
    namespace: str,
    wanted: NameOrId,
    pattern: Pattern,
    *,
    by: By = NOBODY,
    now: datetime | None = None,
) -> Plan[Task]:
    """Enqueue one task of a schedule now; its next occurrence stays what it is.

    Raises:
        ScheduleNotFoundError: There is none, or it is deleted.
        DefinitionError: Its definition is not there, or takes no new tasks.
        DuplicateTaskError: A live task holds its unique key.
    """
    yield BEGIN
    found = yield from _locked(storage, namespace, wanted)
    clock = yield from storage.firings.read_clock(now=now)
    clock = yield from _free_moment(storage, found, clock)
    task = (yield from pattern(storage, found))._replace(id=derived_task_id(found.id, clock))
    stored = yield from stored_tasks(storage, namespace, [task], now=now)
    if task.id not in stored:
        holder = yield from storage.enqueue.find_unique_holder(namespace, task.unique_key or "")
        raise DuplicateTaskError(holder or task.id, task.unique_key or "")
    firing = Firing(
        schedule=found.id,
        occurrence=clock,
        outcome=Outcome.FIRED,
        at=clock,
        task=task.id,
        reason=FiringReason.MANUAL,
    )
    yield from storage.firings.insert_firings([firing])
    yield from _written(storage, replace(found, last_run_at=clock, last_task=task.id), now)
    yield from _recorded(storage, found, "run", by, {"task": str(task.id)})
    yield from storage.wakeups.announce(namespace, [task.terms.queue], coalesce=True)
    return (yield from get_task(storage, namespace, task.id, now=now))


def _free_moment(storage: Storage, schedule: Schedule, moment: datetime) -> Plan[datetime]:
    """Return a moment that is no occurrence, which are whole seconds, and not used yet."""
    while True:
        if moment.microsecond:
            known = yield from storage.firings.read_firings([Moment(schedule.id, moment)])
            if not known:
                return moment
        moment += timedelta(microseconds=1)


class Backfilled(NamedTuple):
    """What one batch of a backfill came to.

    Attributes:
        fired: How many tasks were enqueued.
        known: How many occurrences had been dealt with before.
        queue: Where the tasks went.
        next_at: Where the next batch begins; None at the end.
    """

    fired: int
    known: int
    queue: str
    next_at: datetime | None


def backfill_batch(
    storage: Storage,
    namespace: str,
    wanted: NameOrId,
    pattern: Pattern,
    *,
    start: datetime,
    end: datetime,
    now: datetime | None = None,
) -> Plan[Backfilled]:
    """Enqueue tasks for the first occurrences of a range that were not fired or skipped yet.

    Raises:
        ScheduleNotFoundError: There is none, or it is deleted.
        DefinitionError: Its definition is not there, or takes no new tasks.
        InvalidValueError: The range reaches into the future, or to where what was fired is
            forgotten.
    """
    yield BEGIN
    found = yield from _locked(storage, namespace, wanted)
    clock = yield from storage.firings.read_clock(now=now)
    _check_range(found, start, end, clock)
    occurrences = recurrence_of(found).between(start, end, limit=BACKFILL_BATCH + 1)
    more = occurrences[BACKFILL_BATCH:]
    occurrences = occurrences[:BACKFILL_BATCH]
    pattern_task = yield from pattern(storage, found)
    queue = pattern_task.terms.queue
    moments = [Moment(found.id, one) for one in occurrences]
    known = (yield from storage.firings.read_firings(moments)) if moments else set[Moment]()
    open_moments = [one for one in moments if one not in known]
    tasks = [
        pattern_task._replace(id=derived_task_id(one.schedule, one.occurrence))
        for one in open_moments
    ]
    stored = yield from stored_tasks(storage, namespace, tasks, now=now)
    firings = [
        Firing(
            schedule=moment.schedule,
            occurrence=moment.occurrence,
            outcome=Outcome.FIRED,
            at=clock,
            task=task.id,
            reason=FiringReason.BACKFILL,
        )
        for moment, task in zip(open_moments, tasks, strict=True)
        if task.id in stored
    ]
    if firings:
        yield from storage.firings.insert_firings(firings)
        yield from storage.wakeups.announce(namespace, [queue], coalesce=True)
    fired = len(firings)
    return Backfilled(fired, len(moments) - fired, queue, more[0] if more else None)


def _check_range(schedule: Schedule, start: datetime, end: datetime, now: datetime) -> None:
    if end > now:
        raise InvalidValueError("end", "is in the future; only what has passed can be backfilled")
    forgotten = now - FIRING_RETENTION
    created = schedule.created_at or now
    if start < forgotten and end > created and created < forgotten:
        raise InvalidValueError(
            "start",
            f"is more than {FIRING_RETENTION.days} days ago: what was fired between "
            f"{created.isoformat(timespec='seconds')}, when the schedule was created, and "
            f"{forgotten.isoformat(timespec='seconds')} is no longer known",
        )


def record_backfill(
    storage: Storage,
    namespace: str,
    wanted: NameOrId,
    *,
    start: datetime,
    end: datetime,
    by: By = NOBODY,
) -> Plan[Schedule]:
    """Write into the audit that a backfill begins; returns its schedule."""
    yield BEGIN
    found = yield from get_schedule(storage, namespace, wanted)
    detail = {"start": start.isoformat(), "end": end.isoformat()}
    yield from _recorded(storage, found, "backfill", by, detail)
    return found


def announce_change(storage: Storage, namespace: str) -> Plan[None]:
    """Hint those who fire schedules that one may be due sooner, with the transaction."""
    yield from storage.wakeups.announce(namespace, [SCHEDULES], coalesce=True)
