"""Rowlock: a durable background task queue in the database you already have.

Public names are loaded when they are first used, so that importing the package costs nothing.
"""

from __future__ import annotations

from rowlock._lazy import lazily
from rowlock._version import __version__

_HOMES = {
    "AsyncRowlock": "rowlock.app.async_facade",
    "Attempt": "rowlock.model.tasks",
    "AuditEntry": "rowlock.model.changes",
    "Backfill": "rowlock.model.schedules",
    "Backoff": "rowlock.backoff",
    "Cancel": "rowlock.definitions.outcomes",
    "Canceled": "rowlock.ops.tasks",
    "ClaimedTask": "rowlock.model.claimed",
    "Context": "rowlock.definitions.context",
    "Definition": "rowlock.model.definitions",
    "DefinitionStatus": "rowlock.model.definitions",
    "DefinitionTasks": "rowlock.model.definitions",
    "Durations": "rowlock.model.measures",
    "Fail": "rowlock.definitions.outcomes",
    "Firing": "rowlock.model.schedules",
    "LogLine": "rowlock.model.tasks",
    "Operation": "rowlock.model.changes",
    "OperationState": "rowlock.model.changes",
    "Queue": "rowlock.model.queues",
    "QueueCounts": "rowlock.model.tasks",
    "QueuePolicy": "rowlock.model.queues",
    "Retry": "rowlock.definitions.outcomes",
    "RetryPolicy": "rowlock.backoff",
    "Rowlock": "rowlock.app.sync_facade",
    "Schedule": "rowlock.model.schedules",
    "ScheduleStatus": "rowlock.model.schedules",
    "ScheduleSync": "rowlock.model.schedules",
    "Snooze": "rowlock.definitions.outcomes",
    "Task": "rowlock.model.tasks",
    "TaskCount": "rowlock.model.listing",
    "TaskDefinition": "rowlock.definitions.definition",
    "TaskFailure": "rowlock.model.tasks",
    "TaskHandler": "rowlock.definitions.task_handler",
    "TaskOrder": "rowlock.model.listing",
    "TaskProgress": "rowlock.model.progress",
    "TaskState": "rowlock.model.states",
    "Tick": "rowlock.model.tickers",
    "Ticker": "rowlock.model.tickers",
    "TaskTransaction": "rowlock.definitions.transaction",
    "Tasks": "rowlock.definitions.collection",
    "Throughput": "rowlock.model.measures",
    "Worker": "rowlock.worker.worker",
    "context": "rowlock.definitions.context",
    "depends": "rowlock.definitions.dependencies",
}

__all__ = ["__version__", *sorted(_HOMES)]  # noqa: PLE0604 - texts # pyright: ignore[reportUnsupportedDunderAll]

__getattr__, __dir__ = lazily(__name__, _HOMES)
