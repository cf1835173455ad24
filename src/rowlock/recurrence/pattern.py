"""What a clock and a calendar must read: days and times of day, as wall seconds."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from rowlock.recurrence.days import LAST_DAY, Days
from rowlock.recurrence.zones import DAY

_EPOCH_DAY = date(1970, 1, 1).toordinal()


class Times(NamedTuple):
    """Times of day: every combination of these hours, minutes and seconds, each ascending."""

    hours: tuple[int, ...]
    minutes: tuple[int, ...]
    seconds: tuple[int, ...]

    @property
    def per_day(self) -> int:
        """How many there are in a day."""
        return len(self.hours) * len(self.minutes) * len(self.seconds)

    def at(self, index: int) -> int:
        """Return the second of the day of the `index`-th time, from 0."""
        rest, second = divmod(index, len(self.seconds))
        hour, minute = divmod(rest, len(self.minutes))
        return self.hours[hour] * 3600 + self.minutes[minute] * 60 + self.seconds[second]

    def next(self, second_of_day: int) -> int | None:
        """Return the first time that is not before the given one."""
        rest, second = divmod(second_of_day, 60)
        hour, minute = divmod(rest, 60)
        if hour in self.hours:
            if minute in self.minutes:
                place = bisect_left(self.seconds, second)
                if place < len(self.seconds):
                    return hour * 3600 + minute * 60 + self.seconds[place]
            place = bisect_left(self.minutes, minute + 1)
            if place < len(self.minutes):
                return hour * 3600 + self.minutes[place] * 60 + self.seconds[0]
        place = bisect_left(self.hours, hour + 1)
        if place == len(self.hours):
            return None
        return self.hours[place] * 3600 + self.minutes[0] * 60 + self.seconds[0]


class Pattern:
    """Days and times; with positions, only the nth moments of each bucket of days."""

    __slots__ = ("_days", "_positions", "_times")

    def __init__(self, days: Days, times: Times, positions: Sequence[int] = ()) -> None:
        self._days = days
        self._times = times
        self._positions = tuple(positions)

    def next(self, wall: int, /) -> int | None:
        """Return the first moment that is not before the given one; None: none for a century."""
        day, second = divmod(wall, DAY)
        ordinal = max(day + _EPOCH_DAY, 1)
        if ordinal > LAST_DAY:
            return None
        if self._positions:
            return self._next_selected(ordinal, wall)
        found = self._days.next(ordinal)
        if found == ordinal:
            time = self._times.next(second)
            if time is not None:
                return (ordinal - _EPOCH_DAY) * DAY + time
            found = self._days.next(ordinal + 1) if ordinal < LAST_DAY else None
        return None if found is None else (found - _EPOCH_DAY) * DAY + self._times.at(0)

    def _next_selected(self, ordinal: int, wall: int) -> int | None:
        for dates in self._days.from_day(ordinal):
            later = [one for one in self._selected(dates) if one >= wall]
            if later:
                return min(later)
        return None

    def _selected(self, dates: Sequence[int]) -> list[int]:
        count = self._times.per_day
        total = len(dates) * count
        found: list[int] = []
        for position in self._positions:
            index = position - 1 if position > 0 else total + position
            if 0 <= index < total:
                day, time = divmod(index, count)
                found.append((dates[day] - _EPOCH_DAY) * DAY + self._times.at(time))
        return found
