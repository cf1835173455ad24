"""Series put together: bounds, counts, additions and exceptions."""

from __future__ import annotations

from collections.abc import Sequence

from rowlock.recurrence.series import Series
from rowlock.recurrence.zones import DAY, Zone


class Bounded:
    """What a series has from `first` to `last`, both included."""

    __slots__ = ("_first", "_last", "_series")

    def __init__(self, series: Series, first: int, last: int) -> None:
        self._series = series
        self._first = first
        self._last = last

    def next(self, instant: int, /) -> int | None:
        """Return the first occurrence that is not before `instant`."""
        found = self._series.next(max(instant, self._first))
        return None if found is None or found > self._last else found

    def is_moved(self, occurrence: int, /) -> bool:
        """Whether the series moved it."""
        return self._series.is_moved(occurrence)


class Counted:
    """The first `count` occurrences from `first`."""

    __slots__ = ("_count", "_counted", "_first", "_series")

    def __init__(self, series: Series, first: int, count: int) -> None:
        self._series = series
        self._first = first
        self._count = count
        # How many have been counted, and the last of them: counting goes on from there.
        self._counted = (0, first - 1)

    def next(self, instant: int, /) -> int | None:
        """Return the first occurrence that is not before `instant`."""
        found = self._series.next(max(instant, self._first))
        if found is None:
            return None
        number, last = self._counted
        while number < self._count and last < found:
            following = self._series.next(last + 1)
            last = found if following is None else following
            number += 1
        self._counted = (number, last)
        return found if found <= last else None

    def is_moved(self, occurrence: int, /) -> bool:
        """Whether the series moved it."""
        return self._series.is_moved(occurrence)


class Union:
    """What any of several series has."""

    __slots__ = ("_series",)

    def __init__(self, series: Sequence[Series]) -> None:
        self._series = series

    def next(self, instant: int, /) -> int | None:
        """Return the first occurrence that is not before `instant`."""
        found = [one.next(instant) for one in self._series]
        return min((one for one in found if one is not None), default=None)

    def is_moved(self, occurrence: int, /) -> bool:
        """Whether every series that has it moved it."""
        having = [one for one in self._series if one.next(occurrence) == occurrence]
        return all(one.is_moved(occurrence) for one in having)


class Without:
    """A series without some moments, and without anything on some days of a zone."""

    __slots__ = ("_days", "_moments", "_series", "_zone")

    def __init__(self, series: Series, moments: Series, days: frozenset[int], zone: Zone) -> None:
        self._series = series
        self._moments = moments
        self._days = days
        self._zone = zone

    def next(self, instant: int, /) -> int | None:
        """Return the first occurrence that is not before `instant`."""
        found = self._series.next(instant)
        while found is not None:
            stretch = self._zone.stretch(found)
            day, second = divmod(found + stretch.offset, DAY)
            if day in self._days:
                found = self._series.next(min(found + DAY - second, stretch.end))
            elif self._moments.next(found) == found:
                found = self._series.next(found + 1)
            else:
                return found
        return None

    def is_moved(self, occurrence: int, /) -> bool:
        """Whether the series moved it."""
        return self._series.is_moved(occurrence)
