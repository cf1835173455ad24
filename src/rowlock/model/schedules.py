"""Schedules: stored recurrences that enqueue tasks, and what became of their occurrences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from rowlock.errors import InvalidValueError
from rowlock.model.ids import new_task_id
from rowlock.model.names import checked_alias

DEFAULT_CATCH_UP_LIMIT = 100
MAX_CATCH_UP_LIMIT = 1_000
MAX_JITTER = timedelta(days=1)


class ScheduleStatus(StrEnum):
    """Where a schedule stands; only an active one fires."""

    DRAFT = "draft"
    ACTIVE = "active"
    PAUSED = "paused"
    COMPLETED = "completed"
    CANCELED = "canceled"


_STATUS_WORDS: Mapping[str, ScheduleStatus] = {
    **{status.value: status for status in ScheduleStatus},
    "inactive": ScheduleStatus.PAUSED,
    "cancelled": ScheduleStatus.CANCELED,
}


def checked_status(value: object) -> ScheduleStatus:
    """Return the status that a word means, in any case.

    Raises:
        InvalidValueError: It means none.
    """
    found = _STATUS_WORDS.get(value.strip().lower()) if isinstance(value, str) else None
    if found is None:
        known = ", ".join(ScheduleStatus)
        raise InvalidValueError("status", f"must be one of {known}, not {value!r}")
    return found


def checked_schedule_name(value: object) -> str:
    """Return a schedule's name as spelled, trimmed.

    Raises:
        InvalidValueError: It is no text, or not one like a definition's alias.
    """
    try:
        return checked_alias(value)
    except InvalidValueError as error:
        raise InvalidValueError("name", error.problem) from None


class CatchUp(StrEnum):
    """What becomes of occurrences that came while no worker ran.

    `skip` fires none of them but those that are at most 30 s late, `latest` the last one, `all`
    each of them up to a limit, the last ones. If none is later than that, all are fired.
    """

    SKIP = "skip"
    LATEST = "latest"
    ALL = "all"


class RunOverlap(StrEnum):
    """What happens to an occurrence while the task before it is unfinished.

    `allow` fires it, `skip` leaves it out, `queue_one` lets one wait, the last one.
    """

    ALLOW = "allow"
    SKIP = "skip"
    QUEUE_ONE = "queue_one"


class ScheduleOrder(StrEnum):
    """What schedules are listed by; with a minus the last comes first."""

    NAME = "name"
    NAME_DESCENDING = "-name"
    CREATED = "created"
    CREATED_DESCENDING = "-created"
    NEXT = "next"


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """A stored recurrence that enqueues tasks of one definition.

    All times are aware and in UTC.

    Attributes:
        name: For people; unique in its namespace, ignoring case, `-` and `_`.
        key: What the name is matched by.
        rule: The recurring time as `Recurrence.to_json` gave it, for `rowlock.recurrence.parse`.
        definition: What the definition is matched by.
        id: Its own; a schedule that is created again under a deleted name gets a new one.
        queue: Where its tasks go; None leaves it to the definition.
        arguments: What each of its tasks is run with.
        priority: Of its tasks; None leaves it to the definition.
        options: What else was said of its tasks: `tags`, `max_attempts`, `max_crashes`, `unique`,
            `retry`, and `lifetime` and `timeout` in seconds.
        starts_at: Nothing fires before.
        ends_at: Nothing fires after.
        max_runs: After so many runs it is completed.
        catch_up: What becomes of occurrences that came while no worker ran.
        catch_up_limit: How many of them `all` fires at most.
        overlap: What happens while the task before is unfinished.
        jitter: Each occurrence fires up to so much later, always the same for the same one, and
            before the next.
        runs: How many occurrences were fired. Manual runs and backfills do not count.
        missed: How many occurrences were not fired because no worker ran.
        last_run_at: When it fired last.
        last_task: The task of that.
        next_at: The next occurrence; None if there is none, or it is not active.
        due_at: When that fires: `next_at` and its jitter, or later if it waits.
        waits: Whether the next occurrence waits for the task before it.
        problem: Why it could not fire when it was last due; None when all is well.
        declared: What code said of it when it was last synchronised; None if no code did.
        version: Grows with every change.
        deleted_at: When it was deleted softly.
    """

    name: str
    key: str
    rule: Mapping[str, Any]
    definition: str
    namespace: str = "default"
    id: UUID = field(default_factory=new_task_id)
    description: str = ""
    status: ScheduleStatus = ScheduleStatus.ACTIVE
    queue: str | None = None
    arguments: Mapping[str, Any] = field(default_factory=dict[str, Any])
    priority: int | None = None
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    max_runs: int | None = None
    catch_up: CatchUp = CatchUp.LATEST
    catch_up_limit: int = DEFAULT_CATCH_UP_LIMIT
    overlap: RunOverlap = RunOverlap.ALLOW
    jitter: timedelta = timedelta(0)
    runs: int = 0
    missed: int = 0
    last_run_at: datetime | None = None
    last_task: UUID | None = None
    next_at: datetime | None = None
    due_at: datetime | None = None
    waits: bool = False
    problem: str | None = None
    declared: Mapping[str, Any] | None = None
    version: int = 1
    created_at: datetime | None = None
    updated_at: datetime | None = None
    deleted_at: datetime | None = None

    @property
    def fires(self) -> bool:
        """Whether it fires by the clock."""
        return self.status is ScheduleStatus.ACTIVE and self.deleted_at is None


class ScheduleFilter(NamedTuple):
    """Which schedules to list; None does not filter.

    Attributes:
        name: A part of the name, matched ignoring case, `-` and `_`.
        definition: The key of the definition.
        declared: Whether code declares it.
        include_deleted: Those deleted softly, too.
    """

    name: str | None = None
    status: ScheduleStatus | None = None
    definition: str | None = None
    queue: str | None = None
    declared: bool | None = None
    include_deleted: bool = False


class Outcome(StrEnum):
    """What became of an occurrence."""

    FIRED = "fired"
    SKIPPED = "skipped"


class FiringReason(StrEnum):
    """Why an occurrence was fired out of turn, or was not fired.

    `missed`: no worker ran in time. `overlap`: the task before was unfinished. `duplicate`:
    another task held the unique key. `manual`, `backfill`: somebody asked for it.
    """

    MISSED = "missed"
    OVERLAP = "overlap"
    DUPLICATE = "duplicate"
    MANUAL = "manual"
    BACKFILL = "backfill"


@dataclass(frozen=True, slots=True, kw_only=True)
class Firing:
    """What became of one occurrence of a schedule; there is at most one for each.

    Attributes:
        schedule: The schedule's id.
        occurrence: The moment that it was planned for.
        outcome: `fired` or `skipped`.
        at: When that was decided.
        task: The task that was enqueued; it may be pruned by now.
        reason: Why it was skipped, or fired out of turn.
        passed: How many occurrences just before it were passed over with it.
    """

    schedule: UUID
    occurrence: datetime
    outcome: Outcome
    at: datetime
    task: UUID | None = None
    reason: FiringReason | None = None
    passed: int = 0

    @property
    def late(self) -> timedelta:
        """How long after its moment it was fired or skipped."""
        return max(self.at - self.occurrence, timedelta(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleSync:
    """What bringing stored schedules in line with the code came to; names of schedules.

    Attributes:
        created: New in the database.
        changed: Code says something else of them than the last time.
        unchanged: Code says the same as the last time; what operators changed stays.
        deleted: Declared, but deleted by an operator: left alone.
        undeclared: Declared by code once, and no longer.
        pruned: Of those, the ones that were deleted.
        problems: What could not be stored, and why.
    """

    created: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()
    undeclared: tuple[str, ...] = ()
    pruned: tuple[str, ...] = ()
    problems: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True, kw_only=True)
class Backfill:
    """How far a backfill has come.

    Attributes:
        fired: How many tasks were enqueued.
        known: How many occurrences had been fired or skipped before, and were left alone.
        next_at: Where it goes on; None at the end.
    """

    fired: int = 0
    known: int = 0
    next_at: datetime | None = None
