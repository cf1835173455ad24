"""What is told to those who watch a namespace: metrics, and how many workers it could use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from rowlock.app.flow import Flow, Run
from rowlock.app.flows import COUNT_CAP, database_time, get_queue, list_queues, stats
from rowlock.app.opened import Opened
from rowlock.model.durations import duration_from
from rowlock.model.figures import Figures, Load
from rowlock.model.measures import Claimable, Ended, Running, durations_of
from rowlock.model.measures import Run as LastRun
from rowlock.model.queues import Queue
from rowlock.model.schedules import Schedule, ScheduleOrder
from rowlock.model.states import TaskState
from rowlock.model.tallies import Tally, TallyKey

RECENT: Final = timedelta(minutes=5)
MOST_QUEUES: Final = 100
MOST_RUNNING: Final = 10_000
MOST_RUNS: Final = 1_000


def figures(core: Opened) -> Flow[Figures]:
    """Return what metrics tell of a namespace.

    It is read every few seconds, so it reads a few rows of each of the first queues only.
    """
    reads = core.storage.reads
    counts = yield from stats(core)
    running = yield from running_now(core)
    ended: dict[str, dict[TaskState, int]] = {}
    runs: list[LastRun] = []
    capped = False
    for name in [one.queue for one in counts][:MOST_QUEUES]:
        of_queue = partial(reads.recent_ends, core.namespace, name, window=RECENT, cap=COUNT_CAP)
        ends: Ended = yield Run(of_queue, reads=True)
        ended[name] = ends.counts
        if ends.counts:
            last = partial(reads.recent_runs, core.namespace, name, window=RECENT, cap=MOST_RUNS)
            found: list[LastRun] = yield Run(last, reads=True)
            capped = capped or len(found) >= MOST_RUNS
            runs += found
    counted = partial(core.storage.tallies.read_tallies, core.namespace)
    tallies: Mapping[TallyKey, Tally] = yield Run(counted, reads=True)
    return Figures(
        namespace=core.namespace,
        counts=counts,
        running=running,
        ended=ended,
        durations=durations_of(runs, capped=capped),
        schedule_lag=(yield from _schedule_lag(core)),
        tallies=tallies,
    )


def running_now(core: Opened) -> Flow[list[Running]]:
    """Return what runs, by queue and worker."""
    operation = partial(core.storage.reads.running_now, core.namespace, limit=MOST_RUNNING)
    running: list[Running] = yield Run(operation, reads=True)
    return running


def _schedule_lag(core: Opened) -> Flow[timedelta]:
    # The clock first: it must not count as late what came due while we looked.
    now = yield from database_time(core)
    operation = partial(
        core.storage.schedules.list_schedules, core.namespace, limit=1, order=ScheduleOrder.NEXT
    )
    first: list[Schedule] = yield Run(operation, reads=True)
    due = first[0].due_at if first else None
    return timedelta(0) if due is None else max(now - due, timedelta(0))


def loads(core: Opened, names: Sequence[str] | None, *, within: object) -> Flow[list[Load]]:
    """Return how much there is to do in queues, by name.

    Args:
        core: The app.
        names: Which queues; None for all.
        within: How far to look ahead.

    Raises:
        QueueNotFoundError: The namespace has no queue of that name.
        InvalidValueError: The duration or a name is refused.
    """
    span = duration_from("within", within)
    queues: list[Queue] = []
    if names is None:
        queues = yield from list_queues(core)
    for name in names or ():
        queue = yield from get_queue(core, name)
        queues.append(queue)
    found: dict[str, Load] = {}
    for queue in queues:
        operation = partial(
            core.storage.reads.count_claimable,
            core.namespace,
            queue.name,
            within=span,
            cap=COUNT_CAP,
        )
        counted: Claimable = yield Run(operation, reads=True)
        found[queue.name] = _load(queue, counted, span)
    return [found[name] for name in sorted(found)]


def _load(queue: Queue, counted: Claimable, within: timedelta) -> Load:
    paused = queue.paused and not _resumes_by(queue, counted.now + within)
    return Load(
        queue=queue.name,
        paused=paused,
        runnable=0 if paused else counted.queued + counted.due,
        running=counted.running,
        capped=max(counted.queued, counted.due, counted.running) >= COUNT_CAP,
    )


def _resumes_by(queue: Queue, moment: datetime) -> bool:
    return queue.paused_until is not None and queue.paused_until <= moment
