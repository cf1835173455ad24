"""How much of everything a run makes."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

Row = dict[str, Any]
# Gives the URL of an empty database, and throws it away afterwards.
Empty = Callable[[], AbstractContextManager[str]]


@dataclass(frozen=True)
class Scale:
    """What is measured at which sizes.

    Attributes:
        sizes: How many tasks lie there, ascending; the first is what others are compared with.
        tasks: How many a worker settles for one figure.
        rounds: How often that is done; the median counts.
        probes: How many batches are claimed and settled for latencies, each time.
        queues: Over how many queues they are spread.
        schedules: How many schedules there are.
        calm_seconds: How long is measured before and after a snapshot is pinned.
        pinned_seconds: For how long it is.
        churn_seconds: How long a queue is kept busy while others lie there.
        workers: How many work through the pooler, or on connections of their own.
        idle_seconds: How long an idle worker is looked at.
        hours: How many hours are simulated.
        hourly: How many tasks each of them brings.
        bulk: How many rows are enqueued, and how many wait, where memory is measured.
    """

    sizes: tuple[int, ...]
    tasks: int
    rounds: int
    probes: int
    queues: tuple[int, ...]
    schedules: tuple[int, ...]
    calm_seconds: int
    pinned_seconds: int
    churn_seconds: int
    workers: int
    idle_seconds: int
    hours: int
    hourly: int
    bulk: int


QUICK = Scale(
    sizes=(0, 2_000), tasks=500, rounds=1, probes=3, queues=(1, 10), schedules=(0, 100),
    calm_seconds=4, pinned_seconds=3, churn_seconds=4, workers=4, idle_seconds=8,
    hours=4, hourly=200, bulk=5_000,
)  # fmt: skip
DEFAULT = Scale(
    sizes=(0, 100_000, 1_000_000), tasks=30_000, rounds=3, probes=10, queues=(1, 100, 10_000),
    schedules=(0, 100_000), calm_seconds=20, pinned_seconds=60, churn_seconds=30, workers=1_000,
    idle_seconds=20, hours=24, hourly=10_000, bulk=1_000_000,
)  # fmt: skip
FULL = Scale(
    sizes=(0, 100_000, 1_000_000, 10_000_000), tasks=100_000, rounds=5, probes=20,
    queues=(1, 100, 10_000), schedules=(0, 100_000), calm_seconds=60, pinned_seconds=600,
    churn_seconds=120, workers=1_000, idle_seconds=60, hours=24, hourly=100_000,
    bulk=1_000_000,
)  # fmt: skip
