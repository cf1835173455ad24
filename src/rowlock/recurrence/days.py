"""Which days a rule means: years, months and weeks as buckets of dates.

Days are proleptic Gregorian ordinals, as `date.toordinal` counts them.
"""

from __future__ import annotations

from bisect import bisect_left
from calendar import isleap, monthrange
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple, Protocol

LAST_DAY = date.max.toordinal()
HORIZON_DAYS = 36_525
"""A rule that is silent for a century has ended."""

FRIDAY, SATURDAY = 4, 5


class Weekday(NamedTuple):
    """A day of the week, or the `nth` one of a month or a year.

    Attributes:
        day: Monday is 0.
        nth: From 1; negative from the end; 0 means every one.
    """

    day: int
    nth: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DayFilter:
    """Which days of a month are meant; what is empty filters nothing.

    Attributes:
        months: 1 to 12.
        month_days: From 1; negative from the end of the month.
        nearest: The working day nearest to that day of the month; -1: the last working day.
        weekdays: Days of the week, or the nth one of the month.
        year_days: From 1; negative from the end of the year.
    """

    months: frozenset[int] = frozenset()
    month_days: frozenset[int] = frozenset()
    nearest: frozenset[int] = frozenset()
    weekdays: tuple[Weekday, ...] = ()
    year_days: frozenset[int] = frozenset()

    def days(self, year: int, month: int) -> list[int]:
        """Return the ordinals of the days of one month, ascending."""
        if self.months and month not in self.months:
            return []
        first, length = monthrange(year, month)
        before = date(year, month, 1).toordinal() - 1
        days = self._of_month(first, length)
        if self.weekdays:
            wanted = set(_weekdays(self.weekdays, first, length))
            days = [day for day in days if day in wanted]
        ordinals = [before + day for day in days]
        return [day for day in ordinals if self._in_year(day, year)] if self.year_days else ordinals

    def _of_month(self, first: int, length: int) -> list[int]:
        if not self.month_days and not self.nearest:
            return list(range(1, length + 1))
        given = {day if day > 0 else length + 1 + day for day in self.month_days}
        given |= {_nearest_working_day(day, first, length) for day in self.nearest}
        return sorted(day for day in given if 1 <= day <= length)

    def _in_year(self, ordinal: int, year: int) -> bool:
        number = ordinal - date(year, 1, 1).toordinal() + 1
        return number in self.year_days or number - days_of_year(year) - 1 in self.year_days


def days_of_year(year: int) -> int:
    """Return 365 or 366."""
    return 366 if isleap(year) else 365


def _weekdays(wanted: Sequence[Weekday], first: int, length: int) -> Iterator[int]:
    """Yield the days, from 1, of a span that begins with the weekday `first`."""
    for weekday, nth in wanted:
        days = range(1 + (weekday - first) % 7, length + 1, 7)
        if nth == 0:
            yield from days
        elif -len(days) <= nth <= len(days):
            yield days[nth - 1 if nth > 0 else nth]


def _nearest_working_day(day: int, first: int, length: int) -> int:
    """Return the Monday to Friday nearest to a day, within its month; 0 if it has no such day."""
    day = length if day < 0 else day
    if day > length:
        return 0
    weekday = (first + day - 1) % 7
    if weekday <= FRIDAY:
        return day
    step = -1 if weekday == SATURDAY else 1
    return day + step if 1 <= day + step <= length else day - 2 * step


class Buckets(Protocol):
    """Spans of time, numbered, with the days that a rule means in each."""

    @property
    def interval(self) -> int:
        """Every so many spans count."""
        ...

    @property
    def anchor(self) -> int:
        """The number of one that counts."""
        ...

    def number(self, ordinal: int, /) -> int:
        """Return the number of the span that holds a day."""
        ...

    def dates(self, number: int, /) -> Sequence[int]:
        """Return the days of a span, ascending."""
        ...


@dataclass(frozen=True, slots=True)
class Months:
    """Months, each `interval`-th from `anchor`; in them every `day_interval`-th day.

    Attributes:
        filters: A day counts if any of them lets it pass.
    """

    filters: tuple[DayFilter, ...]
    interval: int = 1
    anchor: int = 0
    day_interval: int = 1
    day_anchor: int = 0

    def number(self, ordinal: int, /) -> int:
        """Return the number of the month, from the year 0."""
        day = date.fromordinal(ordinal)
        return day.year * 12 + day.month - 1

    def dates(self, number: int, /) -> Sequence[int]:
        """Return the days that are meant, ascending."""
        year, month = divmod(number, 12)
        days = self.filters[0].days(year, month + 1)
        for other in self.filters[1:]:
            days = sorted({*days, *other.days(year, month + 1)})
        if self.day_interval == 1:
            return days
        return [day for day in days if (day - self.day_anchor) % self.day_interval == 0]


