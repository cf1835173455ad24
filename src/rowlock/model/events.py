"""What those who watch are told."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from rowlock.model.states import TaskState


class TaskEvent(NamedTuple):
    """What became of a task, or of many that went the same way together.

    Attributes:
        id: In the order in which changes were written, which is not that of their commits.
        at: When, by the database's clock.
        namespace: Whose tasks.
        queue: In which queue.
        definition: The alias of their definition; None if they have none.
        state: What they are since.
        tasks: How many they are.
        task: Which one; None if there are more, and nothing below is told of those.
        attempt: How often it was started.
        cancel_requested: Whether it runs and is asked to stop.
        deleted: Whether they are hidden.
        progress: In percent.
        progress_message: What its handler said last.
        reason: Why it ended, if that needs a reason.
    """

    id: int
    at: datetime
    namespace: str
    queue: str
    definition: str | None
    state: TaskState
    tasks: int
    task: UUID | None = None
    attempt: int = 0
    cancel_requested: bool = False
    deleted: bool = False
    progress: float = 0.0
    progress_message: str | None = None
    reason: str | None = None
