"""The route table: every route of the HTTP service, and all that is to be known of it.

The service binds a handler to each by its name; the OpenAPI document and what is written about
the service come from here. There is no second list.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from msgspec import Struct

from rowlock.errors import (
    ConfigError,
    DefinitionClosedError,
    DuplicateQueueError,
    DuplicateTaskError,
    IdConflictError,
    InvalidValueError,
    LeaseLostError,
    NoTaskError,
    NotRunningError,
    PayloadError,
    QueueNotFoundError,
    RowlockError,
    TaskConflictError,
    TaskNotFoundError,
    UnknownDefinitionError,
)
from rowlock.model.tokens import Scope
from rowlock.wire import documents as answers
from rowlock.wire import requests as bodies

PREFIX = "/api/v1"
MAX_PAGE = 100
DEFAULT_LEASE_SECONDS = 300.0


class Public:
    """Stands in place of a scope where everybody may ask."""


PUBLIC: Final = Public()


class Parameter(NamedTuple):
    """A parameter in the path, or after the `?`.

    Attributes:
        kind: What its text is read as: str, int, bool, datetime or UUID.
        repeated: Whether it may be given more than once.
    """

    name: str
    summary: str
    kind: type = str
    repeated: bool = False
    required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One method of one address.

    Attributes:
        name: What its handler is found by; unique.
        path: Below `/api/v1`, or below the root; `{…}` are parameters.
        scope: What a token needs for it; `PUBLIC` needs none.
        response: The type of its answer; None for plain text.
        request: The type of its body; None if it takes none.
        body_needed: Whether the body may be left out.
        parameters: Those of the path.
        queries: Those after the `?`.
        errors: What it raises besides what every route does.
        rooted: Whether it is at the root and not below `/api/v1`.
        idempotent: Whether it takes the header `Idempotency-Key`.
        gives: The path's parameters of other routes that its answer tells, and in which field.
    """

    name: str
    method: str
    path: str
    scope: Scope | Public
    summary: str
    response: type[Struct] | None
    status: int = 200
    request: type[Struct] | None = None
    body_needed: bool = True
    parameters: tuple[Parameter, ...] = ()
    queries: tuple[Parameter, ...] = ()
    errors: tuple[type[RowlockError], ...] = ()
    rooted: bool = False
    idempotent: bool = False
    gives: tuple[tuple[Parameter, str], ...] = ()

    def __post_init__(self) -> None:
        """Refuse what would be open to everybody by oversight, or undocumented."""
        if not isinstance(self.scope, (Scope, Public)):  # pyright: ignore[reportUnnecessaryIsInstance] - tables may be wrong
            raise ConfigError(f"route {self.name}: {self.scope!r} is no scope")
        if re.findall(r"{(\w+)}", self.path) != [one.name for one in self.parameters]:
            raise ConfigError(f"route {self.name}: its parameters are not those of {self.path}")


def _route(method: str, path: str, name: str, scope: Scope | Public, **more: Any) -> Route:
    return Route(name=name, method=method, path=path, scope=scope, **more)


_TASK = (Parameter("task", "The task's id.", UUID),)
_QUEUE = (Parameter("queue", "The queue's name."),)
_ANY_QUEUE = (Parameter("task", "The queue's name."),)
_HELD = (TaskNotFoundError, LeaseLostError, InvalidValueError)
_OFFSET = Parameter("offset", "How many to pass over.", int)
_LIMIT = Parameter("limit", "At most this many; 100 if not given, and at most.", int)
_CLAIMING = (
    Parameter("worker", "Who takes it, for people.", required=True),
    Parameter("lease", "How long the claim holds: seconds, or `1h30m`."),
)
_CLAIM_ERRORS = (NoTaskError, QueueNotFoundError, InvalidValueError)
_RANGES = tuple(
    Parameter(f"{name}_{side}", f"Only tasks {name} {side} this time.", datetime)
    for name in ("created", "started", "finished")
    for side in ("after", "before")
)
_TASK_QUERIES = (
    Parameter("queue", "Only of this queue."),
    Parameter("status", "Only in these states, in any spelling.", repeated=True),
    Parameter("state", "The same as `status`.", repeated=True),
    Parameter("definition", "Only of this definition."),
    Parameter("tag", "Only with all these tags.", repeated=True),
    Parameter("worker", "Only of this worker."),
    Parameter("unique_key", "Only with this key."),
    *_RANGES,
    Parameter("include_deleted", "Also deleted ones.", bool),
    Parameter("before", "Only those before this task: the next page."),
    _OFFSET,
    _LIMIT,
)

_HEALTH = (
    _route("GET", "/livez", "live", PUBLIC, summary="Whether the server runs.",
           response=None, rooted=True),
    _route("GET", "/readyz", "ready", PUBLIC, summary="Whether the database answers.",
           response=None, rooted=True),
    _route("GET", "/healthz", "healthy", PUBLIC, summary="The same as `/readyz`.",
           response=None, rooted=True),
)  # fmt: skip

