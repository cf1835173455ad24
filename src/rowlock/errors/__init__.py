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
├── DuplicateQueueError          a queue of that name is there already
├── QueueBusyError           tasks of the queue run, so that it is not deleted
├── ScheduleError
│   ├── ScheduleNotFoundError    no schedule of that name or id in the namespace
│   └── DuplicateScheduleError   two schedules whose names fold alike
├── TickerError
│   ├── TickerNotFoundError      no ticker of that name in the namespace
│   ├── DuplicateTickerError     a ticker of that name already exists
│   └── TickLostError            the tick is no longer ours: its lease ran out
├── OperationNotFoundError       no change to many tasks of that id in the namespace
├── TokenNotFoundError           no token of that id
├── ServiceError                 the HTTP service refused a request
│   ├── UnauthenticatedError     no valid token
│   ├── ScopeError               the token may not do that
│   ├── GrantError               the token is to hand out more than it has
│   ├── RateLimitError           too many requests
│   ├── OverloadedError          the service has no room for a request
│   ├── RouteNotFoundError       nothing is under that address
│   ├── MethodNotAllowedError    the address does not take that method
│   ├── BodyTooLargeError        the body is too long
│   ├── BodyTimeoutError         the body did not arrive in time
│   ├── NoTaskError              no task can be claimed now
│   ├── NoTickError              no tick can be taken now
│   ├── NotRunningError          a result came without a token for a task that does not run
│   ├── ServerUnavailableError   a client cannot reach it, or the connection broke
│   └── UnexpectedAnswerError    a client does not know what it was answered
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

from rowlock.errors.base import (
    ConfigError as ConfigError,
)
from rowlock.errors.base import (
    InvalidValueError as InvalidValueError,
)
from rowlock.errors.base import (
    MissingExtraError as MissingExtraError,
)
from rowlock.errors.base import (
    PayloadError as PayloadError,
)
from rowlock.errors.base import (
    RowlockError as RowlockError,
)
from rowlock.errors.definitions import (
    DefinitionClosedError as DefinitionClosedError,
)
from rowlock.errors.definitions import (
    DefinitionError as DefinitionError,
)
from rowlock.errors.definitions import (
    DefinitionNotFoundError as DefinitionNotFoundError,
)
from rowlock.errors.definitions import (
    DuplicateDefinitionError as DuplicateDefinitionError,
)
from rowlock.errors.definitions import (
    HookError as HookError,
)
from rowlock.errors.definitions import (
    MiddlewareError as MiddlewareError,
)
from rowlock.errors.definitions import (
    UnknownDefinitionError as UnknownDefinitionError,
)
from rowlock.errors.resources import (
    DuplicateQueueError as DuplicateQueueError,
)
from rowlock.errors.resources import (
    DuplicateScheduleError as DuplicateScheduleError,
)
from rowlock.errors.resources import (
    DuplicateTickerError as DuplicateTickerError,
)
from rowlock.errors.resources import (
    OperationNotFoundError as OperationNotFoundError,
)
from rowlock.errors.resources import (
    QueueBusyError as QueueBusyError,
)
from rowlock.errors.resources import (
    QueueNotFoundError as QueueNotFoundError,
)
from rowlock.errors.resources import (
    ScheduleError as ScheduleError,
)
from rowlock.errors.resources import (
    ScheduleNotFoundError as ScheduleNotFoundError,
)
from rowlock.errors.resources import (
    TickerError as TickerError,
)
from rowlock.errors.resources import (
    TickerNotFoundError as TickerNotFoundError,
)
from rowlock.errors.resources import (
    TickLostError as TickLostError,
)
from rowlock.errors.resources import (
    TokenNotFoundError as TokenNotFoundError,
)
from rowlock.errors.service import (
    BodyTimeoutError as BodyTimeoutError,
)
from rowlock.errors.service import (
    BodyTooLargeError as BodyTooLargeError,
)
from rowlock.errors.service import (
    GrantError as GrantError,
)
from rowlock.errors.service import (
    MethodNotAllowedError as MethodNotAllowedError,
)
from rowlock.errors.service import (
    NoTaskError as NoTaskError,
)
from rowlock.errors.service import (
    NoTickError as NoTickError,
)
from rowlock.errors.service import (
    NotRunningError as NotRunningError,
)
from rowlock.errors.service import (
    OverloadedError as OverloadedError,
)
from rowlock.errors.service import (
    RateLimitError as RateLimitError,
)
from rowlock.errors.service import (
    RouteNotFoundError as RouteNotFoundError,
)
from rowlock.errors.service import (
    ScopeError as ScopeError,
)
from rowlock.errors.service import (
    ServerUnavailableError as ServerUnavailableError,
)
from rowlock.errors.service import (
    ServiceError as ServiceError,
)
from rowlock.errors.service import (
    UnauthenticatedError as UnauthenticatedError,
)
from rowlock.errors.service import (
    UnexpectedAnswerError as UnexpectedAnswerError,
)
from rowlock.errors.storage import (
    SchemaError as SchemaError,
)
from rowlock.errors.storage import (
    SchemaMissingError as SchemaMissingError,
)
from rowlock.errors.storage import (
    SchemaOutdatedError as SchemaOutdatedError,
)
from rowlock.errors.storage import (
    SchemaTooNewError as SchemaTooNewError,
)
from rowlock.errors.storage import (
    StorageConflictError as StorageConflictError,
)
from rowlock.errors.storage import (
    StorageDataError as StorageDataError,
)
from rowlock.errors.storage import (
    StorageDeniedError as StorageDeniedError,
)
from rowlock.errors.storage import (
    StorageError as StorageError,
)
from rowlock.errors.storage import (
    StorageUnavailableError as StorageUnavailableError,
)
from rowlock.errors.tasks import (
    DuplicateTaskError as DuplicateTaskError,
)
from rowlock.errors.tasks import (
    IdConflictError as IdConflictError,
)
from rowlock.errors.tasks import (
    LeaseLostError as LeaseLostError,
)
from rowlock.errors.tasks import (
    TaskConflictError as TaskConflictError,
)
from rowlock.errors.tasks import (
    TaskError as TaskError,
)
from rowlock.errors.tasks import (
    TaskFailedError as TaskFailedError,
)
from rowlock.errors.tasks import (
    TaskNotFoundError as TaskNotFoundError,
)
from rowlock.errors.tasks import (
    WaitTimeoutError as WaitTimeoutError,
)
from rowlock.errors.tasks import (
    WorkerLostError as WorkerLostError,
)
from rowlock.errors.tasks import (
    WorkerStuckError as WorkerStuckError,
)
