"""What is told of a namespace to those who watch it every few seconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from rowlock.model.measures import Durations, Running
from rowlock.model.states import TaskState
from rowlock.model.tallies import Tally, TallyKey
from rowlock.model.tasks import QueueCounts


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """A namespace at one moment. Where there are more queues, the last by name have only counts.

    Attributes:
        namespace: Whose they are.
        counts: Of every queue, by name.
        running: What runs, by queue and worker.
        ended: How many tasks ended of late, by queue and final state; of the first queues.
        durations: How long the last runs of those queues took, by definition.
        schedule_lag: How late the schedule is that should have fired first; zero if none is.
        tallies: What was counted of tasks since the namespace began.
    """

    namespace: str
    counts: list[QueueCounts]
    running: list[Running]
    ended: dict[str, dict[TaskState, int]]
    durations: list[Durations]
    schedule_lag: timedelta
    tallies: Mapping[TallyKey, Tally]


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """How much there is to do in a queue, for those who start and stop workers.

    Attributes:
        queue: Its name.
        paused: Whether nothing of it can be claimed within the time asked about.
        runnable: Tasks that can be claimed within that time; none of a paused queue.
        running: Tasks that run.
        capped: Whether there are more than were counted.
    """

    queue: str
    paused: bool
    runnable: int
    running: int
    capped: bool
