"""A recurring time: the value that every notation is read into."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from rowlock.errors import InvalidValueError
from rowlock.recurrence.series import HORIZON, Gap, Overlap, Series
from rowlock.recurrence.zones import EPOCH, FIRST_INSTANT, LAST_INSTANT, Zone

MAX_LISTED = 100_000

_SECOND = timedelta(seconds=1)


class Notation(StrEnum):
    """How a recurrence was written."""

    CRON = "cron"
    RRULE = "rrule"
    RULE = "rule"


class ClockChange(StrEnum):
    """What a change of the clocks did to an occurrence.

    `shifted`: its local time does not exist, so it comes after the gap. `first`, `second`: its
    local time happens twice, and this is that pass.
    """

    SHIFTED = "shifted"
    FIRST = "first"
    SECOND = "second"


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One moment of a recurrence, as people in its zone see it.

    Attributes:
        at: When, in UTC.
        local: The same in the recurrence's zone.
        change: What a change of the clocks did to it, if anything.
    """

    at: datetime
    local: datetime
    change: ClockChange | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recurrence:
    """A recurring time: a cron expression, an RRULE or a rule of seven keys, read and checked.

    Two are equal if they were written the same way. Occurrences are whole seconds.

    Attributes:
        notation: How it was written.
        text: What was written: the expression, iCalendar lines, or the seven keys as JSON.
        zone: The name of the time zone whose clock it goes by.
        gap: What becomes of a local time that does not exist.
        overlap: Which passes of a local time that happens twice count.
        start: Nothing happens before, in UTC. None: no bound.
        end: Nothing happens after, in UTC. None: no bound.
        key: What spreads the `H` of a cron expression; usually a schedule's name.

    Example:
        >>> parse_cron("0 9 * * mon-fri").next(datetime(2027, 1, 2, tzinfo=UTC))
        datetime.datetime(2027, 1, 4, 9, 0, tzinfo=datetime.timezone.utc)
    """

    notation: Notation
    text: str
    zone: str = "UTC"
    gap: Gap = Gap.END
    overlap: Overlap = Overlap.FIRST
    start: datetime | None = None
    end: datetime | None = None
    key: str = ""
    series: Series = field(repr=False, compare=False)
    words: str = field(repr=False, compare=False)

    def next(self, after: datetime, *, inclusive: bool = False) -> datetime | None:
        """Return the first occurrence after a moment, in UTC.

        Args:
            after: A moment with a time zone.
            inclusive: Whether an occurrence at that very moment counts.

        Returns:
            The occurrence, or None if there is none for a century.

        Raises:
            InvalidValueError: `after` has no time zone.
        """
        instant = _ceiling("after", after) if inclusive else _floor("after", after) + 1
        found = self._first(instant)
        return None if found is None else _moment(found)

    def previous(self, before: datetime, *, inclusive: bool = False) -> datetime | None:
        """Return the last occurrence before a moment, in UTC.

        Args:
            before: A moment with a time zone.
            inclusive: Whether an occurrence at that very moment counts.

        Returns:
            The occurrence, or None if there was none for a century.

        Raises:
            InvalidValueError: `before` has no time zone.
        """
        instant = _floor("before", before) + 1 if inclusive else _ceiling("before", before)
        found = self._last(instant)
        return None if found is None else _moment(found)

    def between(self, start: datetime, end: datetime, limit: int = 1000) -> list[datetime]:
        """Return the occurrences from `start` up to but not at `end`, in UTC, oldest first.

        Ranges that adjoin neither lose nor repeat an occurrence.

        Args:
            start: A moment with a time zone; an occurrence at it counts.
            end: A moment with a time zone; an occurrence at it does not count.
            limit: At most this many.

        Raises:
            InvalidValueError: A moment has no time zone, or the limit is not 1 to 100,000.
        """
        return [_moment(instant) for instant in self._instants(start, end, limit)]

    def simulate(self, start: datetime, end: datetime, limit: int = 1000) -> list[Occurrence]:
        """Return what `between` does, with local times and what changes of the clocks did.

        Args:
            start: A moment with a time zone; an occurrence at it counts.
            end: A moment with a time zone; an occurrence at it does not count.
            limit: At most this many.

        Raises:
            InvalidValueError: A moment has no time zone, or the limit is not 1 to 100,000.
        """
        zone = Zone(self.zone)
        return [
            Occurrence(_moment(instant), zone.shown(instant), self._change(zone, instant))
            for instant in self._instants(start, end, limit)
        ]

    def explain(self) -> str:
        """Return what it means in plain words."""
        return self.words

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values, for `parse` to read again.

        Returns:
            The notation with what was written, `zone`, `gap` and `overlap`; for cron also
            `start`, `end` and `key` if there are any.
        """
        is_rule = self.notation is Notation.RULE
        stored: dict[str, Any] = {
            self.notation.value: json.loads(self.text) if is_rule else self.text,
            "zone": self.zone,
            "gap": self.gap.value,
            "overlap": self.overlap.value,
        }
        if self.notation is Notation.CRON:
            bounds = {"start": self.start, "end": self.end}
            stored |= {name: at.isoformat() for name, at in bounds.items() if at is not None}
            stored |= {"key": self.key} if self.key else {}
        return stored

    def __str__(self) -> str:
        """Return what was written."""
        return self.text

    def _instants(self, start: datetime, end: datetime, limit: int) -> list[int]:
        most = _checked_limit(limit)
        instant, stop = _ceiling("start", start), _ceiling("end", end)
        found: list[int] = []
        while len(found) < most:
            occurrence = self._first(instant)
            if occurrence is None or occurrence >= stop:
                break
            found.append(occurrence)
            instant = occurrence + 1
        return found

    def _first(self, instant: int) -> int | None:
        """Return the first occurrence that is not before `instant`."""
        if instant > LAST_INSTANT:
            return None
        return self.series.next(max(instant, FIRST_INSTANT))

    def _last(self, instant: int) -> int | None:
        """Return the last occurrence before `instant`.

        Found by asking for the next one from ever earlier moments, then by halving.
        """
        floor, reach = max(instant - HORIZON, FIRST_INSTANT), 60
        found = self._first(max(instant - reach, floor))
        while found is None or found >= instant:
            if instant - reach <= floor:
                return None
            reach *= 8
            found = self._first(max(instant - reach, floor))
        end = instant
        while found + 1 < end:
            middle = (found + 1 + end) // 2
            later = self._first(middle)
            if later is not None and later < end:
                found = later
            else:
                end = middle
        return found

    def _change(self, zone: Zone, instant: int) -> ClockChange | None:
        passes = zone.instants(zone.wall(instant))
        if len(passes) > 1:
            return ClockChange.FIRST if instant == passes[0] else ClockChange.SECOND
        return ClockChange.SHIFTED if self.series.is_moved(instant) else None


def _moment(instant: int) -> datetime:
    return EPOCH + timedelta(seconds=instant)


def _checked_limit(limit: object) -> int:
    if isinstance(limit, bool) or not isinstance(limit, int) or not 0 < limit <= MAX_LISTED:
        raise InvalidValueError("limit", f"is {limit!r}; it must be 1 to {MAX_LISTED:,}")
    return limit


def _floor(name: str, moment: object) -> int:
    """Return the whole second that a moment is in."""
    if not isinstance(moment, datetime) or moment.utcoffset() is None:
        raise InvalidValueError(name, f"{moment!r} is not a datetime with a time zone")
    return (moment - EPOCH) // _SECOND


def _ceiling(name: str, moment: datetime) -> int:
    """Return the first whole second that is not before a moment."""
    _floor(name, moment)
    return -((EPOCH - moment) // _SECOND)
