"""The parts of a rule in RFC 5545's terms, and the series that they mean."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from rowlock.errors import InvalidValueError
from rowlock.recurrence.days import (
    Buckets,
    DayFilter,
    Days,
    Months,
    SingleDays,
    Weekday,
    Weeks,
    Years,
)
from rowlock.recurrence.pattern import Pattern, Times
from rowlock.recurrence.series import Clock, Gap, Overlap, Series, Steps, Windows
from rowlock.recurrence.zones import Zone

ALL_HOURS = tuple(range(24))
ALL_SIXTY = tuple(range(60))


class Frequency(StrEnum):
    """The unit that a rule counts in; `none` happens once."""

    NONE = "none"
    SECONDLY = "secondly"
    MINUTELY = "minutely"
    HOURLY = "hourly"
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    YEARLY = "yearly"


UNIT_SECONDS = {Frequency.SECONDLY: 1, Frequency.MINUTELY: 60, Frequency.HOURLY: 3600}
"""Frequencies that count elapsed time; the others count on the calendar."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """One rule; parts that are empty were not given.

    Attributes:
        interval: Every so many units, from 1.
        months: 1 to 12.
        week_numbers: Weeks of the year, negative from its end.
        year_days: Days of the year, negative from its end.
        month_days: Days of the month, negative from its end.
        weekdays: Days of the week, with a number the nth of the month or the year.
        positions: Which of the moments of each unit count, negative from its end.
        week_start: The day on which weeks begin; Monday is 0.
    """

    frequency: Frequency
    interval: int = 1
    months: tuple[int, ...] = ()
    week_numbers: tuple[int, ...] = ()
    year_days: tuple[int, ...] = ()
    month_days: tuple[int, ...] = ()
    weekdays: tuple[Weekday, ...] = ()
    hours: tuple[int, ...] = ()
    minutes: tuple[int, ...] = ()
    seconds: tuple[int, ...] = ()
    positions: tuple[int, ...] = ()
    week_start: int = 0

    def completed(self, start: datetime) -> Parts:
        """Return the rule with what it left to its start: a day, a month, a time of day.

        Args:
            start: As the clock of its zone reads it.
        """
        if self.frequency in UNIT_SECONDS:
            return self
        full = replace(
            self,
            hours=self.hours or (start.hour,),
            minutes=self.minutes or (start.minute,),
            seconds=self.seconds or (start.second,),
        )
        weekdays = self.weekdays or (Weekday(start.weekday()),)
        if self.frequency is Frequency.WEEKLY:
            return replace(full, weekdays=weekdays)
        if self.month_days or self.year_days or self.weekdays:
            return full
        if self.frequency is Frequency.YEARLY and self.week_numbers:
            return replace(full, weekdays=weekdays)
        if self.frequency is Frequency.DAILY:
            return full
        months = (start.month,) if self.frequency is Frequency.YEARLY else ()
        return replace(full, months=self.months or months, month_days=(start.day,))

    def day_filter(self) -> DayFilter:
        """Return what the rule asks of a day of a month."""
        return DayFilter(
            months=frozenset(self.months),
            month_days=frozenset(self.month_days),
            weekdays=self.weekdays,
            year_days=frozenset(self.year_days),
        )


def series_of(parts: Parts, start: int, zone: Zone, gap: Gap, overlap: Overlap) -> Series:
    """Return the occurrences of a rule; those before `start` are not to be looked at.

    Args:
        parts: The rule.
        start: The instant from which it counts.
        zone: Whose clock it reads.
        gap: What becomes of local times that do not exist.
        overlap: Which passes of repeated local times count.
    """
    local = zone.shown(start)
    if parts.frequency in UNIT_SECONDS:
        return _elapsed(parts, start, zone, local)
    full = parts.completed(local)
    times = times_of(full)
    if full.frequency is Frequency.DAILY:
        _check_positions(full, times.per_day)
    pattern = Pattern(Days(buckets_of(full, local)), times, full.positions)
    return clock(pattern, full.hours, zone, gap, overlap)


def clock(
    pattern: Pattern, hours: tuple[int, ...], zone: Zone, gap: Gap, overlap: Overlap
) -> Clock:
    """Return the readings of a pattern; one that names every hour goes by elapsed time."""
    if hours == ALL_HOURS:
        return Clock(pattern, zone, Gap.SKIP, Overlap.BOTH)
    return Clock(pattern, zone, gap, overlap)


def times_of(parts: Parts) -> Times:
    """Return the times of day of a rule; what was not given is every one."""
    return Times(parts.hours or ALL_HOURS, parts.minutes or ALL_SIXTY, parts.seconds or ALL_SIXTY)


def buckets_of(parts: Parts, start: datetime) -> Buckets:
    """Return the days of a completed rule, in spans of its unit."""
    day_filter, today = parts.day_filter(), start.toordinal()
    match parts.frequency:
        case Frequency.YEARLY:
            of_year = not parts.months and any(weekday.nth for weekday in parts.weekdays)
            return Years(
                replace(day_filter, weekdays=()) if of_year else day_filter,
                parts.interval,
                start.year,
                parts.week_start,
                parts.weekdays if of_year else (),
                frozenset(parts.week_numbers),
            )
        case Frequency.MONTHLY:
            return Months((day_filter,), parts.interval, start.year * 12 + start.month - 1)
        case Frequency.WEEKLY:
            week = (today - 1 - parts.week_start) // 7
            return Weeks(day_filter, parts.interval, week, parts.week_start)
        case Frequency.DAILY if parts.positions:
            return SingleDays(day_filter, parts.interval, today)
        case _:
            return Months((day_filter,), day_interval=parts.interval, day_anchor=today)


def _elapsed(parts: Parts, start: int, zone: Zone, local: datetime) -> Series:
    unit = UNIT_SECONDS[parts.frequency]
    given = {60: parts.seconds, 3600: parts.minutes or parts.seconds}.get(unit, ())
    if given or parts.positions:
        # Several times within a unit: what a part leaves open is as at the start.
        if unit >= 60:
            parts = replace(parts, seconds=parts.seconds or (local.second,))
        if unit == 3600:
            parts = replace(parts, minutes=parts.minutes or (local.minute,))
        of_minute, of_hour = len(parts.seconds), len(parts.minutes) * len(parts.seconds)
        _check_positions(parts, {1: 1, 60: of_minute, 3600: of_hour}[unit])
        readings = _readings(parts, zone)
        anchor = start - zone.wall(start) % unit
        return Windows(anchor, unit, parts.interval, readings, parts.positions)
    limits = (parts.months, parts.month_days, parts.weekdays, parts.year_days)
    if any((*limits, parts.hours, parts.minutes, parts.seconds)):
        return Steps(start, parts.interval * unit, _readings(parts, zone))
    return Steps(start, parts.interval * unit)


def _check_positions(parts: Parts, most: int) -> None:
    """Refuse positions that no unit has; to look for them would take long."""
    if parts.positions and all(abs(position) > most for position in parts.positions):
        unit = parts.frequency.upper()
        raise InvalidValueError("BYSETPOS", f"FREQ={unit} has only {most:,} to choose from")


def _readings(parts: Parts, zone: Zone) -> Clock:
    days = Days(Months((parts.day_filter(),)))
    return Clock(Pattern(days, times_of(parts)), zone, Gap.SKIP, Overlap.BOTH)
