"""Errors of the HTTP service: what a request did wrong besides the values that it gave."""

from __future__ import annotations

from uuid import UUID

from rowlock.errors.base import RowlockError


class ServiceError(RowlockError):
    """The HTTP service refused a request."""


class UnauthenticatedError(ServiceError):
    """A request carries no token, or one that is unknown, expired or revoked."""

    def __str__(self) -> str:
        return "a valid token is needed: send Authorization: Bearer TOKEN"


class ScopeError(ServiceError):
    """The token may not do that; `scope` is what it lacks."""

    def __init__(self, scope: str) -> None:
        super().__init__(scope)
        self.scope = scope

    def __str__(self) -> str:
        return f"the token lacks the scope {self.scope}"


class GrantError(ServiceError):
    """A token is to hand out more than it has; `problem` is what it lacks, in words."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem

    def __str__(self) -> str:
        return f"a token hands out no more than it has: {self.problem}"


class RateLimitError(ServiceError):
    """Too many requests; `retry_after` is how many seconds to wait."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(retry_after)
        self.retry_after = retry_after

    def __str__(self) -> str:
        return f"too many requests: try again in {self.retry_after} s"


class OverloadedError(ServiceError):
    """The service has no room for a request; `retry_after` is how many seconds to wait."""

    def __init__(self, retry_after: int, full_of: str = "requests") -> None:
        super().__init__(retry_after, full_of)
        self.retry_after = retry_after
        self.full_of = full_of

    def __str__(self) -> str:
        return f"the service is full of {self.full_of}: try again in {self.retry_after} s"


class RouteNotFoundError(ServiceError):
    """There is nothing under that address, or not for this token."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path

    def __str__(self) -> str:
        return "nothing is here"


class MethodNotAllowedError(ServiceError):
    """The address does not take that method; `allowed` is what it takes."""

    def __init__(self, method: str, allowed: str) -> None:
        super().__init__(method, allowed)
        self.method = method
        self.allowed = allowed

    def __str__(self) -> str:
        return f"{self.method} is not possible here, only {self.allowed}"


class BodyTooLargeError(ServiceError):
    """The body of a request is longer than `limit` bytes."""

    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self.limit = limit

    def __str__(self) -> str:
        return f"the body is longer than {self.limit:,} bytes"


class BodyTimeoutError(ServiceError):
    """The body of a request did not arrive within `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds

    def __str__(self) -> str:
        return f"the body did not arrive within {self.seconds:g} s"


class NoTaskError(ServiceError):
    """No task can be claimed now."""

    def __str__(self) -> str:
        return "no task available"


class NoTickError(ServiceError):
    """No tick can be taken now."""

    def __str__(self) -> str:
        return "no tick is due"


class NotRunningError(ServiceError):
    """A result came without a token for a task that does not run."""

    def __init__(self, task_id: UUID, state: str) -> None:
        super().__init__(task_id, state)
        self.task_id = task_id
        self.state = state

    def __str__(self) -> str:
        return f"task {self.task_id}: is {self.state}, there is nothing to settle"


class ServerUnavailableError(ServiceError):
    """A client cannot reach the HTTP service, or the connection broke.

    Attributes:
        problem: What happened, in words.
        outcome_unknown: True when the request may have been sent: what it asked for may or may
            not have been done.
    """

    def __init__(self, problem: str, outcome_unknown: bool = False) -> None:  # noqa: FBT001,FBT002 - pickled by position
        super().__init__(problem, outcome_unknown)
        self.problem = problem
        self.outcome_unknown = outcome_unknown

    def __str__(self) -> str:
        return self.problem


class UnexpectedAnswerError(ServiceError):
    """A client was answered with something that it does not know.

    Attributes:
        status: The HTTP status.
        reason: What was answered, in words.
    """

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(status, reason)
        self.status = status
        self.reason = reason

    def __str__(self) -> str:
        return f"the server answered {self.status}: {self.reason}"
