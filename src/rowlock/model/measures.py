"""How long tasks take and how many get done, as operators see it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from rowlock.model.states import TaskState


class Run(NamedTuple):
    """The last run of a finished task."""

    definition: str | None
    state: TaskState
    waited: timedelta
    took: timedelta


class Running(NamedTuple):
    """What a worker runs of a queue.

    Attributes:
        worker: Its name; empty if it has none.
        tasks: How many.
        longest: Since when the first of them runs.
        overdue: How many of them have a lease that ran out: nobody has rescued them yet.
    """

    queue: str
    worker: str
    tasks: int
    longest: timedelta
    overdue: int


class Claimable(NamedTuple):
    """What can be started of a queue, each figure up to a cap.

    Attributes:
        queued: A claim could take them now.
        due: Those that wait for their time and can start within the time asked for.
        running: What runs.
        now: The database's clock.
    """

    queued: int
    due: int
    running: int
    now: datetime


class Ended(NamedTuple):
    """How many tasks of a queue ended in each way.

    Attributes:
        since: When the first of them did.
        now: The database's clock.
    """

    counts: dict[TaskState, int]
    since: datetime | None
    now: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Durations:
    """How long the runs of a definition's finished tasks took; the last run of each counts.

    Attributes:
        definition: Its alias, or None for tasks without one.
        count: How many tasks.
        failed: How many of them failed.
        average: The mean.
        p50: Half of them took no longer.
        p95: 95 % of them took no longer.
        p99: 99 % of them took no longer.
        longest: The longest one.
        average_wait: From when a task was due to the start of that run, the mean.
        capped: Whether a queue had more of them than were looked at.
    """

    definition: str | None
    count: int
    failed: int
    average: timedelta
    p50: timedelta
    p95: timedelta
    p99: timedelta
    longest: timedelta
    average_wait: timedelta
    capped: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Throughput:
    """How many tasks of a queue were finished.

    Attributes:
        queue: Its name.
        counts: By final state; the newest ones, up to a cap.
        per_second: All of them over the window, or where there are more than were counted,
            over the time since the first that was.
        capped: Whether there are more.
    """

    queue: str
    counts: dict[TaskState, int]
    per_second: float
    capped: bool


def percentile(ordered: Sequence[timedelta], share: float) -> timedelta:
    """Return the value that a share of sorted values does not exceed.

    Between two neighbours it lies in proportion: definition 7 of Hyndman and Fan, "Sample
    Quantiles in Statistical Packages", The American Statistician 50 (4), 1996.
    """
    place = (len(ordered) - 1) * share
    low, high = ordered[math.floor(place)], ordered[math.ceil(place)]
    return low + (high - low) * (place - math.floor(place))


def durations_of(runs: Iterable[Run], *, capped: bool) -> list[Durations]:
    """Return how long runs took, by definition, the busiest one first."""
    by_definition: dict[str | None, list[Run]] = {}
    for run in runs:
        by_definition.setdefault(run.definition, []).append(run)
    found = [_durations(name, group, capped) for name, group in by_definition.items()]
    return sorted(found, key=lambda one: (-one.count, one.definition or ""))


def _durations(definition: str | None, runs: Sequence[Run], capped: bool) -> Durations:  # noqa: FBT001
    took = sorted(run.took for run in runs)
    return Durations(
        definition=definition,
        count=len(runs),
        failed=sum(run.state is TaskState.FAILED for run in runs),
        average=_mean(took),
        p50=percentile(took, 0.5),
        p95=percentile(took, 0.95),
        p99=percentile(took, 0.99),
        longest=took[-1],
        average_wait=_mean([run.waited for run in runs]),
        capped=capped,
    )


def _mean(values: Sequence[timedelta]) -> timedelta:
    return sum(values, timedelta(0)) / len(values)


def throughput_of(queue: str, ended: Ended, *, window: timedelta, cap: int) -> Throughput:
    """Return how many tasks of a queue were finished in a window, and how many a second."""
    total = sum(ended.counts.values())
    capped = total >= cap
    span = window
    if capped and ended.since is not None and ended.now is not None:
        span = min(window, max(ended.now - ended.since, timedelta(milliseconds=1)))
    return Throughput(
        queue=queue,
        counts=ended.counts,
        per_second=total / span.total_seconds(),
        capped=capped,
    )
