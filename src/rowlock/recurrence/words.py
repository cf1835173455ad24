"""Recurring times in plain words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from rowlock.recurrence.days import DayFilter, Weekday
from rowlock.recurrence.parts import UNIT_SECONDS, Frequency, Parts, times_of
from rowlock.recurrence.zones import DAY, Zone

MAX_LISTED_TIMES = 6

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_NTH = {1: "first", 2: "second", 3: "third", 4: "fourth", 5: "fifth", -1: "last"}
_UNIT_NAMES = {
    Frequency.SECONDLY: "second",
    Frequency.MINUTELY: "minute",
    Frequency.HOURLY: "hour",
    Frequency.DAILY: "day",
    Frequency.WEEKLY: "week",
    Frequency.MONTHLY: "month",
    Frequency.YEARLY: "year",
}
_LONG_UNITS = ((7 * DAY, "week"), (DAY, "day"), (3600, "hour"), (60, "minute"), (1, "second"))


def listed(items: Sequence[object]) -> str:
    """Return `a, b and c`."""
    texts = [str(item) for item in items]
    return " and ".join([", ".join(texts[:-1]), texts[-1]] if len(texts) > 1 else texts)


def counted(count: int, unit: str) -> str:
    """Return `every day` or `every 2 days`."""
    return f"every {unit}" if count == 1 else f"every {count:,} {unit}s"


def every(seconds: int) -> str:
    """Return a fixed interval in its longest whole unit."""
    size, unit = next(one for one in _LONG_UNITS if seconds % one[0] == 0)
    return counted(seconds // size, unit)


def rule(parts: Parts, start: datetime) -> str:
    """Return what a rule means that begins at a local time."""
    if parts.frequency is Frequency.NONE:
        return f"once, at {start:%Y-%m-%d %H:%M:%S}"
    unit = counted(parts.interval, _UNIT_NAMES[parts.frequency])
    if parts.frequency in UNIT_SECONDS:
        pieces = [f"{unit}, counted from {start:%Y-%m-%d %H:%M:%S}", *_limits(parts)]
    else:
        parts = parts.completed(start)
        pieces = [times(parts), unit]
    pieces += [_weeks(parts), _days_of(parts)]
    if parts.months:
        pieces.append(f"in {_spans([month - 1 for month in parts.months], _MONTHS)}")
    if parts.positions:
        chosen = listed([_position(one) for one in parts.positions])
        pieces.append(f"(only the {chosen} of each {_UNIT_NAMES[parts.frequency]})")
    return " ".join(filter(None, pieces))


def times(parts: Parts) -> str:
    """Return the times of day of a rule on the calendar."""
    hours, minutes, seconds = of_day = times_of(parts)
    if of_day.per_day <= MAX_LISTED_TIMES:
        return f"at {listed([_clock(of_day.at(index)) for index in range(of_day.per_day)])}"
    pieces = [] if seconds == (0,) else [_steps(seconds, "second")]
    if not pieces or len(minutes) < 60:
        pieces.append(_steps(minutes, "minute"))
    if len(hours) < 24:
        pieces.append(_hours(hours))
    elif pieces[-1].startswith("at "):
        pieces.append("of every hour")
    return " ".join(pieces)


def days(filters: Sequence[DayFilter]) -> str:
    """Return the days of a cron expression: those that pass any of the filters."""
    first = filters[0]
    said = " or ".join(_filter_days(one) for one in filters) or "every day"
    if first.months:
        said += f" in {_spans(sorted(month - 1 for month in first.months), _MONTHS)}"
    return said


def calendar(parts: Parts, filters: Sequence[DayFilter]) -> str:
    """Return the times and days of a cron expression; each hour of each day needs no day."""
    said = days(filters)
    if len(times_of(parts).hours) == 24:
        said = said.removeprefix("every day").lstrip()
    return f"{times(parts)} {said}".rstrip()


def with_zone(said: str, zone: str, bounds: tuple[int | None, int | None]) -> str:
    """Return a sentence with its zone and its end."""
    text = f"{said}, {'UTC' if zone == 'UTC' else f'{zone} time'}"
    if bounds[1] is not None:
        text += f", until {Zone(zone).shown(bounds[1]):%Y-%m-%d %H:%M:%S}"
    return text[0].upper() + text[1:]


def with_changes(said: str, count: int | None, added: int, removed: int) -> str:
    """Return a sentence with what was counted, added and removed."""
    if count is not None:
        said += f", {count:,} times" if count > 1 else ", one time"
    if added:
        said += f", and {added:,} more given {'time' if added == 1 else 'times'}"
    if removed:
        said += f", except {removed:,} given {'time' if removed == 1 else 'times'}"
    return said


def _limits(parts: Parts) -> list[str]:
    """Return the times of day that limit a rule of elapsed time."""
    given = ((parts.seconds, "second"), (parts.minutes, "minute"))
    said = [f"at {unit} {listed(numbers)}" for numbers, unit in given if numbers]
    return [*said, _hours(parts.hours)] if parts.hours else said


def _clock(second: int) -> str:
    hour, rest = divmod(second, 3600)
    text = f"{hour:02}:{rest // 60:02}"
    return f"{text}:{rest % 60:02}" if rest % 60 else text


def _steps(numbers: tuple[int, ...], unit: str) -> str:
    if len(numbers) == 60:
        return f"every {unit}"
    step = numbers[1] - numbers[0] if len(numbers) > 1 else 60
    if numbers == tuple(range(0, 60, step)) and 60 % step == 0 and len(numbers) > 1:
        return f"every {step} {unit}s"
    return f"at {unit} {listed(numbers)}"


def _hours(hours: tuple[int, ...]) -> str:
    if hours == tuple(range(hours[0], hours[-1] + 1)):
        return f"from {hours[0]:02}:00 to {hours[-1]:02}:59"
    return f"in the hours {listed(hours)}"


def _spans(numbers: Sequence[int], names: Sequence[str]) -> str:
    """Return names, with three or more in a row as a span."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    texts: list[str] = []
    for run in runs:
        if len(run) > 2:
            texts.append(f"{names[run[0]]} to {names[run[-1]]}")
        else:
            texts += [names[number] for number in run]
    return listed(texts)


