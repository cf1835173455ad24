"""Points in time as callers give them."""

from __future__ import annotations

from datetime import UTC, datetime

from rowlock.errors import InvalidValueError
from rowlock.model.durations import MAX_DURATION

LATEST_START = datetime.max.replace(tzinfo=UTC) - MAX_DURATION
"""When a task may start at the latest: what follows from it, its expiry, is a time too."""


def checked_moment(field: str, value: object) -> datetime:
    """Return an aware time in UTC.

    Raises:
        InvalidValueError: Not a datetime, one without a time zone, or out of range in UTC.
    """
    if not isinstance(value, datetime) or value.utcoffset() is None:
        raise InvalidValueError(field, f"must be a datetime with a time zone, not {value!r}")
    try:
        return value.astimezone(UTC)
    except OverflowError as error:
        raise InvalidValueError(field, f"{value} is out of range in UTC") from error
