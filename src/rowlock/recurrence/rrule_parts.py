"""The text of one RRULE: its parts, and what RFC 5545 forbids to combine."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from rowlock.errors import InvalidValueError
from rowlock.recurrence.days import Weekday
from rowlock.recurrence.parts import UNIT_SECONDS, Frequency, Parts
from rowlock.recurrence.series import HORIZON
from rowlock.recurrence.zones import DAY

MAX_COUNT = 10_000

DAY_CODES = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")

_CALENDAR_SECONDS = {
    Frequency.DAILY: DAY,
    Frequency.WEEKLY: 7 * DAY,
    Frequency.MONTHLY: 30 * DAY,
    Frequency.YEARLY: 365 * DAY,
}

# What may stand in a list: the greatest number, the least, and whether to count from the end.
_LISTS = {
    "BYMONTH": (1, 12, False),
    "BYWEEKNO": (1, 53, True),
    "BYYEARDAY": (1, 366, True),
    "BYMONTHDAY": (1, 31, True),
    "BYHOUR": (0, 23, False),
    "BYMINUTE": (0, 59, False),
    "BYSECOND": (0, 59, False),
    "BYSETPOS": (1, 366, True),
}
_NAMES = {"FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYDAY", *_LISTS}

_NUMBER = re.compile(r"[+-]?\d{1,9}")
_WEEKDAY = re.compile(r"(?P<nth>[+-]?\d{1,2})?(?P<day>[A-Z]{2})")


@dataclass(frozen=True, slots=True)
class RuleText:
    """An RRULE, read.

    Attributes:
        parts: What recurs.
        count: After so many occurrences it ends, if given.
        until: The text of its last moment, if given.
    """

    parts: Parts
    count: int | None
    until: str | None


def rule_text(text: str) -> RuleText:
    """Read what stands after `RRULE:`.

    Raises:
        InvalidValueError: A part is unknown, doubled or out of range, or parts do not go together.
    """
    given = _named(text)
    frequency = _frequency(given)
    numbers = {name: _numbers(name, given.get(name, "")) for name in _LISTS}
    parts = Parts(
        frequency=frequency,
        interval=checked_interval(frequency, _count("INTERVAL", given.get("INTERVAL", "1"))),
        months=numbers["BYMONTH"],
        week_numbers=numbers["BYWEEKNO"],
        year_days=numbers["BYYEARDAY"],
        month_days=numbers["BYMONTHDAY"],
        weekdays=_weekdays(given.get("BYDAY", "")),
        hours=numbers["BYHOUR"],
        minutes=numbers["BYMINUTE"],
        seconds=numbers["BYSECOND"],
        positions=numbers["BYSETPOS"],
        week_start=_week_start(given.get("WKST", "MO")),
    )
    _check_together(parts, given)
    count = _count("COUNT", given["COUNT"]) if "COUNT" in given else None
    if count is not None and count > MAX_COUNT:
        raise InvalidValueError("COUNT", f"is {count:,}; at most {MAX_COUNT:,}, else give UNTIL")
    return RuleText(parts, count, given.get("UNTIL"))


def checked_interval(frequency: Frequency, interval: int, field: str = "INTERVAL") -> int:
    """Return an interval that is no longer than a century.

    Raises:
        InvalidValueError: It is.
    """
    unit = (UNIT_SECONDS | _CALENDAR_SECONDS)[frequency]
    if interval * unit > HORIZON:
        raise InvalidValueError(field, f"is {interval:,}: longer than a century")
    return interval


def _named(text: str) -> Mapping[str, str]:
    given: dict[str, str] = {}
    for part in text.upper().strip().strip(";").split(";"):
        name, sign, value = (piece.strip() for piece in part.partition("="))
        if not sign or not value:
            raise InvalidValueError("RRULE", f"{part!r} is not a part such as FREQ=DAILY")
        if name not in _NAMES:
            raise InvalidValueError(
                "RRULE", f"{name} is not known; {', '.join(sorted(_NAMES))} are"
            )
        if name in given:
            raise InvalidValueError(name, "is given twice")
        given[name] = value
    return given


def _frequency(given: Mapping[str, str]) -> Frequency:
    known = [one.upper() for one in Frequency if one is not Frequency.NONE]
    if given.get("FREQ") not in known:
        raise InvalidValueError("FREQ", f"must be one of {', '.join(known)}")
    return Frequency(given["FREQ"].lower())


def _count(name: str, text: str) -> int:
    if not re.fullmatch(r"\d{1,12}", text) or int(text) < 1:
        raise InvalidValueError(name, f"{text!r} must be a whole number, at least 1")
    return int(text)


def _numbers(name: str, text: str) -> tuple[int, ...]:
    low, high, from_end = _LISTS[name]
    found: set[int] = set()
    for item in filter(None, text.split(",")):
        number = int(item) if _NUMBER.fullmatch(item) else None
        if number is not None and from_end and number < 0:
            size = -number
        else:
            size = -1 if number is None else number
        if number is None or not low <= size <= high:
            also = f" or -{high} to -{low}" if from_end else ""
            raise InvalidValueError(name, f"{item!r} must be {low} to {high}{also}")
        found.add(number)
    return tuple(sorted(found))


def _weekdays(text: str) -> tuple[Weekday, ...]:
    found: set[Weekday] = set()
    for item in filter(None, text.split(",")):
        match = _WEEKDAY.fullmatch(item)
        if match is None or match["day"] not in DAY_CODES:
            raise InvalidValueError("BYDAY", f"{item!r} is not a day such as MO, 1MO or -1FR")
        nth = int(match["nth"] or 0)
        if match["nth"] and not 1 <= abs(nth) <= 53:
            raise InvalidValueError("BYDAY", f"{item!r}: the number must be 1 to 53 or negative")
        found.add(Weekday(DAY_CODES.index(match["day"]), nth))
    return tuple(sorted(found))


def _week_start(text: str) -> int:
    if text not in DAY_CODES:
        raise InvalidValueError("WKST", f"{text!r} is not one of {', '.join(DAY_CODES)}")
    return DAY_CODES.index(text)


def _check_together(parts: Parts, given: Mapping[str, str]) -> None:
    """Refuse what RFC 5545 does not allow together."""
    frequency = parts.frequency
    with_days = {Frequency.DAILY, Frequency.WEEKLY, Frequency.MONTHLY}
    numbered = any(weekday.nth for weekday in parts.weekdays)
    refusals = {
        "COUNT": "COUNT" in given and "UNTIL" in given and "may not stand with UNTIL",
        "BYWEEKNO": parts.week_numbers
        and frequency is not Frequency.YEARLY
        and "is for FREQ=YEARLY only",
        "BYYEARDAY": parts.year_days
        and frequency in with_days
        and f"may not stand with FREQ={frequency.upper()}",
        "BYMONTHDAY": parts.month_days
        and frequency is Frequency.WEEKLY
        and "may not stand with FREQ=WEEKLY",
        "BYDAY": numbered
        and (frequency not in {Frequency.MONTHLY, Frequency.YEARLY} or parts.week_numbers)
        and "may have numbers with FREQ=MONTHLY and FREQ=YEARLY only, and not with BYWEEKNO",
        "BYSETPOS": parts.positions
        and not any(name in given for name in {"BYDAY", *_LISTS} - {"BYSETPOS"})
        and "needs another BY part to choose from",
    }
    for name, problem in refusals.items():
        if problem:
            raise InvalidValueError(name, str(problem))
