"""The figures of every trial as text, and as curves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

COLUMNS = (
    ("started_per_second", "started/s"),
    ("made_per_second", "stored/s"),
    ("p50_ms", "p50 ms"),
    ("p99_ms", "p99 ms"),
    ("recover_s", "recover s"),
    ("dead_rows", "dead rows"),
    ("wal_bytes_per_task", "WAL B/task"),
    ("commits_per_task", "commits/task"),
    ("left", "left"),
)

Results = Mapping[str, Mapping[str, Mapping[str, Any]]]


def table(peaks: Mapping[str, float], results: Results, errors: Mapping[str, str]) -> str:
    """Return a part for each pressure, with a row a system."""
    parts = ["\n".join(f"{name:26}peak {peak:>10,.0f}/s" for name, peak in peaks.items())]
    for scenario, found in results.items():
        heads = "".join(f"{head:>14}" for _, head in COLUMNS)
        lines = [f"{scenario:26}{heads}"]
        for system, row in found.items():
            cells = "".join(f"{_cell(row.get(name)):>14}" for name, _ in COLUMNS)
            lines.append(f"{system:26}{cells}")
        parts.append("\n".join(lines))
    parts += [f"{name}: {error}" for name, error in errors.items()]
    return "\n\n".join(parts)


def _cell(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.2f}"


def charts(results: Results) -> list[dict[str, Any]]:
    """Return a chart for each pressure: what each system starts, in percent of what is stored."""
    return [
        {
            "name": f"pressure-{scenario}",
            "title": f"Started under pressure: {scenario}",
            "x": "seconds",
            "y": "% of what is stored",
            "series": {
                system: [
                    [at, 100 * count / row["rate"]] for at, count in row["per_second"] if at >= 0
                ]
                for system, row in found.items()
            },
        }
        for scenario, found in results.items()
        if found
    ]
