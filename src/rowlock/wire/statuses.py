"""Which HTTP status an error has: one table for the service, its document and its clients."""

from __future__ import annotations

from rowlock.errors import (
    BodyTimeoutError,
    BodyTooLargeError,
    DefinitionClosedError,
    DefinitionNotFoundError,
    DuplicateDefinitionError,
    DuplicateQueueError,
    DuplicateScheduleError,
    DuplicateTaskError,
    DuplicateTickerError,
    IdConflictError,
    InvalidValueError,
    LeaseLostError,
    MethodNotAllowedError,
    NoTaskError,
    NoTickError,
    NotRunningError,
    OperationNotFoundError,
    QueueBusyError,
    QueueNotFoundError,
    RateLimitError,
    RouteNotFoundError,
    ScheduleNotFoundError,
    SchemaError,
    ScopeError,
    StorageConflictError,
    StorageDataError,
    StorageDeniedError,
    StorageUnavailableError,
    TaskConflictError,
    TaskNotFoundError,
    TickerNotFoundError,
    TickLostError,
    TokenNotFoundError,
    UnauthenticatedError,
    UnknownDefinitionError,
    WaitTimeoutError,
)

INTERNAL = 500
UNAVAILABLE = 503

_STATUS: dict[type[Exception], int] = {
    InvalidValueError: 400,
    StorageDataError: 400,
    UnauthenticatedError: 401,
    ScopeError: 403,
    RouteNotFoundError: 404,
    TaskNotFoundError: 404,
    QueueNotFoundError: 404,
    NoTaskError: 404,
    NoTickError: 404,
    NotRunningError: 404,
    UnknownDefinitionError: 404,
    DefinitionNotFoundError: 404,
    ScheduleNotFoundError: 404,
    OperationNotFoundError: 404,
    TickerNotFoundError: 404,
    TokenNotFoundError: 404,
    MethodNotAllowedError: 405,
    BodyTimeoutError: 408,
    WaitTimeoutError: 408,
    DuplicateQueueError: 409,
    QueueBusyError: 409,
    DuplicateTaskError: 409,
    DuplicateDefinitionError: 409,
    DuplicateScheduleError: 409,
    DuplicateTickerError: 409,
    TickLostError: 409,
    DefinitionClosedError: 409,
    IdConflictError: 409,
    TaskConflictError: 409,
    LeaseLostError: 409,
    BodyTooLargeError: 413,
    RateLimitError: 429,
    StorageUnavailableError: UNAVAILABLE,
    StorageConflictError: UNAVAILABLE,
    StorageDeniedError: UNAVAILABLE,
    SchemaError: UNAVAILABLE,
}


def status_of(error: type[Exception]) -> int:
    """Return the HTTP status of a class of errors; 500 for what nobody foresaw."""
    return next((_STATUS[kind] for kind in error.__mro__ if kind in _STATUS), INTERNAL)
