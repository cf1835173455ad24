"""How long the next and the previous occurrence of a recurring time take, in microseconds."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from rowlock.recurrence import parse

NOW = datetime(2026, 11, 22, 7, 45, 3, tzinfo=UTC)
LONG_AGO = "DTSTART;TZID=Europe/Berlin:20000101T000000\nRRULE:"

WRITTEN = {
    "every 5 s since 2000": f"{LONG_AGO}FREQ=SECONDLY;INTERVAL=5",
    "every 5 min since 2000, by hour": f"{LONG_AGO}FREQ=MINUTELY;INTERVAL=5;BYHOUR=8,9,10",
    "daily since 2000": f"{LONG_AGO}FREQ=DAILY",
    "last working day of the month": f"{LONG_AGO}FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
    "*/5 * * * * *": "*/5 * * * * *",
    "0 9 * * mon-fri": "0 9 * * mon-fri",
    "0 9 29 2 *": "0 9 29 2 *",
}


def measure(*, rounds: int) -> dict[str, tuple[float, float]]:
    """Return the shortest times of `next` and `previous` for each, in microseconds."""
    figures: dict[str, tuple[float, float]] = {}
    for name, text in WRITTEN.items():
        recurrence = parse(text, zone="Europe/Berlin")
        figures[name] = (
            _shortest(recurrence.next, rounds),
            _shortest(recurrence.previous, max(rounds // 10, 3)),
        )
    return figures


def _shortest(ask: Callable[[datetime], object], rounds: int) -> float:
    ask(NOW)  # zones and their changes are looked up once in a process
    best = float("inf")
    for _ in range(rounds):
        began = time.perf_counter()
        ask(NOW)
        best = min(best, time.perf_counter() - began)
    return best * 1e6


def table(figures: Mapping[str, tuple[float, float]]) -> str:
    """Return the figures as text, one row a recurring time."""
    lines = [f"{'recurring times, Europe/Berlin':32}{'next, µs':>14}{'previous, µs':>14}"]
    lines += [f"{name:32}{ahead:>14,.1f}{back:>14,.1f}" for name, (ahead, back) in figures.items()]
    return "\n".join(lines)
