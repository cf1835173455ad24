"""Schedules and tickers as the HTTP service answers them: without what is secret."""

from __future__ import annotations

from rowlock.model.schedules import Schedule
from rowlock.model.tickers import Tick, Ticker
from rowlock.wire.schedules import schedule_to_wire
from rowlock.wire.service import without
from rowlock.wire.tickers import tick_to_wire, ticker_to_wire
from rowlock.wire.values import Wire, optional_time_to_wire, seconds_to_wire


def schedule_document(schedule: Schedule, *, reveal: bool) -> Wire:
    """Return a `ScheduleDocument`; what its tasks are run with is a payload."""
    shown = schedule_to_wire(schedule)
    return shown if reveal else without(shown, "arguments", "declared")


def ticker_document(ticker: Ticker, *, reveal: bool) -> Wire:
    """Return a `TickerDocument`: our names, and beside them those of the forerunner."""
    shown = ticker_to_wire(ticker)
    document = {
        **shown,
        "ticker": ticker.name,
        "interval": shown["interval_seconds"],
        "timestamp": optional_time_to_wire(ticker.last_at),
    }
    return document if reveal else without(document, "payload")


def tick_document(tick: Tick) -> Wire:
    """Return a `TickDocument`, for whoever took it."""
    return {
        **tick_to_wire(tick),
        "token": str(tick.token),
        "lease_seconds": seconds_to_wire(tick.lease),
    }
