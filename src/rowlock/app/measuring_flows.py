"""Figures about tasks: what is stuck, what failed, how long tasks take, how many get done."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import NamedTuple

from rowlock.app.flow import Flow, Run
from rowlock.app.flows import COUNT_CAP, queue_counts, stats
from rowlock.app.listing_flows import checked_limit, list_tasks
from rowlock.app.opened import Opened
from rowlock.model.durations import positive_duration_from
from rowlock.model.listing import TaskOrder
from rowlock.model.measures import Durations, Ended, Throughput, durations_of, throughput_of
from rowlock.model.measures import Run as LastRun
from rowlock.model.names import checked_name
from rowlock.model.queues import Queue
from rowlock.model.states import TaskState
from rowlock.model.tasks import QueueCounts, Task, TaskFilter


def stuck(core: Opened, *, longer_than: object, limit: int) -> Flow[list[Task]]:
    """Return tasks that run for longer, or whose lease ran out."""
    checked_limit(limit)
    operation = partial(
        core.storage.reads.list_stuck,
        core.namespace,
        longer_than=positive_duration_from("longer_than", longer_than),
        limit=limit,
    )
    found: list[Task] = yield Run(operation, reads=True)
    return found


def failures(core: Opened, *, limit: int, queue: str | None) -> Flow[list[Task]]:
    """Return the tasks that failed last."""
    wanted = TaskFilter(states=(TaskState.FAILED.value,), queue=queue)
    return (yield from list_tasks(core, wanted, limit=limit, order=TaskOrder.FINISHED_AT))


def durations(core: Opened, *, window: object, queue: str | None) -> Flow[list[Durations]]:
    """Return how long tasks took, by definition."""
    span = positive_duration_from("window", window)
    runs: list[LastRun] = []
    capped = False
    for name in (yield from _queues(core, queue)):
        operation = partial(
            core.storage.reads.recent_runs, core.namespace, name, window=span, cap=COUNT_CAP
        )
        of_queue: list[LastRun] = yield Run(operation, reads=True)
        capped = capped or len(of_queue) >= COUNT_CAP
        runs += of_queue
    return durations_of(runs, capped=capped)


def throughput(core: Opened, *, window: object, queue: str | None) -> Flow[list[Throughput]]:
    """Return how many tasks were finished, by queue."""
    span: timedelta = positive_duration_from("window", window)
    found: list[Throughput] = []
    for name in (yield from _queues(core, queue)):
        operation = partial(
            core.storage.reads.recent_ends, core.namespace, name, window=span, cap=COUNT_CAP
        )
        ended: Ended = yield Run(operation, reads=True)
        found.append(throughput_of(name, ended, window=span, cap=COUNT_CAP))
    return found


class Overview(NamedTuple):
    """What there is, and what was done of late.

    Attributes:
        queues: How many tasks of each are in each state.
        throughput: How many were finished within the window, by queue; None without a window.
        definitions: How long those took, by definition; None without a window.
    """

    queues: list[QueueCounts]
    throughput: list[Throughput] | None = None
    definitions: list[Durations] | None = None


def overview(core: Opened, *, window: object, queue: str | None) -> Flow[Overview]:
    """Return counts, and the figures of a window if one is given."""
    if queue is None:
        counts = yield from stats(core)
    else:
        counts = [(yield from queue_counts(core, queue))]
    if window is None:
        return Overview(counts)
    rates = yield from throughput(core, window=window, queue=queue)
    return Overview(counts, rates, (yield from durations(core, window=window, queue=queue)))


def _queues(core: Opened, queue: str | None) -> Flow[list[str]]:
    if queue is not None:
        return [checked_name("queue", queue)]
    known: list[Queue] = yield Run(
        partial(core.storage.queues.list_queues, core.namespace), reads=True
    )
    return [one.name for one in known]
