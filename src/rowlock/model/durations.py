"""Durations as people write them: `"1h30m"`, `90`, `timedelta(minutes=90)`."""

from __future__ import annotations

import math
import re
from datetime import timedelta
from typing import TypeAlias

from rowlock.errors import InvalidValueError

Duration: TypeAlias = timedelta | int | float | str
"""A `timedelta`, a number of seconds, or text such as `"30s"`, `"1h30m"`, `"7d"`."""

MAX_DURATION = timedelta(days=36_500)

_UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0, "w": 604_800.0}
_PART = r"(?i)(\d+(?:\.\d+)?)\s*(us|ms|s|m|h|d|w)\s*"


def _seconds_from_text(field: str, text: str) -> float:
    stripped = text.strip()
    try:
        return float(stripped)
    except ValueError:
        pass
    position, seconds = 0, 0.0
    while position < len(stripped):
        part = re.compile(_PART).match(stripped, position)
        if part is None:
            break
        seconds += float(part[1]) * _UNITS[part[2].lower()]
        position = part.end()
    if position == 0 or position < len(stripped):
        raise InvalidValueError(field, f"{text!r} is not a duration such as '30s' or '1h30m'")
    return seconds


def duration_from(field: str, value: object) -> timedelta:
    """Return the duration that `value` names.

    Args:
        field: What an error should call the value.
        value: A `timedelta`, seconds, or text such as `"1h30m"`.

    Raises:
        InvalidValueError: It is no duration, negative, not finite, or over a century.
    """
    if isinstance(value, timedelta):
        duration = value
    elif isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise InvalidValueError(field, f"{value!r} is not a duration such as '30s' or '1h30m'")
    else:
        seconds = _seconds_from_text(field, value) if isinstance(value, str) else float(value)
        if not math.isfinite(seconds) or abs(seconds) > MAX_DURATION.total_seconds():
            raise InvalidValueError(field, f"{value!r} is out of range")
        duration = timedelta(seconds=seconds)
    if duration < timedelta(0):
        raise InvalidValueError(field, f"{value!r} is negative")
    if duration > MAX_DURATION:
        raise InvalidValueError(field, f"{value!r} is over a century")
    return duration


def positive_duration_from(field: str, value: object) -> timedelta:
    """Return the duration that `value` names, refusing zero too."""
    duration = duration_from(field, value)
    if not duration:
        raise InvalidValueError(field, "must be longer than zero")
    return duration


def optional_seconds(duration: timedelta | None) -> float | None:
    """Return the duration in seconds, or None."""
    return None if duration is None else duration.total_seconds()
