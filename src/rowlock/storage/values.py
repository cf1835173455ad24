"""How one engine's column values become ours: UUIDs, aware UTC datetimes, and JSON texts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from rowlock.backoff import RetryPolicy, retry_from_data, retry_to_data
from rowlock.model import json_text
from rowlock.model.definitions import Definition
from rowlock.model.durations import optional_seconds
from rowlock.model.queues import QueuePolicy

_MICROSECOND = timedelta(microseconds=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class ColumnValues(NamedTuple):
    """Readers of the two kinds of values that engines store differently.

    Attributes:
        read_id: A column's value → UUID.
        read_time: A column's value → aware datetime in UTC.
    """

    read_id: Callable[[Any], UUID]
    read_time: Callable[[Any], datetime]

    def optional_time(self, value: Any) -> datetime | None:
        """Return the time in a nullable column."""
        return None if value is None else self.read_time(value)

    def optional_id(self, value: Any) -> UUID | None:
        """Return the id in a nullable column."""
        return None if value is None else self.read_id(value)


def microseconds(duration: timedelta) -> int:
    """Return a duration in whole microseconds."""
    return duration // _MICROSECOND


def epoch_microseconds(moment: datetime) -> int:
    """Return a time as microseconds since 1970 in UTC."""
    return (moment - EPOCH) // _MICROSECOND


@lru_cache(maxsize=1024)
def from_epoch_microseconds(value: int) -> datetime:
    """Return the time of that many microseconds since 1970.

    Remembered: the rows of a batch share most of their times.
    """
    return EPOCH + timedelta(microseconds=value)


_POLICY_DURATIONS = ("lifetime", "lease", "timeout", "retention")
_POLICY_COUNTS = ("max_attempts", "max_crashes")


def policy_to_text(policy: QueuePolicy) -> str | None:
    """Return what is set of a queue's policy as JSON text, or None if nothing is."""
    data: dict[str, Any] = {}
    for name in _POLICY_DURATIONS:
        value = getattr(policy, name)
        if value is not None:
            data[name] = value.total_seconds()
    for name in _POLICY_COUNTS:
        value = getattr(policy, name)
        if value is not None:
            data[name] = value
    if policy.retry is not None:
        data["retry"] = retry_to_data(policy.retry)
    return json_text.encode("policy", data) if data else None


def policy_from_text(text: str | None) -> QueuePolicy:
    """Return the policy that `policy_to_text` wrote."""
    if text is None:
        return QueuePolicy()
    data = json_text.decode_shown(text)
    values: dict[str, Any] = {name: data[name] for name in _POLICY_COUNTS if name in data}
    for name in _POLICY_DURATIONS:
        if name in data:
            values[name] = timedelta(seconds=data[name])
    if "retry" in data:
        values["retry"] = retry_from_data(data["retry"])
    return QueuePolicy(**values)


def options_to_text(*, timeout: timedelta | None, retry: RetryPolicy | None) -> str | None:
    """Return what a task sets for itself alone as JSON text, or None if nothing."""
    data: dict[str, Any] = {}
    if timeout is not None:
        data["timeout"] = timeout.total_seconds()
    if retry is not None:
        data["retry"] = retry_to_data(retry)
    return json_text.encode("options", data) if data else None


def pause_to_text(until: datetime | None, reason: str | None) -> str:
    """Return what is merged into a task's options when it is paused.

    Null takes away what an earlier pause said. Whoever resumes the task takes away `pause`.
    """
    end = None if until is None else until.isoformat()
    told = None if until is None and reason is None else {"until": end, "reason": reason}
    return json_text.encode("pause", {"pause": told})


class OwnOptions(NamedTuple):
    """What is said of one task alone; its pause counts while it is paused."""

    timeout: timedelta | None = None
    retry: RetryPolicy | None = None
    paused_until: datetime | None = None
    pause_reason: str | None = None


def options_from_text(text: str | None) -> OwnOptions:
    """Return what `options_to_text` wrote and a pause has merged into it."""
    if text is None:
        return OwnOptions()
    data = json_text.decode_shown(text)
    pause = data.get("pause", {})
    return OwnOptions(
        timedelta(seconds=data["timeout"]) if "timeout" in data else None,
        retry_from_data(data["retry"]) if "retry" in data else None,
        datetime.fromisoformat(pause["until"]) if "until" in pause else None,
        pause.get("reason"),
    )


def defaults_to_text(definition: Definition) -> str | None:
    """Return what a definition sets for its tasks as JSON text, or None if nothing."""
    data: dict[str, Any] = {
        "priority": definition.priority or None,
        "max_attempts": definition.max_attempts,
        "max_crashes": definition.max_crashes,
        "lifetime": optional_seconds(definition.lifetime),
    }
    given = {name: value for name, value in data.items() if value is not None}
    return json_text.encode("defaults", given) if given else None


def defaults_from_text(text: str | None) -> dict[str, Any]:
    """Return what `defaults_to_text` wrote, as fields of `Definition`."""
    if text is None:
        return {}
    data: dict[str, Any] = json_text.decode_shown(text)
    if "lifetime" in data:
        data["lifetime"] = timedelta(seconds=data["lifetime"])
    return data
