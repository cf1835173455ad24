"""Cron expressions of five or six fields, `@daily` and the like, and `@every`."""

from __future__ import annotations

import re
from datetime import datetime

from rowlock.errors import InvalidValueError
from rowlock.recurrence import cron_fields, words
from rowlock.recurrence.days import DayFilter, Days, Months
from rowlock.recurrence.parts import Frequency, Parts, clock, series_of, times_of
from rowlock.recurrence.pattern import Pattern
from rowlock.recurrence.reading import Terms, checked_text, recurrence_of, terms_from
from rowlock.recurrence.recurrence import Notation, Recurrence
from rowlock.recurrence.series import Series
from rowlock.recurrence.sets import Bounded
from rowlock.recurrence.zones import LAST_INSTANT

ALIASES = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}

EVERY_DAY = set(range(1, 32))

MAX_EVERY = 100 * 366 * 86_400

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_EVERY = re.compile(r"(?:\d{1,10}[smhdw])+")


def parse_cron(
    text: str,
    *,
    zone: str = "UTC",
    gap: str = "end",
    overlap: str = "first",
    start: datetime | str | None = None,
    end: datetime | str | None = None,
    key: str = "",
) -> Recurrence:
    """Read a cron expression.

    Fields: minute, hour, day of month, month, day of week; with six, seconds come first. A
    field is a list of numbers, names (`mon`, `jan`), ranges (`1-5`, also `22-2`) and steps
    (`*/15`, `10-40/5`); `?` is `*` in the fields for days. Days of the month may be `L` (the
    last), `LW` (the last working day) and `15W` (the working day nearest to the 15th); days of
    the week `5L` or `friL` (the last Friday) and `mon#1` (the first Monday). If both fields for
    days are restricted, either suffices; a field that begins with `*` or `?` is not. `H` draws a
    number by `key`, `H/15` a phase, `H(0-5)` from a range. Also: `@hourly`, `@daily`,
    `@midnight`, `@weekly`, `@monthly`, `@yearly`, `@annually`, and `@every 90s`, which counts
    from `start`, else from 1970.

    Args:
        text: The expression.
        zone: Whose clock it goes by.
        gap: What becomes of a local time that does not exist: `end`, `move` or `skip`.
        overlap: Which passes of a repeated local time count: `first`, `last` or `both`.
        start: Nothing happens before; without offset it is local. None: from 1970 on.
        end: Nothing happens after; without offset it is local. None: no bound.
        key: What `H` is spread by, such as the name of a schedule.

    Raises:
        InvalidValueError: It cannot be read, or it never happens; the error names the field.
    """
    terms = terms_from(zone, gap, overlap)
    given = checked_text("cron", text)
    first = None if start is None else terms.instant("start", start)
    last = None if end is None else terms.instant("end", end)
    if first is not None and last is not None and last < first:
        raise InvalidValueError("end", "is before the start")
    lowered = " ".join(given.lower().split())
    if lowered.startswith("@every"):
        series, said = _every(lowered, first or 0, terms)
    else:
        series, said = _fields(lowered, str(key), terms)
    bounded = Bounded(series, first or 0, LAST_INSTANT if last is None else last)
    said = words.with_zone(said, terms.zone.name, (first, last))
    return recurrence_of(Notation.CRON, given, terms, bounded, said, (first, last), str(key))


def _every(text: str, start: int, terms: Terms) -> tuple[Series, str]:
    written = text.removeprefix("@every").replace(" ", "")
    if not _EVERY.fullmatch(written):
        raise InvalidValueError(
            "@every", f"{written!r} is not whole weeks, days, hours, minutes and seconds: 1h30m"
        )
    step = sum(int(part[:-1]) * _UNITS[part[-1]] for part in re.findall(r"\d+[smhdw]", written))
    if not 0 < step <= MAX_EVERY:
        raise InvalidValueError("@every", f"{written} must be between a second and a century")
    parts = Parts(frequency=Frequency.SECONDLY, interval=step)
    return series_of(parts, start, terms.zone, terms.gap, terms.overlap), words.every(step)


def _fields(text: str, key: str, terms: Terms) -> tuple[Series, str]:
    if text.startswith("@") and text not in ALIASES:
        known = ", ".join(["@every", *ALIASES])
        raise InvalidValueError("cron", f"{text!r} is not one of {known}")
    fields = ALIASES.get(text, text).split(" ")
    if len(fields) not in {5, 6}:
        raise InvalidValueError(
            "cron",
            f"{text!r} has {len(fields)} fields; it needs 5 (minute, hour, day of month, month, "
            "day of week) or 6 (seconds first)",
        )
    second, minute, hour, month_day, month, weekday = ["0", *fields][-6:]
    times = Parts(
        frequency=Frequency.DAILY,
        hours=cron_fields.plain_numbers(cron_fields.HOUR, hour, key),
        minutes=cron_fields.plain_numbers(cron_fields.MINUTE, minute, key),
        seconds=cron_fields.plain_numbers(cron_fields.SECOND, second, key),
    )
    filters = _day_filters(month_day, month, weekday, key)
    pattern = Pattern(Days(Months(filters)), times_of(times))
    said = words.calendar(times, filters)
    return clock(pattern, times.hours, terms.zone, terms.gap, terms.overlap), said


def _day_filters(month_day: str, month: str, weekday: str, key: str) -> tuple[DayFilter, ...]:
    """Return the filters of which a day has to pass one."""
    open_month_day, open_weekday = (one.startswith(("*", "?")) for one in (month_day, weekday))
    numbers = cron_fields.plain_numbers(cron_fields.MONTH, month, key)
    months = frozenset(numbers) if len(numbers) < 12 else frozenset[int]()
    found = cron_fields.month_days("*" if month_day == "?" else month_day, key)
    days = frozenset[int]() if set(found.days) >= EVERY_DAY else frozenset(found.days)
    nearest = frozenset(found.nearest)
    weekdays = cron_fields.weekdays("*" if weekday == "?" else weekday, key)
    every = {one.day for one in weekdays if one.nth == 0}
    weekdays = () if len(every) == 7 else weekdays
    if open_month_day or open_weekday:
        return (DayFilter(months=months, month_days=days, nearest=nearest, weekdays=weekdays),)
    return (
        DayFilter(months=months, month_days=days, nearest=nearest),
        DayFilter(months=months, weekdays=weekdays),
    )