@dataclass(frozen=True, slots=True)
class SingleDays:
    """Days as buckets of their own, each `interval`-th from `anchor`."""

    filter: DayFilter
    interval: int
    anchor: int

    def number(self, ordinal: int, /) -> int:
        """Return the ordinal itself."""
        return ordinal

    def dates(self, number: int, /) -> Sequence[int]:
        """Return the day, if it is meant."""
        day = date.fromordinal(number)
        return [number] if number in self.filter.days(day.year, day.month) else []


@dataclass(frozen=True, slots=True)
class Weeks:
    """Weeks that begin on `week_start`, each `interval`-th from `anchor`."""

    filter: DayFilter
    interval: int
    anchor: int
    week_start: int

    def number(self, ordinal: int, /) -> int:
        """Return the number of the week, from that of 1 January of the year 1."""
        return (ordinal - 1 - self.week_start) // 7

    def dates(self, number: int, /) -> Sequence[int]:
        """Return the days that are meant, ascending."""
        first = number * 7 + 1 + self.week_start
        weekdays = {weekday.day for weekday in self.filter.weekdays}
        wanted = sorted(first + (day - self.week_start) % 7 for day in weekdays)
        if not self.filter.months and not self.filter.month_days:
            return wanted
        return [day for day in wanted if 0 < day <= LAST_DAY and self._passes(day)]

    def _passes(self, ordinal: int) -> bool:
        day = date.fromordinal(ordinal)
        return ordinal in self.filter.days(day.year, day.month)


@dataclass(frozen=True, slots=True)
class Years:
    """Years, each `interval`-th from `anchor`.

    Attributes:
        filter: What each month is asked for.
        weekdays: Weekdays counted within the year, if any.
        week_numbers: Weeks of the year, if any; week 1 is the first with four days in it.
    """

    filter: DayFilter
    interval: int
    anchor: int
    week_start: int = 0
    weekdays: tuple[Weekday, ...] = ()
    week_numbers: frozenset[int] = frozenset()

    def number(self, ordinal: int, /) -> int:
        """Return the year."""
        return date.fromordinal(ordinal).year

    def dates(self, number: int, /) -> Sequence[int]:
        """Return the days that are meant, ascending."""
        months = sorted(self.filter.months) or range(1, 13)
        days = [day for month in months for day in self.filter.days(number, month)]
        if self.weekdays:
            first = date(number, 1, 1)
            before = first.toordinal() - 1
            found = _weekdays(self.weekdays, first.weekday(), days_of_year(number))
            wanted = {before + day for day in found}
            days = [day for day in days if day in wanted]
        if self.week_numbers:
            days = [day for day in days if self._in_week(day)]
        return days

    def _in_week(self, ordinal: int) -> bool:
        # The week belongs to the year that has its fourth day.
        start = ordinal - (ordinal - 1 - self.week_start) % 7
        year = date.fromordinal(min(start + 3, LAST_DAY)).year
        week = (start - self._first_week(year)) // 7 + 1
        weeks = (self._first_week(year + 1) - self._first_week(year)) // 7
        return week in self.week_numbers or week - weeks - 1 in self.week_numbers

    def _first_week(self, year: int) -> int:
        # Of any calendar, and without its end: 4 January is always in week 1.
        fourth = date(year, 1, 4).toordinal() if year <= date.max.year else LAST_DAY + 4
        return fourth - (fourth - 1 - self.week_start) % 7


class Days:
    """The days of all buckets, in order; remembers the bucket it looked at last."""

    __slots__ = ("_latest", "buckets")

    def __init__(self, buckets: Buckets) -> None:
        self.buckets = buckets
        self._latest: tuple[int, Sequence[int]] | None = None

    def dates(self, number: int) -> Sequence[int]:
        """Return the days of a bucket, ascending."""
        latest = self._latest
        if latest is None or latest[0] != number:
            latest = self._latest = (number, self.buckets.dates(number))
        return latest[1]

    def from_day(self, ordinal: int) -> Iterator[Sequence[int]]:
        """Yield the days of bucket after bucket, from the one that holds a day, for a century."""
        buckets = self.buckets
        last = buckets.number(min(ordinal + HORIZON_DAYS, LAST_DAY))
        number = self._counted(buckets.number(ordinal))
        while number <= last:
            yield self.dates(number)
            number = self._counted(number + 1)

    def _counted(self, number: int) -> int:
        return number + (self.buckets.anchor - number) % self.buckets.interval

    def next(self, ordinal: int) -> int | None:
        """Return the first day that is not before the given one."""
        for dates in self.from_day(ordinal):
            place = bisect_left(dates, ordinal)
            if place < len(dates):
                return dates[place]
        return None
