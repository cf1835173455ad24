"""Schedules and tickers as the HTTP service answers them: without what is secret."""

from __future__ import annotations

from rowlock.model.schedules import Schedule
from rowlock.wire.schedules import schedule_to_wire
from rowlock.wire.service import without
from rowlock.wire.values import Wire


def schedule_document(schedule: Schedule, *, reveal: bool) -> Wire:
    """Return a `ScheduleDocument`; what its tasks are run with is a payload."""
    shown = schedule_to_wire(schedule)
    return shown if reveal else without(shown, "arguments", "declared")
