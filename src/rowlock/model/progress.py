"""How far a task is."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from rowlock.model.states import TaskState
from rowlock.model.tasks import Task


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskProgress:
    """How far a task is.

    Attributes:
        percent: 0 to 100; 0 while it waits.
        message: What is being done, if its handler said so.
    """

    task_id: UUID
    state: TaskState
    percent: float
    message: str | None


def progress_of(task: Task) -> TaskProgress:
    """Return how far a task is."""
    return TaskProgress(
        task_id=task.id,
        state=task.state,
        percent=task.progress,
        message=task.progress_message,
    )
