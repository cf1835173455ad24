"""What is to be done with the occurrences of a schedule that are due. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from typing import NamedTuple

from rowlock.model.schedules import (
    CatchUp,
    FiringReason,
    RunOverlap,
    Schedule,
    ScheduleStatus,
)
from rowlock.recurrence.recurrence import Recurrence

ON_TIME = timedelta(seconds=30)
"""Whatever fires within this time was not missed."""

_PROMPT = 32
"""No more occurrences than these, which are whole seconds, can be on time."""

LOOK_AGAIN = timedelta(seconds=1)
"""How often to look whether the task that an occurrence waits for has ended."""

COUNTED = 10_000
"""So many occurrences that came meanwhile are looked at; of more, the last ones besides."""

_INSTANT = timedelta(microseconds=1)


class Passing(NamedTuple):
    """An occurrence that is fired or skipped, with those just before it that are passed over."""

    occurrence: datetime
    passed: int = 0
    reason: FiringReason | None = None


class Look(NamedTuple):
    """What a schedule's due occurrences come to.

    Attributes:
        fired: What to enqueue, oldest first.
        skipped: What is left out and recorded.
        missed: How many came while no worker ran and are not fired.
        seen: The last one that was looked at; None if none was due after all.
        waiting: The one that waits for the task before it.
    """

    fired: tuple[Passing, ...] = ()
    skipped: tuple[Passing, ...] = ()
    missed: int = 0
    seen: datetime | None = None
    waiting: datetime | None = None


def recurrence_of(schedule: Schedule) -> Recurrence:
    """Return a schedule's recurring time, to be asked for occurrences.

    Raises:
        InvalidValueError: It cannot be read any more, as where its time zone is gone.
    """
    return _read(json.dumps(schedule.rule, sort_keys=True))


@lru_cache(maxsize=4096)
def _read(rule: str) -> Recurrence:
    """Read a recurring time; it takes ten times as long as asking it for an occurrence."""
    from rowlock.recurrence.parsing import parse  # start-up time of who only looks

    return parse(json.loads(rule))


def jittered(schedule: Schedule, occurrence: datetime) -> datetime:
    """Return when an occurrence fires: every process draws the same delay, up to the next one."""
    if not schedule.jitter:
        return occurrence
    following = recurrence_of(schedule).next(occurrence)
    room = schedule.jitter if following is None else following - occurrence
    drawn = sha256(f"{schedule.id} {occurrence.isoformat()}".encode()).digest()[:8]
    return occurrence + min(schedule.jitter, room) * (int.from_bytes(drawn, "big") / 2**64)


def next_occurrence(
    schedule: Schedule, after: datetime, *, inclusive: bool = False
) -> datetime | None:
    """Return the first occurrence after a moment, within the schedule's bounds.

    Raises:
        InvalidValueError: Its rule cannot be read any more.
    """
    if schedule.starts_at is not None and after < schedule.starts_at:
        after, inclusive = schedule.starts_at, True
    found = recurrence_of(schedule).next(after, inclusive=inclusive)
    if found is None or (schedule.ends_at is not None and found > schedule.ends_at):
        return None
    return found


def within_bounds(schedule: Schedule, start: datetime, end: datetime) -> tuple[datetime, datetime]:
    """Return the part of a range in which a schedule may fire, its end left out."""
    if schedule.starts_at is not None:
        start = max(start, schedule.starts_at)
    if schedule.ends_at is not None:
        end = min(end, schedule.ends_at + _INSTANT)
    return start, max(start, end)


def awaiting(schedule: Schedule, occurrence: datetime | None) -> Schedule:
    """Return the schedule with its next occurrence; without one it is completed."""
    if occurrence is None:
        return idle(replace(schedule, status=ScheduleStatus.COMPLETED))
    due = jittered(schedule, occurrence)
    return replace(schedule, next_at=occurrence, due_at=due, waits=False)


def idle(schedule: Schedule) -> Schedule:
    """Return the schedule with nothing to fire."""
    return replace(schedule, next_at=None, due_at=None, waits=False)


def look(schedule: Schedule, now: datetime, *, busy: bool) -> Look:
    """Return what the occurrences that are due by now come to.

    Args:
        schedule: An active one.
        now: By the database's clock.
        busy: Whether a task of it is unfinished.
    """
    if schedule.next_at is None:
        return Look()
    due = _due(schedule, schedule.next_at, now)
    if not due:
        return Look()
    chosen = _caught_up(schedule, due, now)
    missed = len(due) - len(chosen)
    fired, rest = _within_runs(schedule, *_without_overlap(schedule, chosen, busy=busy))
    waiting = None
    if schedule.overlap is RunOverlap.QUEUE_ONE and rest and not (fired and fired[-1] > rest[-1]):
        waiting = rest[-1]
    left_out = rest if waiting is None else rest[:-1]
    skipped: list[Passing] = []
    if left_out:
        skipped = [Passing(left_out[-1], len(left_out) - 1, FiringReason.OVERLAP)]
    passings = [Passing(one) for one in fired]
    if missed and passings:
        passings[0] = passings[0]._replace(passed=missed)
    elif missed and waiting is None and not skipped:
        skipped = [Passing(due[-1], missed - 1, FiringReason.MISSED)]
    return Look(tuple(passings), tuple(skipped), missed, due[-1], waiting)


def _due(schedule: Schedule, first: datetime, now: datetime) -> list[datetime]:
    """Return what is due, oldest first."""
    recurrence, until = recurrence_of(schedule), now
    if schedule.ends_at is not None:
        until = min(now, schedule.ends_at)
    found = recurrence.between(first, until + _INSTANT, limit=COUNTED)
    if len(found) == COUNTED:
        last = _last(recurrence, until, schedule.catch_up_limit)
        found += [one for one in last if one > found[-1]]
    if found and jittered(schedule, found[-1]) > now:
        found.pop()
    return found


def _last(recurrence: Recurrence, until: datetime, count: int) -> list[datetime]:
    """Return the last occurrences up to a moment, oldest first."""
    found: list[datetime] = []
    one = recurrence.previous(until, inclusive=True)
    while one is not None and len(found) < count:
        found.append(one)
        one = recurrence.previous(one)
    return found[::-1]


def _caught_up(schedule: Schedule, due: Sequence[datetime], now: datetime) -> Sequence[datetime]:
    """Return which of the due occurrences are to be fired, by policy."""
    if schedule.waits and schedule.overlap is RunOverlap.QUEUE_ONE:
        return due  # they were not missed: they waited
    on_time = [one for one in due[-_PROMPT:] if now - jittered(schedule, one) <= ON_TIME]
    if len(on_time) == len(due):
        return due
    match schedule.catch_up:
        case CatchUp.ALL:
            return due[-schedule.catch_up_limit :]
        case CatchUp.LATEST:
            return due[-1:]
        case CatchUp.SKIP:
            return on_time


def _without_overlap(
    schedule: Schedule, chosen: Sequence[datetime], *, busy: bool
) -> tuple[Sequence[datetime], Sequence[datetime]]:
    """Return what to fire, and what has to stand back for the task before it."""
    if schedule.overlap is RunOverlap.ALLOW or not chosen:
        return chosen, ()
    if busy:
        return (), chosen
    if schedule.waits:
        # The last one stands for those that came while it waited.
        return chosen[-1:], chosen[:-1]
    return chosen[:1], chosen[1:]


def _within_runs(
    schedule: Schedule, fired: Sequence[datetime], rest: Sequence[datetime]
) -> tuple[Sequence[datetime], Sequence[datetime]]:
    """Return the same up to the last run; nothing after it is an occurrence."""
    if schedule.max_runs is None:
        return fired, rest
    left = max(schedule.max_runs - schedule.runs, 0)
    if len(fired) < left:
        return fired, rest
    fired = fired[:left]
    return fired, [one for one in rest if fired and one < fired[-1]]
