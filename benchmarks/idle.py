"""What a worker costs that has nothing to do."""

from __future__ import annotations

from benchmarks.processes import sustained

SETTLED_IN_SECONDS = 5


def measure(url: str, *, seconds: int) -> dict[str, float]:
    """Return the share of one CPU and the memory of an idle worker process."""
    with sustained(url, seconds) as figures:
        seen = list(figures)
    first, last = seen[SETTLED_IN_SECONDS], seen[-1]
    spent = last["cpu_seconds"] - first["cpu_seconds"]
    return {
        "idle_cpu_percent": 100 * spent / (last["seconds"] - first["seconds"]),
        "idle_max_rss_mb": last["max_rss_mb"],
    }
