"""Tickers and ticks as plain dicts for JSON."""

from __future__ import annotations

from rowlock.model.tickers import Tick, Ticker
from rowlock.wire.values import Wire, optional_time_to_wire, seconds_to_wire, time_to_wire


def ticker_to_wire(ticker: Ticker) -> Wire:
    """Return a ticker."""
    return {
        "id": str(ticker.id),
        "namespace": ticker.namespace,
        "name": ticker.name,
        "interval_seconds": seconds_to_wire(ticker.interval),
        "payload": ticker.payload,
        "queue": ticker.queue,
        "last_tick_at": optional_time_to_wire(ticker.last_tick_at),
        "next_tick_at": optional_time_to_wire(ticker.next_tick_at),
        "last_task_at": optional_time_to_wire(ticker.last_task_at),
        "next_task_at": optional_time_to_wire(ticker.next_task_at),
        "held_until": optional_time_to_wire(ticker.held_until),
        "missed": ticker.missed,
        "attempt": ticker.attempt,
        "created_at": optional_time_to_wire(ticker.created_at),
        "updated_at": optional_time_to_wire(ticker.updated_at),
    }


def tick_to_wire(tick: Tick) -> Wire:
    """Return a tick, without what only its taker may know."""
    return {
        "name": tick.name,
        "at": time_to_wire(tick.at),
        "payload": tick.payload,
        "missed": tick.missed,
        "attempt": tick.attempt,
    }
