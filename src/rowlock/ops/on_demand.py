"""What people ask a schedule to fire: once now, or for a range that has passed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

from rowlock.errors import DuplicateTaskError, InvalidValueError
from rowlock.model.changes import NOBODY, By
from rowlock.model.ids import derived_task_id
from rowlock.model.schedules import Firing, FiringReason, Outcome, Schedule
from rowlock.model.tasks import NewTask, Task
from rowlock.ops.firing import Pattern, stored_tasks
from rowlock.ops.occurrences import recurrence_of, within_bounds
from rowlock.ops.schedules import (
    NameOrId,
    get_schedule,
    locked_schedule,
    record_change,
    write_schedule,
)
from rowlock.ops.tasks import get_task
from rowlock.plan import BEGIN, Plan
from rowlock.storage.schedule_contract import Moment
from rowlock.storage.storage import Storage

FIRING_RETENTION = timedelta(days=90)
"""How long it is known what became of an occurrence."""

BACKFILL_BATCH = 100


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
    found = yield from locked_schedule(storage, namespace, wanted)
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
    yield from write_schedule(storage, replace(found, last_run_at=clock, last_task=task.id), now)
    yield from record_change(storage, found, "run", by, {"task": str(task.id)})
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
    dry_run: bool = False,
    now: datetime | None = None,
) -> Plan[Backfilled]:
    """Enqueue tasks for the first occurrences of a range that were not fired or skipped yet.

    Args:
        storage: Where.
        namespace: Whose schedule.
        wanted: Its name or id.
        pattern: Says what its tasks look like.
        start: An occurrence at it counts.
        end: An occurrence at it does not count.
        dry_run: Only count.
        now: Instead of the database's clock; for tests.

    Raises:
        ScheduleNotFoundError: There is none, or it is deleted.
        DefinitionError: Its definition is not there, or takes no new tasks.
        InvalidValueError: The range reaches into the future, or to where what was fired is
            forgotten.
    """
    yield BEGIN
    found = yield from locked_schedule(storage, namespace, wanted)
    clock = yield from storage.firings.read_clock(now=now)
    _check_range(found, start, end, clock)
    first, last = within_bounds(found, start, end)
    occurrences = recurrence_of(found).between(first, last, limit=BACKFILL_BATCH + 1)
    moments = [Moment(found.id, one) for one in occurrences[:BACKFILL_BATCH]]
    task = yield from pattern(storage, found)
    known = (yield from storage.firings.read_firings(moments)) if moments else set[Moment]()
    fired = [one for one in moments if one not in known]
    if not dry_run:
        fired = yield from _backfilled(storage, namespace, task, fired, clock, now)
    more = occurrences[BACKFILL_BATCH:]
    left = len(moments) - len(fired)
    return Backfilled(len(fired), left, task.terms.queue, more[0] if more else None)


def _backfilled(
    storage: Storage,
    namespace: str,
    pattern: NewTask,
    moments: Sequence[Moment],
    clock: datetime,
    now: datetime | None,
) -> Plan[list[Moment]]:
    """Enqueue the tasks of occurrences; returns of which, without those whose key is held."""
    ids = {one: derived_task_id(one.schedule, one.occurrence) for one in moments}
    tasks = [pattern._replace(id=task_id) for task_id in ids.values()]
    stored = yield from stored_tasks(storage, namespace, tasks, now=now)
    firings = [
        Firing(
            schedule=one.schedule,
            occurrence=one.occurrence,
            outcome=Outcome.FIRED,
            at=clock,
            task=task_id,
            reason=FiringReason.BACKFILL,
        )
        for one, task_id in ids.items()
        if task_id in stored
    ]
    if firings:
        yield from storage.firings.insert_firings(firings)
        yield from storage.wakeups.announce(namespace, [pattern.terms.queue], coalesce=True)
    return [one for one, task_id in ids.items() if task_id in stored]


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
    yield from record_change(storage, found, "backfill", by, detail)
    return found
