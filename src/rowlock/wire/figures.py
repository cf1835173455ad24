"""How much there is to do, as plain dicts for JSON."""

from __future__ import annotations

from collections.abc import Sequence

from rowlock.model.figures import Load
from rowlock.wire.values import Wire


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
