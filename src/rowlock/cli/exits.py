"""What the process exits with, and the one place that decides it for an error."""

from __future__ import annotations

from enum import IntEnum

import click

from rowlock.errors import (
    ConfigError,
    DefinitionClosedError,
    DefinitionNotFoundError,
    DuplicateDefinitionError,
    DuplicateQueueError,
    DuplicateScheduleError,
    DuplicateTaskError,
    DuplicateTickerError,
    GrantError,
    IdConflictError,
    InvalidValueError,
    LeaseLostError,
    NoTaskError,
    NotRunningError,
    OperationNotFoundError,
    OverloadedError,
    QueueBusyError,
    QueueNotFoundError,
    RateLimitError,
    RouteNotFoundError,
    ScheduleNotFoundError,
    SchemaError,
    ScopeError,
    ServerUnavailableError,
    StorageDeniedError,
    StorageUnavailableError,
    TaskConflictError,
    TaskNotFoundError,
    TickerNotFoundError,
    TickLostError,
    TokenNotFoundError,
    UnauthenticatedError,
    UnknownDefinitionError,
    WorkerStuckError,
)


class ExitCode(IntEnum):
    """Stable numbers for scripts."""

    OK = 0
    FAILED = 1
    USAGE = 2
    UNREACHABLE = 3
    SCHEMA = 4
    NOT_FOUND = 5
    UNHEALTHY = 6
    REFUSED = 7
    INTERRUPTED = 130


_CODES: dict[type[Exception], ExitCode] = {
    click.UsageError: ExitCode.USAGE,
    InvalidValueError: ExitCode.USAGE,
    ConfigError: ExitCode.USAGE,
    StorageUnavailableError: ExitCode.UNREACHABLE,
    StorageDeniedError: ExitCode.UNREACHABLE,
    ServerUnavailableError: ExitCode.UNREACHABLE,
    SchemaError: ExitCode.SCHEMA,
    TaskNotFoundError: ExitCode.NOT_FOUND,
    QueueNotFoundError: ExitCode.NOT_FOUND,
    TokenNotFoundError: ExitCode.NOT_FOUND,
    OperationNotFoundError: ExitCode.NOT_FOUND,
    UnknownDefinitionError: ExitCode.NOT_FOUND,
    DefinitionNotFoundError: ExitCode.NOT_FOUND,
    ScheduleNotFoundError: ExitCode.NOT_FOUND,
    TaskConflictError: ExitCode.REFUSED,
    DuplicateTaskError: ExitCode.REFUSED,
    IdConflictError: ExitCode.REFUSED,
    LeaseLostError: ExitCode.REFUSED,
    NotRunningError: ExitCode.REFUSED,
    NoTaskError: ExitCode.NOT_FOUND,
    UnauthenticatedError: ExitCode.REFUSED,
    ScopeError: ExitCode.REFUSED,
    GrantError: ExitCode.REFUSED,
    RateLimitError: ExitCode.REFUSED,
    OverloadedError: ExitCode.REFUSED,
    RouteNotFoundError: ExitCode.NOT_FOUND,
    WorkerStuckError: ExitCode.UNHEALTHY,
    DuplicateDefinitionError: ExitCode.REFUSED,
    DuplicateScheduleError: ExitCode.REFUSED,
    DuplicateQueueError: ExitCode.REFUSED,
    QueueBusyError: ExitCode.REFUSED,
    DefinitionClosedError: ExitCode.REFUSED,
    TickerNotFoundError: ExitCode.NOT_FOUND,
    DuplicateTickerError: ExitCode.REFUSED,
    TickLostError: ExitCode.REFUSED,
}


def exit_code_for(error: Exception) -> ExitCode:
    """Return what a command that ended with this error exits with."""
    codes = (code for kind, code in _CODES.items() if isinstance(error, kind))
    return next(codes, ExitCode.FAILED)
