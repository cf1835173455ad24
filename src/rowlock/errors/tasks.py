"""Errors of tasks and of workers."""

from __future__ import annotations

from uuid import UUID

from rowlock.errors.base import RowlockError


class TaskError(RowlockError):
    """Something is wrong with one task.

    Attributes:
        task_id: Its id; a text if only the beginning of an id was given and no task has it.
    """

    def __init__(self, task_id: UUID | str) -> None:
        super().__init__(task_id)
        self.task_id = task_id


class TaskNotFoundError(TaskError):
    """The namespace has no task of that id, or none whose id begins so."""

    def __str__(self) -> str:
        return f"task {self.task_id}: not found"


class TaskConflictError(TaskError):
    """The task exists but its state does not allow the operation."""

    def __init__(self, task_id: UUID, state: str, wanted: str) -> None:
        RowlockError.__init__(self, task_id, state, wanted)
        self.task_id = task_id
        self.state = state
        self.wanted = wanted

    def __str__(self) -> str:
        return f"task {self.task_id}: is {self.state}, must be {self.wanted}"


class DuplicateTaskError(TaskError):
    """A live task already holds the unique key; `task_id` is the holder's."""

    def __init__(self, task_id: UUID, unique_key: str) -> None:
        RowlockError.__init__(self, task_id, unique_key)
        self.task_id = task_id
        self.unique_key = unique_key

    def __str__(self) -> str:
        return f"unique key {self.unique_key!r} is held by task {self.task_id}"


class IdConflictError(TaskError):
    """The given id belongs to another task; nothing is told about that one."""

    def __str__(self) -> str:
        return f"task id {self.task_id} is already used for something else"


class TaskFailedError(TaskError):
    """An attempt failed without an exception of its handler's; told to error hooks.

    Attributes:
        kind: What the task's record calls it: `Fail`, `Timeout`, `PayloadError` and so on.
        message: What the record says.
    """

    def __init__(self, task_id: UUID, kind: str, message: str) -> None:
        RowlockError.__init__(self, task_id, kind, message)
        self.task_id = task_id
        self.kind = kind
        self.message = message

    def __str__(self) -> str:
        return f"task {self.task_id}: {self.kind}: {self.message}"


class WorkerLostError(TaskError):
    """The worker that ran the task is gone; told to error hooks by whoever noticed it.

    Attributes:
        worker: Its id.
        final: Whether that ended the task: as `crash_loop`, or as canceled.
    """

    def __init__(self, task_id: UUID, worker: str | None, final: bool) -> None:  # noqa: FBT001 - pickled by position
        RowlockError.__init__(self, task_id, worker, final)
        self.task_id = task_id
        self.worker = worker
        self.final = final

    def __str__(self) -> str:
        end = "it failed as crash_loop or was canceled" if self.final else "it is queued again"
        return f"task {self.task_id}: its worker {self.worker} is gone, {end}"


class LeaseLostError(TaskError):
    """The claim is no longer ours: the task was rescued, canceled by force or settled."""

    def __str__(self) -> str:
        return f"task {self.task_id}: this claim is over or never was; nothing was recorded"


class WaitTimeoutError(TaskError, TimeoutError):
    """The task that was waited for is not finished in time; it goes on.

    Attributes:
        state: Where it stood then.
    """

    def __init__(self, task_id: UUID, state: str) -> None:
        RowlockError.__init__(self, task_id, state)
        self.task_id = task_id
        self.state = state

    def __str__(self) -> str:
        return f"task {self.task_id}: is still {self.state}"


class WorkerStuckError(RowlockError):
    """Every slot of a worker is held by a thread that outlived its timeout."""

    def __init__(self, slots: int) -> None:
        super().__init__(slots)
        self.slots = slots

    def __str__(self) -> str:
        return f"all {self.slots} slots are lost to threads that outlived their timeouts"
