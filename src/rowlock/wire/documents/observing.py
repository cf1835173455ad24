"""What the HTTP service answers to those who watch."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from msgspec import Meta, Struct


class QueueCountsDocument(Struct, forbid_unknown_fields=True):
    """How many tasks of a queue are in each state."""

    queue: str
    paused: bool
    counts: Annotated[
        dict[str, int],
        Meta(description="By state; finished ones are the last that are kept, up to 10,000."),
    ]
    capped: Annotated[bool, Meta(description="Whether finished tasks were not all counted.")]
    oldest_wait_seconds: Annotated[
        float | None, Meta(description="Of the task that has been due the longest.")
    ]


class ThroughputDocument(Struct, forbid_unknown_fields=True):
    """How many tasks of a queue ended within the window."""

    queue: str
    counts: Annotated[dict[str, int], Meta(description="By final state, up to 10,000 in all.")]
    per_second: float
    capped: bool


class DurationsDocument(Struct, forbid_unknown_fields=True, kw_only=True):
    """How long the tasks of a definition took that ended within the window."""

    definition: str | None
    count: int
    failed: int
    average_seconds: float
    p50_seconds: float
    p95_seconds: float
    p99_seconds: float
    longest_seconds: float
    average_wait_seconds: float
    capped: bool


class StatsDocument(Struct, forbid_unknown_fields=True):
    """What there is, and what was done of late."""

    queues: list[QueueCountsDocument]
    throughput: list[ThroughputDocument]
    definitions: Annotated[
        list[DurationsDocument], Meta(description="The busiest first; the last run of each task.")
    ]


class LoadDocument(Struct, forbid_unknown_fields=True):
    """How much there is to do in a queue."""

    queue: str
    paused: bool
    runnable: Annotated[
        int, Meta(description="What can be claimed now or within the time; 0 if it is paused.")
    ]
    running: int
    capped: Annotated[bool, Meta(description="Whether there are more than were counted.")]


class ScaleDocument(Struct, forbid_unknown_fields=True, kw_only=True):
    """How many workers could be used."""

    runnable: Annotated[int, Meta(description="Of all these queues.")]
    running: int
    tasks_per_worker: int
    wanted_workers: Annotated[
        int, Meta(description="(runnable + running) / tasks_per_worker, rounded up.")
    ]
    queues: list[LoadDocument]


class AuditDocument(Struct, forbid_unknown_fields=True, kw_only=True):
    """What was changed, by whom, and why."""

    id: str
    at: datetime
    actor: str | None
    action: str
    kind: Annotated[str, Meta(description="Of what: a task, a queue, an operation.")]
    target: str
    reason: str | None
    detail: Any


class AuditList(Struct, forbid_unknown_fields=True):
    """A page of the audit, newest first."""

    count: Annotated[int, Meta(description="Of this page.")]
    body: list[AuditDocument]
    next: Annotated[str | None, Meta(description="`before` of the next page; null at the end.")]


class WorkerDocument(Struct, forbid_unknown_fields=True, kw_only=True):
    """What a worker runs now."""

    worker: Annotated[str, Meta(description="Its name; empty if it has none.")]
    tasks: int
    overdue: Annotated[int, Meta(description="Those whose lease has run out.")]
    longest_seconds: Annotated[float, Meta(description="For how long the first of them runs.")]
    queues: Annotated[list[str], Meta(description="Of which queues they are.")]


class WorkerList(Struct, forbid_unknown_fields=True):
    """A page of workers, those that run most first; `count` is that of all."""

    count: int
    body: list[WorkerDocument]
