"""Every exception this package raises on purpose.

RowlockError
├── ConfigError                  wired with settings that cannot work
│   └── MissingExtraError        a driver is not installed; says which extra brings it
├── InvalidValueError            a value was refused at the door; also a `ValueError`
│   └── PayloadError             arguments, a payload or a result cannot be stored or do not fit
├── DefinitionError
│   ├── UnknownDefinitionError   nothing is known under that alias
│   ├── DuplicateDefinitionError two definitions whose aliases fold alike
│   ├── DefinitionNotFoundError  no definition of that alias or id in the namespace
│   └── DefinitionClosedError    canceled or deleted: it takes no new tasks
├── MiddlewareError              a middleware raised; names it
├── HookError                    a hook of the worker raised; names it
├── QueueNotFoundError           no queue of that name in the namespace
├── OperationNotFoundError       no change to many tasks of that id in the namespace
├── TaskError
│   ├── TaskNotFoundError        no task of that id in the namespace
│   ├── TaskConflictError        the task's state does not allow the operation
│   ├── TaskFailedError          an attempt failed without an exception of its handler's
│   ├── DuplicateTaskError       a live task already holds the unique key
│   ├── IdConflictError          the given id belongs to another task
│   ├── WorkerLostError          the worker that ran the task is gone
│   ├── LeaseLostError           the claim is no longer ours: rescued, canceled or settled
│   └── WaitTimeoutError         the task was not finished in time; also a `TimeoutError`
├── WorkerStuckError             every slot of a worker is lost to a thread that does not end
└── StorageError
    ├── StorageUnavailableError  the database cannot be reached; safe to try again
    ├── StorageConflictError     deadlock, serialization failure or lock timeout, after retries
    ├── StorageDataError         the database refused a value or a constraint
    ├── StorageDeniedError       the database's user lacks a privilege
    └── SchemaError
        ├── SchemaMissingError   run the migrations
        ├── SchemaOutdatedError  run the newer migrations
        └── SchemaTooNewError    upgrade the package
"""

from __future__ import annotations

from uuid import UUID


class RowlockError(Exception):
    """The root of every error this package raises on purpose."""


class ConfigError(RowlockError):
    """Something was wired with settings that cannot work."""


class MissingExtraError(ConfigError):
    """An optional dependency is needed and not installed."""

    def __init__(self, extra: str, needed_for: str) -> None:
        super().__init__(extra, needed_for)
        self.extra = extra
        self.needed_for = needed_for

    def __str__(self) -> str:
        return f"{self.needed_for} needs an extra: pip install 'rowlock[{self.extra}]'"


class InvalidValueError(RowlockError, ValueError):
    """A value was refused at the door; nothing was stored.

    Attributes:
        field: The parameter or option that was refused.
        problem: What is wrong with it, in words.
    """

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(field, problem)
        self.field = field
        self.problem = problem

    def __str__(self) -> str:
        return f"{self.field}: {self.problem}"


class PayloadError(InvalidValueError):
    """Arguments, a payload or a result cannot be stored, or do not fit the signature."""


class DefinitionError(RowlockError):
    """Something is wrong with a task definition."""

    def __init__(self, alias: str) -> None:
        super().__init__(alias)
        self.alias = alias


class UnknownDefinitionError(DefinitionError):
    """Nothing is known under that alias, neither in this process nor in the database."""

    def __str__(self) -> str:
        return (
            f"no task definition {self.alias!r}: register it with @app.task, or start a worker "
            "that has it once so that the database knows it"
        )


class DuplicateDefinitionError(DefinitionError):
    """Two definitions whose aliases are equal ignoring case, `-` and `_`."""

    def __str__(self) -> str:
        return f"a task definition {self.alias!r} already exists (case, '-' and '_' ignored)"


class DefinitionNotFoundError(DefinitionError):
    """The namespace has no definition of that alias or id; `alias` is what was asked for."""

    def __str__(self) -> str:
        return f"task definition {self.alias!r}: not found"


class DefinitionClosedError(DefinitionError):
    """The definition takes no new tasks.

    Attributes:
        why: `canceled` or `deleted`.
    """

    def __init__(self, alias: str, why: str) -> None:
        RowlockError.__init__(self, alias, why)
        self.alias = alias
        self.why = why

    def __str__(self) -> str:
        return f"task definition {self.alias!r} is {self.why}: it takes no new tasks"


class MiddlewareError(RowlockError):
    """A middleware raised, or returned what it may not; the attempt has failed.

    Attributes:
        name: The middleware's function.
        problem: What it raised, in words; the exception itself is the cause.
    """

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(name, problem)
        self.name = name
        self.problem = problem

    def __str__(self) -> str:
        return f"middleware {self.name}: {self.problem}"


class HookError(RowlockError):
    """A start-up hook of a worker raised; the worker did not start.

    Attributes:
        name: The hook's function.
        problem: What it raised, in words; the exception itself is the cause.
    """

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(name, problem)
        self.name = name
        self.problem = problem

    def __str__(self) -> str:
        return f"the worker cannot start: {self.name}: {self.problem}"


class QueueNotFoundError(RowlockError):
    """The namespace has no queue of that name."""

    def __init__(self, queue: str) -> None:
        super().__init__(queue)
        self.queue = queue

    def __str__(self) -> str:
        return f"queue {self.queue!r}: not found"


class OperationNotFoundError(RowlockError):
    """The namespace has no operation, a change to many tasks, of that id."""

    def __init__(self, operation_id: UUID) -> None:
        super().__init__(operation_id)
        self.operation_id = operation_id

    def __str__(self) -> str:
        return f"operation {self.operation_id}: not found"


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


class StorageError(RowlockError):
    """The database, or what lies between us and it, did not do what was asked."""


class StorageUnavailableError(StorageError):
    """The database cannot be reached, or the connection broke; safe to try again.

    Attributes:
        outcome_unknown: True when the connection broke after a write had been sent: it may
            or may not have been committed.
    """

    def __init__(self, problem: str, outcome_unknown: bool = False) -> None:  # noqa: FBT001,FBT002 - pickled by position
        super().__init__(problem, outcome_unknown)
        self.problem = problem
        self.outcome_unknown = outcome_unknown

    def __str__(self) -> str:
        return self.problem


class StorageConflictError(StorageError):
    """A deadlock, serialization failure or lock timeout that outlived the retries."""


class StorageDataError(StorageError):
    """The database refused a value, or a constraint was violated."""


class StorageDeniedError(StorageError):
    """The database's user lacks a privilege; grant it, or connect as another user."""


class SchemaError(StorageError):
    """The tables are not those this version works with."""

    def __init__(self, found: int, wanted: int) -> None:
        super().__init__(found, wanted)
        self.found = found
        self.wanted = wanted


class SchemaMissingError(SchemaError):
    """The database has no Rowlock tables."""

    def __str__(self) -> str:
        return "the database has no Rowlock tables: run 'rowlock db migrate'"


class SchemaOutdatedError(SchemaError):
    """The tables are older than this version of the package."""

    def __str__(self) -> str:
        return (
            f"the schema is at version {self.found}, this package needs {self.wanted}: "
            "run 'rowlock db migrate'"
        )


class SchemaTooNewError(SchemaError):
    """The tables are newer than this version of the package."""

    def __str__(self) -> str:
        return (
            f"the schema is at version {self.found}, this package knows up to {self.wanted}: "
            "upgrade the package"
        )
