"""How single values stand in JSON: times in RFC 3339 and UTC, durations in seconds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

from rowlock.backoff import RetryPolicy
from rowlock.model.durations import optional_seconds

Wire: TypeAlias = dict[str, Any]
"""A JSON object: only None, bool, int, float, str, lists and dicts of these."""


def time_to_wire(moment: datetime) -> str:
    """Return an aware time as RFC 3339 text in UTC, always with microseconds and `Z`."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def optional_time_to_wire(moment: datetime | None) -> str | None:
    """Return a time as text, or None."""
    return None if moment is None else time_to_wire(moment)


def seconds_to_wire(duration: timedelta | None) -> float | None:
    """Return a duration in seconds, or None."""
    return optional_seconds(duration)


def retry_to_wire(retry: RetryPolicy) -> Wire:
    """Return a retry policy."""
    return {
        "backoff": retry.backoff.value,
        "base_seconds": retry.base.total_seconds(),
        "cap_seconds": retry.cap.total_seconds(),
        "jitter": retry.jitter,
    }