_QUEUES = (
    _route("GET", "/namespace", "list_namespaces", Scope.QUEUES_READ,
           summary="List namespaces; those that the token is good for.",
           response=answers.NamespaceList),
    _route("GET", "/queue", "list_queues", Scope.QUEUES_READ, summary="List queues by name.",
           response=answers.QueueList, queries=(_OFFSET, _LIMIT), errors=(InvalidValueError,)),
    _route("POST", "/queue", "create_queue", Scope.QUEUES_WRITE, summary="Create a queue.",
           request=bodies.NewQueueBody, response=answers.QueueDocument, status=201,
           gives=((_QUEUE[0], "name"), (_ANY_QUEUE[0], "name")),
           errors=(InvalidValueError, DuplicateQueueError)),
    _route("GET", "/queue/{queue}", "get_queue", Scope.QUEUES_READ, summary="Show a queue.",
           parameters=_QUEUE, response=answers.QueueDocument,
           errors=(InvalidValueError, QueueNotFoundError)),
    _route("PATCH", "/queue/{queue}", "change_queue", Scope.QUEUES_WRITE,
           summary="Change what is given of a queue's policy.", parameters=_QUEUE,
           request=bodies.PolicyBody, response=answers.QueueDocument,
           errors=(InvalidValueError, QueueNotFoundError)),
)  # fmt: skip

_TASKS = (
    _route("GET", "/task", "list_tasks", Scope.TASKS_READ, summary="List tasks, newest first.",
           response=answers.TaskList, queries=_TASK_QUERIES, errors=(InvalidValueError,)),
    _route("POST", "/task", "create_task", Scope.TASKS_ENQUEUE, summary="Store a task.",
           request=bodies.NewTaskBody, response=answers.TaskDocument, status=201, idempotent=True,
           gives=((_TASK[0], "id"),),
           errors=(InvalidValueError, PayloadError, QueueNotFoundError, UnknownDefinitionError,
                   DefinitionClosedError, DuplicateTaskError, IdConflictError)),
    _route("PUT", "/task", "claim_any", Scope.TASKS_WORK,
           summary="Claim the best task of any queue, or of those named.",
           response=answers.ClaimDocument, status=201, errors=_CLAIM_ERRORS,
           gives=((_TASK[0], "id"),),
           queries=(*_CLAIMING, Parameter("queue", "Only from these.", repeated=True))),
    _route("PUT", "/task/{task}", "claim_from", Scope.TASKS_WORK,
           summary="Claim the best task of a queue.", parameters=_ANY_QUEUE,
           response=answers.ClaimDocument, status=201, errors=_CLAIM_ERRORS, queries=_CLAIMING,
           gives=((_TASK[0], "id"),)),
    _route("GET", "/task/{task}", "get_task", Scope.TASKS_READ, summary="Show a task.",
           parameters=_TASK, response=answers.TaskDocument,
           errors=(InvalidValueError, TaskNotFoundError)),
    _route("PATCH", "/task/{task}", "settle", Scope.TASKS_WORK,
           summary="End an attempt: it succeeded, or it failed and is tried again as its policy "
           "says.", parameters=_TASK, request=bodies.SettleBody, response=answers.TaskDocument,
           status=201, errors=(*_HELD, PayloadError, NotRunningError)),
    _route("POST", "/task/{task}/heartbeat", "heartbeat", Scope.TASKS_WORK,
           summary="Extend a claim from now on.", parameters=_TASK,
           request=bodies.HeartbeatBody, response=answers.HeartbeatDocument, errors=_HELD),
    _route("POST", "/task/{task}/progress", "report_progress", Scope.TASKS_WORK,
           summary="Record how far an attempt is; it is no heartbeat.", parameters=_TASK,
           request=bodies.ProgressBody, response=answers.DoneDocument, errors=_HELD),
    _route("POST", "/task/{task}/log", "add_log", Scope.TASKS_WORK,
           summary="Keep log lines with a task; it is no heartbeat.", parameters=_TASK,
           request=bodies.LogBody, response=answers.DoneDocument, errors=_HELD),
    _route("POST", "/task/{task}/release", "release", Scope.TASKS_WORK,
           summary="Give a claimed task back; the attempt does not count.", parameters=_TASK,
           request=bodies.ReleaseBody, response=answers.TaskDocument, errors=_HELD),
    _route("POST", "/task/{task}/cancel", "cancel", Scope.TASKS_CANCEL,
           summary="Cancel a task: at once while it waits, by asking its worker while it runs.",
           parameters=_TASK, request=bodies.CancelBody, body_needed=False,
           response=answers.CanceledDocument,
           errors=(InvalidValueError, TaskNotFoundError, TaskConflictError)),
    _route("POST", "/task/{task}/retry", "retry", Scope.TASKS_RETRY,
           summary="Run a finished task again under its id.", parameters=_TASK,
           request=bodies.RetryTaskBody, body_needed=False, response=answers.TaskDocument,
           errors=(InvalidValueError, TaskNotFoundError, TaskConflictError, DuplicateTaskError)),
)  # fmt: skip

_ABOUT = (
    _route("GET", "/openapi.json", "openapi", PUBLIC,
           summary="This document.", response=None),
)  # fmt: skip

ROUTES: tuple[Route, ...] = (*_QUEUES, *_TASKS, *_ABOUT, *_HEALTH)
