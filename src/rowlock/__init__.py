"""Rowlock: a durable background task queue in the database you already have.

Public names are loaded when they are first used, so that importing the package costs nothing.
"""

from __future__ import annotations

from importlib import import_module

from rowlock._version import __version__

_HOMES = {
    "AsyncRowlock": "rowlock.app.async_facade",
    "Attempt": "rowlock.model.tasks",
    "AuditEntry": "rowlock.model.changes",
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
    "LogLine": "rowlock.model.tasks",
    "Operation": "rowlock.model.changes",
    "OperationState": "rowlock.model.changes",
    "Queue": "rowlock.model.queues",
    "QueueCounts": "rowlock.model.tasks",
    "QueuePolicy": "rowlock.model.queues",
    "Retry": "rowlock.definitions.outcomes",
    "RetryPolicy": "rowlock.backoff",
    "Rowlock": "rowlock.app.sync_facade",
    "Snooze": "rowlock.definitions.outcomes",
    "Task": "rowlock.model.tasks",
    "TaskCount": "rowlock.model.listing",
    "TaskDefinition": "rowlock.definitions.definition",
    "TaskFailure": "rowlock.model.tasks",
    "TaskHandler": "rowlock.definitions.task_handler",
    "TaskOrder": "rowlock.model.listing",
    "TaskProgress": "rowlock.model.progress",
    "TaskState": "rowlock.model.states",
    "Throughput": "rowlock.model.measures",
    "TaskTransaction": "rowlock.definitions.transaction",
    "Tasks": "rowlock.definitions.collection",
    "Worker": "rowlock.worker.worker",
    "context": "rowlock.definitions.context",
    "depends": "rowlock.definitions.dependencies",
}

__all__ = ["__version__", *sorted(_HOMES)]  # noqa: PLE0604 - texts # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> object:
    """Load a public name from where it lives."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'rowlock' has no attribute {name!r}")
    value: object = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """Name what is public."""
    return sorted({*globals(), *_HOMES})
