"""How much there is to do, and who does it, as plain dicts for JSON."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from rowlock.model.figures import Load
from rowlock.model.measures import Running
from rowlock.wire.values import Wire, seconds_to_wire


def scale_to_wire(loads: Sequence[Load], *, tasks_per_worker: int) -> Wire:
    """Return how many workers queues could use, each running so many tasks at once."""
    runnable = sum(one.runnable for one in loads)
    running = sum(one.running for one in loads)
    return {
        "runnable": runnable,
        "running": running,
        "tasks_per_worker": tasks_per_worker,
        "wanted_workers": -(-(runnable + running) // tasks_per_worker),
        "queues": [
            {
                "queue": one.queue,
                "paused": one.paused,
                "runnable": one.runnable,
                "running": one.running,
                "capped": one.capped,
            }
            for one in loads
        ],
    }


def workers_to_wire(running: Iterable[Running]) -> list[Wire]:
    """Return what runs by worker, those that run most first."""
    by_worker: defaultdict[str, list[Running]] = defaultdict(list)
    for one in running:
        by_worker[one.worker].append(one)
    workers = [
        {
            "worker": worker,
            "tasks": sum(one.tasks for one in held),
            "overdue": sum(one.overdue for one in held),
            "longest_seconds": seconds_to_wire(max(one.longest for one in held)),
            "queues": sorted(one.queue for one in held),
        }
        for worker, held in by_worker.items()
    ]
    return sorted(workers, key=lambda one: (-one["tasks"], one["worker"]))
