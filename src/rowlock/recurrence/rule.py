"""The rule of seven keys: frequency, bounds, interval, days and months."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from rowlock.errors import InvalidValueError
from rowlock.recurrence import words
from rowlock.recurrence.days import Weekday
from rowlock.recurrence.parts import Frequency, Parts, series_of
from rowlock.recurrence.reading import Terms, checked_text, recurrence_of, terms_from
from rowlock.recurrence.recurrence import Notation, Recurrence
from rowlock.recurrence.rrule_parts import checked_interval
from rowlock.recurrence.series import Moments, Series
from rowlock.recurrence.sets import Bounded
from rowlock.recurrence.zones import LAST_INSTANT

KEYS = (
    "frequency", "startsAt", "endsAt", "interval", "daysOfWeek", "daysOfMonth", "monthsOfYear",
)  # fmt: skip
DAY_WORDS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MONTH_WORDS = (
    "JANUARY", "FEBRUARY", "MARCH", "APRIL", "MAY", "JUNE",
    "JULY", "AUGUST", "SEPTEMBER", "OCTOBER", "NOVEMBER", "DECEMBER",
)  # fmt: skip

NO_END = "9999-12-31T23:59:59Z"


def parse_rule(
    rule: Mapping[str, Any] | str, *, zone: str = "UTC", gap: str = "end", overlap: str = "first"
) -> Recurrence:
    """Read a rule of seven keys.

    Keys: `frequency` (`none`, which happens once, `secondly`, `minutely`, `hourly`, `daily`,
    `weekly`, `monthly`, `yearly`), `startsAt`, `endsAt` (default: no end), `interval` (default
    1), and the filters `daysOfWeek` (`monday` …), `daysOfMonth` (1 to 31) and `monthsOfYear`
    (`JANUARY` …). A weekly rule without days happens on the weekday of its start, and so on for
    months and years. The start is an occurrence only if it passes the filters.

    Args:
        rule: The keys, or their JSON.
        zone: Whose clock it goes by, and that of `startsAt` and `endsAt` without offset.
        gap: What becomes of a local time that does not exist: `end`, `move` or `skip`.
        overlap: Which passes of a repeated local time count: `first`, `last` or `both`.

    Raises:
        InvalidValueError: It cannot be read, or it never happens; the error names the key.
    """
    terms = terms_from(zone, gap, overlap)
    given = _object(rule)
    unknown = set(given) - set(KEYS)
    if unknown:
        raise InvalidValueError(
            "rule", f"{', '.join(sorted(map(str, unknown)))} is none of {', '.join(KEYS)}"
        )
    if given.get("startsAt") in {None, ""}:
        raise InvalidValueError("startsAt", "must be given")
    first = terms.instant("startsAt", given["startsAt"])
    last = _end(given.get("endsAt"), terms)
    if last is not None and last < first:
        raise InvalidValueError("endsAt", "is before startsAt")
    parts = _parts(given)
    if parts.frequency is Frequency.NONE:
        series: Series = Moments([first])
    else:
        series = series_of(parts, first, terms.zone, terms.gap, terms.overlap)
    bounded = Bounded(series, first, LAST_INSTANT if last is None else last)
    said = words.rule(parts, terms.zone.shown(first))
    said = words.with_zone(said, terms.zone.name, (first, last))
    text = json.dumps(_normal(parts, terms.zone.shown(first), last, terms))
    return recurrence_of(Notation.RULE, text, terms, bounded, said, (first, last))


def _object(rule: Mapping[str, Any] | str) -> Mapping[str, Any]:
    if isinstance(rule, Mapping):
        return rule
    text = checked_text("rule", rule)
    try:
        value: Any = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidValueError("rule", f"is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise InvalidValueError("rule", f"must be an object with {', '.join(KEYS)}")
    return value  # pyright: ignore[reportUnknownVariableType] - JSON has text as keys


def _end(value: object, terms: Terms) -> int | None:
    """Return the last instant; the year 9999 stands for no end."""
    if value in {None, ""} or (isinstance(value, str) and value.strip().startswith("9999-")):
        return None
    return terms.instant("endsAt", value)


def _parts(given: Mapping[str, Any]) -> Parts:
    frequency = _word("frequency", given.get("frequency") or "none", tuple(Frequency))
    interval = given.get("interval", 1)
    if isinstance(interval, bool) or not isinstance(interval, int) or interval < 1:
        raise InvalidValueError("interval", f"must be positive, a whole number, not {interval!r}")
    kind = Frequency(frequency)
    days = [_word("daysOfWeek", one, DAY_WORDS) for one in _list(given, "daysOfWeek")]
    months = [_word("monthsOfYear", one, MONTH_WORDS) for one in _list(given, "monthsOfYear")]
    return Parts(
        frequency=kind,
        interval=interval
        if kind is Frequency.NONE
        else checked_interval(kind, interval, "interval"),
        weekdays=tuple(sorted({Weekday(DAY_WORDS.index(one)) for one in days})),
        month_days=tuple(sorted({_month_day(one) for one in _list(given, "daysOfMonth")})),
        months=tuple(sorted({MONTH_WORDS.index(one) + 1 for one in months})),
    )


def _list(given: Mapping[str, Any], key: str) -> list[Any]:
    value = given.get(key)
    if value is None:
        return []
    if isinstance(value, list):
        return value  # pyright: ignore[reportUnknownVariableType] - of anything
    raise InvalidValueError(key, f"must be a list, not {value!r}")


def _word(key: str, value: object, known: tuple[str, ...]) -> str:
    for word in known:
        if isinstance(value, str) and value.strip().lower() == word.lower():
            return word
    raise InvalidValueError(key, f"{value!r} is not one of {', '.join(known)}")


def _month_day(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 31:
        raise InvalidValueError("daysOfMonth", f"{value!r} must be 1 to 31")
    return value


def _normal(parts: Parts, start: datetime, last: int | None, terms: Terms) -> dict[str, Any]:
    """Return the seven keys as they are stored."""
    return {
        "frequency": parts.frequency.value,
        "startsAt": _written(start),
        "endsAt": NO_END if last is None else _written(terms.zone.shown(last)),
        "interval": parts.interval,
        "daysOfWeek": [DAY_WORDS[weekday.day] for weekday in parts.weekdays],
        "daysOfMonth": list(parts.month_days),
        "monthsOfYear": [MONTH_WORDS[month - 1] for month in parts.months],
    }


def _written(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
