"""Very many schedules."""

from __future__ import annotations

from benchmarks import schedules
from benchmarks.growth.scale import Empty, Row, Scale


def measure(empty: Empty, scale: Scale) -> list[Row]:
    """Return a row for each number of schedules: fired in a second, and an idle worker."""
    rows: list[Row] = []
    for count in scale.schedules:
        with empty() as url:
            found = schedules.measure(url, schedules=count, seconds=scale.idle_seconds)
        rows.append({"of": "schedules", "at": count} | found)
    return rows
