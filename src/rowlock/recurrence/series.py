"""Occurrences as instants: what a clock reads, or time that has passed.

Every series answers one question, by arithmetic: which is its first occurrence that is not
before a given instant?
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from enum import StrEnum
from typing import Protocol

from rowlock.recurrence.days import HORIZON_DAYS
from rowlock.recurrence.zones import DAY, LAST_INSTANT, Stretch, Zone

HORIZON = HORIZON_DAYS * DAY

# Steps and readings that have not met after so many tries hardly ever do, or never: every
# second hour from midnight, at three o'clock. They count as over.
_MAX_TRIES = 10_000


class Gap(StrEnum):
    """What becomes of a local time that the clocks jump over.

    `end`: one occurrence at the first instant after the gap. `move`: later by as much as the
    clocks jumped, as RFC 5545 reads it. `skip`: none.
    """

    END = "end"
    MOVE = "move"
    SKIP = "skip"


class Overlap(StrEnum):
    """Which passes of a local time count that the clocks show twice."""

    FIRST = "first"
    LAST = "last"
    BOTH = "both"


class WallTimes(Protocol):
    """What a clock may read, in wall seconds."""

    def next(self, wall: int, /) -> int | None:
        """Return the first that is not before `wall`; None: none for a century."""
        ...


class Series(Protocol):
    """Occurrences in order of time."""

    def next(self, instant: int, /) -> int | None:
        """Return the first occurrence that is not before `instant`; None: none for a century."""
        ...

    def is_moved(self, occurrence: int, /) -> bool:
        """Whether the clock reads something else at an occurrence than was asked for."""
        ...


class Clock:
    """Whenever the clock of a zone reads what a pattern says."""

    __slots__ = ("_gap", "_overlap", "_pattern", "_zone")

    def __init__(self, pattern: WallTimes, zone: Zone, gap: Gap, overlap: Overlap) -> None:
        self._pattern = pattern
        self._zone = zone
        self._gap = gap
        self._overlap = overlap

    def next(self, instant: int, /) -> int | None:
        """Return the first occurrence that is not before `instant`."""
        limit = min(instant + HORIZON, LAST_INSTANT)
        while instant <= limit:
            stretch = self._zone.stretch(instant)
            found = self._within(stretch, instant)
            if found is not None:
                return found if found <= limit else None
            # The pattern says how far nothing happens, give or take what clocks can jump.
            wall = self._pattern.next(stretch.end + min(stretch.offset, stretch.after))
            if wall is None:
                return None
            instant = max(stretch.end, wall - 2 * DAY)
        return None

    def _within(self, stretch: Stretch, instant: int) -> int | None:
        start, end, before, offset, after = stretch
        low, high = max(start, instant) + offset, end + offset
        if self._overlap is Overlap.FIRST and offset < before:
            low = max(low, start + before)
        if self._overlap is Overlap.LAST and after < offset:
            high = end + after
        wall = self._pattern.next(low)
        found = wall - offset if wall is not None and wall < high else None
        if offset > before and self._gap is not Gap.SKIP:
            moved = self._out_of_gap(stretch, instant)
            if moved is not None:
                return moved if found is None else min(found, moved)
        return found

    def _out_of_gap(self, stretch: Stretch, instant: int) -> int | None:
        """Return the first occurrence that the gap before a stretch pushed into it."""
        start, before = stretch.start, stretch.before
        if self._gap is Gap.END and instant > start:
            return None
        wall = self._pattern.next(max(start, instant) + before)
        if wall is None or wall >= start + stretch.offset:
            return None
        return start if self._gap is Gap.END else wall - before

    def is_moved(self, occurrence: int, /) -> bool:
        """Whether the clock reads something else than the pattern says."""
        wall = self._zone.wall(occurrence)
        return self._pattern.next(wall) != wall


class Steps:
    """Every `step` seconds from `anchor`, whatever clocks do; only where `readings` agree."""

    __slots__ = ("_anchor", "_readings", "_step")

    def __init__(self, anchor: int, step: int, readings: Clock | None = None) -> None:
        self._anchor = anchor
        self._step = step
        self._readings = readings

    def next(self, instant: int, /) -> int | None:
        """Return the first occurrence that is not before `instant`."""
        limit = min(instant + HORIZON, LAST_INSTANT)
        for _ in range(_MAX_TRIES):
            instant += (self._anchor - instant) % self._step
            if instant > limit:
                return None
            if self._readings is None:
                return instant
            found = self._readings.next(instant)
            if found is None or found == instant:
                return found
            instant = found
        return None

    def is_moved(self, _occurrence: int, /) -> bool:
        """Whether it was moved: never."""
        return False


class Windows:
    """Readings within every `interval`-th window of `length` seconds from `anchor`."""

    __slots__ = ("_anchor", "_interval", "_length", "_positions", "_readings")

    def __init__(
        self, anchor: int, length: int, interval: int, readings: Clock, positions: Sequence[int]
    ) -> None:
        self._anchor = anchor
        self._length = length
        self._interval = interval
        self._readings = readings
        self._positions = positions

    def next(self, instant: int, /) -> int | None:
        """Return the first occurrence that is not before `instant`."""
        limit = min(instant + HORIZON, LAST_INSTANT)
        for _ in range(_MAX_TRIES):
            if instant > limit:
                return None
            number = (instant - self._anchor) // self._length
            ahead = -number % self._interval
            if ahead:
                instant = self._anchor + (number + ahead) * self._length
            reading = self._readings.next(instant)
            if reading is None:
                return None
            end = self._anchor + (number + ahead + 1) * self._length
            if reading < end:
                found = self._selected(end, instant) if self._positions else reading
                if found is not None:
                    return found
                reading = end
            instant = reading
        return None

    def is_moved(self, _occurrence: int, /) -> bool:
        """Whether it was moved: never."""
        return False

    def _selected(self, end: int, instant: int) -> int | None:
        """Return the first reading by position, in the window that ends there."""
        readings: list[int] = []
        reading = self._readings.next(end - self._length)
        while reading is not None and reading < end:
            readings.append(reading)
            reading = self._readings.next(reading + 1)
        count = len(readings)
        places = {one - 1 if one > 0 else count + one for one in self._positions}
        later = [readings[one] for one in places if 0 <= one < count and readings[one] >= instant]
        return min(later, default=None)


class Moments:
    """Given moments."""

    __slots__ = ("_instants",)

    def __init__(self, instants: Sequence[int]) -> None:
        self._instants = sorted(set(instants))

    def next(self, instant: int, /) -> int | None:
        """Return the first occurrence that is not before `instant`."""
        place = bisect_left(self._instants, instant)
        return self._instants[place] if place < len(self._instants) else None

    def is_moved(self, _occurrence: int, /) -> bool:
        """Whether it was moved: never."""
        return False
