"""How fast one worker process drains, and how fast one producer fills."""

from __future__ import annotations

import statistics
import time

from benchmarks.processes import drained
from benchmarks.workload import make_app


def bulk(url: str, tasks: int) -> float:
    """Return rows a second of one bulk enqueue."""
    app = make_app(url)
    app.enqueue("noop")
    began = time.perf_counter()
    app.enqueue_many("noop", ({} for _ in range(tasks)))
    took = time.perf_counter() - began
    app.close()
    return tasks / took


def measure(url: str, *, tasks: int, rounds: int) -> dict[str, float]:
    """Fill and drain a few times; return the medians."""
    filled: list[float] = []
    rates: list[float] = []
    cpu: list[float] = []
    memory: list[float] = []
    for _ in range(rounds):
        filled.append(bulk(url, tasks))
        facts = drained(url)
        rates.append(facts["tasks"] / facts["seconds"])
        cpu.append(facts["cpu_seconds"] / facts["tasks"] * 1e6)
        memory.append(facts["max_rss_mb"])
    return {
        "bulk_rows_per_second": statistics.median(filled),
        "drained_tasks_per_second": statistics.median(rates),
        "worker_cpu_us_per_task": statistics.median(cpu),
        "worker_max_rss_mb": max(memory),
    }
