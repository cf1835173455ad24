"""`rowlock.app.measuring_flows`, asked of a server."""

from __future__ import annotations

from rowlock.app.listing_flows import checked_limit
from rowlock.app.measuring_flows import Overview
from rowlock.cli.remote.reading import models
from rowlock.client import Client
from rowlock.model.durations import positive_duration_from
from rowlock.model.measures import Durations, Throughput
from rowlock.model.tasks import QueueCounts, Task

COUNTS_ALONE = "0"
"""The window that is asked for where none is wanted."""


def stuck(client: Client, *, longer_than: object, limit: int) -> list[Task]:
    """List what runs for too long."""
    most = checked_limit(limit)
    seconds = positive_duration_from("longer_than", longer_than).total_seconds()
    return models(Task, client.list_stuck(longer_than=str(seconds), limit=most).body)


def overview(client: Client, *, window: object, queue: str | None) -> Overview:
    """Count tasks by queue and state, and tell what was done of late."""
    span = COUNTS_ALONE
    if window is not None:
        span = str(positive_duration_from("window", window).total_seconds())
    found = client.stats(window=span, queue=queue)
    counts = models(QueueCounts, found.queues)
    if window is None:
        return Overview(counts)
    rates, took = models(Throughput, found.throughput), models(Durations, found.definitions)
    return Overview(counts, rates, took)
