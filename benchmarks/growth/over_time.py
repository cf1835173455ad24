"""A busy queue over time: under a pinned snapshot, and beside what lies there."""

from __future__ import annotations

from contextlib import closing

from benchmarks import time_axis
from benchmarks.growth.filling import fill
from benchmarks.growth.scale import Empty, Row, Scale
from benchmarks.workload import make_app


def pinned(empty: Empty, scale: Scale) -> list[Row]:
    """Return one row: before, while and after a snapshot is held open."""
    with empty() as url:
        if url.startswith("sqlite"):
            return []  # An open snapshot there keeps the log growing, and no row in the way.
        found = time_axis.measure(url, calm=scale.calm_seconds, pinned=scale.pinned_seconds)
    return [{"of": "pinned", "at": scale.pinned_seconds} | found]


def churn(empty: Empty, scale: Scale) -> list[Row]:
    """Return a row with nothing else there, and one beside the most scheduled tasks."""
    rows: list[Row] = []
    for size in (scale.sizes[0], scale.sizes[-1]):
        with empty() as url:
            with closing(make_app(url)) as app:
                app.enqueue("noop")
                fill(app.core.storage, url, "scheduled", size)
            found = time_axis.measure(url, calm=scale.churn_seconds // 2, pinned=0)
        rows.append({"of": "churn", "at": size} | found)
    return rows
