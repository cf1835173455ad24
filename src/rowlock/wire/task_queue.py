"""Tasks as clients of a queue in memory read them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final

from rowlock.model.states import TaskState
from rowlock.model.tasks import QueueCounts, Task
from rowlock.wire.values import Wire, optional_time_to_wire, time_to_wire

_STATUSES: Final = {
    TaskState.RUNNING: "in_progress",
    TaskState.SUCCEEDED: "completed",
    TaskState.FAILED: "failed",
    TaskState.CANCELED: "failed",
    TaskState.EXPIRED: "failed",
}
_PENDING: Final = "pending"
_PROGRESS: Final = {"in_progress": 50, "completed": 100}


def _status(state: TaskState) -> str:
    return _STATUSES.get(state, _PENDING)


def task_line_document(task: Task) -> Wire:
    """Return a `TaskLineDocument`."""
    return {
        "id": str(task.id),
        "name": task.definition or task.queue,
        "status": _status(task.state),
        "createdAt": time_to_wire(task.created_at),
        "completedAt": optional_time_to_wire(task.finished_at),
    }


def task_status_document(task: Task, *, reveal: bool) -> Wire:
    """Return a `TaskStatusDocument`; result and error are null unless they may be revealed."""
    line = task_line_document(task)
    status = line["status"]
    return {
        **line,
        "progress": _PROGRESS.get(status, 0),
        "result": task.result if reveal else None,
        "error": _error(task) if reveal and status == "failed" else None,
    }


def _error(task: Task) -> str | None:
    """Return why a task ended; an error of an earlier run did not end one that was canceled."""
    if task.state is TaskState.FAILED and task.error is not None:
        return task.error.message
    return task.reason


def task_totals_document(counts: Iterable[QueueCounts]) -> Wire:
    """Return a `TaskTotalsDocument`."""
    totals: Counter[str] = Counter()
    for queue in counts:
        for state, number in queue.counts.items():
            totals[_status(state)] += number
    return {
        "total": totals.total(),
        "pending": totals[_PENDING],
        "inProgress": totals["in_progress"],
        "completed": totals["completed"],
        "failed": totals["failed"],
    }
