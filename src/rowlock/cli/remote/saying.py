"""What a request says, from values of the library."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from rowlock.backoff import RetryPolicy
from rowlock.wire.bodies.common import RetryBody


def said(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return values as a request says them: durations in seconds; without what is None."""
    return {name: _plain(value) for name, value in values.items() if value is not None}


def cleared(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return values as a request says them; None puts a default back."""
    return {name: None if value is None else _plain(value) for name, value in values.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, RetryPolicy):
        return RetryBody(
            value.backoff.value,
            value.base.total_seconds(),
            value.cap.total_seconds(),
            value.jitter,
        )
    if isinstance(value, tuple):
        return list(value)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType] - any values
    return value