def _position(number: int) -> str:
    if number in _NTH:
        return _NTH[number]
    return f"{number}." if number > 0 else f"{-number}. from the end"


def _weekdays(weekdays: Sequence[Weekday], span: str) -> str:
    plain = [weekday.day for weekday in weekdays if weekday.nth == 0]
    numbered = [f"the {_position(nth)} {_DAYS[day]}" for day, nth in weekdays if nth]
    said = [_spans(plain, _DAYS)] if plain else []
    return listed([*said, *([f"{listed(numbered)} of the {span}"] if numbered else [])])


def _month_days(month_days: Sequence[int], nearest: Sequence[int] = ()) -> str:
    ahead = [str(day) for day in sorted(month_days) if day > 0]
    said = [f"day {listed(ahead)}"] if ahead else []
    said += [
        "the last day" if day == -1 else f"the {_position(day)} day"
        for day in sorted(month_days, reverse=True)
        if day < 0
    ]
    said += [
        "the last working day" if day == -1 else f"the working day nearest to day {day}"
        for day in sorted(nearest)
    ]
    return f"{listed(said)} of the month"


def _filter_days(one: DayFilter) -> str:
    weekdays = _weekdays(one.weekdays, "month") if one.weekdays else ""
    if not one.month_days and not one.nearest:
        return f"on {weekdays}" if weekdays else "every day"
    said = f"on {_month_days(tuple(one.month_days), tuple(one.nearest))}"
    return f"{said} if it is {weekdays}" if weekdays else said


def _days_of(parts: Parts) -> str:
    of_month = parts.frequency is Frequency.MONTHLY or parts.months
    weekdays = _weekdays(parts.weekdays, "month" if of_month else "year")
    said: list[str] = []
    if parts.year_days:
        said.append(f"on {_month_days(parts.year_days).removesuffix('month')}year")
    if parts.month_days:
        said.append(f"on {_month_days(parts.month_days)}")
    if parts.weekdays:
        said.append(f"if it is {weekdays}" if said else f"on {weekdays}")
    return " ".join(said)


def _weeks(parts: Parts) -> str:
    if not parts.week_numbers:
        return ""
    return f"in week {listed(parts.week_numbers)} of the year"
