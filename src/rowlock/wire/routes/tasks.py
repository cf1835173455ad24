"""Routes about tasks: storing them, looking at them, steering them."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from rowlock.errors import (
    DefinitionClosedError,
    DuplicateTaskError,
    IdConflictError,
    InvalidValueError,
    PayloadError,
    QueueNotFoundError,
    TaskConflictError,
    TaskNotFoundError,
    UnknownDefinitionError,
)
from rowlock.model.tokens import Scope
from rowlock.wire.bodies.tasks import CancelBody, NewTaskBody, RetryTaskBody
from rowlock.wire.documents.tasks import (
    CanceledDocument,
    StuckList,
    TaskDocument,
    TaskList,
)
from rowlock.wire.routes.table import COUNT, KEY_OF_IDS, LIMIT, OFFSET, TASK, Parameter, route

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
    Parameter("error", "Only with this text in the last error; needs `payload:read`."),
    Parameter(
        "arguments",
        "Only with these values at keys of the payload, as a JSON object; needs `payload:read`.",
    ),
    *_RANGES,
    Parameter("include_deleted", "Also deleted ones.", bool),
    Parameter(
        "order",
        "`id`, newest first; `finished_at`, the last to finish first; or `run_at`, "
        "the first due first.",
    ),
    Parameter("before", "Only those that come after this task in that order: the next page."),
    Parameter(COUNT, "Whether to count all that fit; if not given, unless `before` is.", bool),
    OFFSET,
    LIMIT,
)
_STUCK_QUERIES = (
    Parameter("longer_than", "Since the attempt started: seconds, or `1h30m`; 1 h if not given."),
    Parameter("limit", "At most this many, 1 to 1,000; 100 if not given.", int),
)
_TIMEOUT = Parameter("timeout", "Seconds, or `1m`; 30 s if not given, at most 60 s.")
TASKS: Final = (
    route("GET", "/task", "list_tasks", Scope.TASKS_READ, summary="List tasks, newest first.",
          response=TaskList, queries=_TASK_QUERIES, errors=(InvalidValueError,)),
    route("GET", "/stuck", "list_stuck", Scope.TASKS_READ,
          summary="List what runs for too long, and what lost its worker.",
          response=StuckList, queries=_STUCK_QUERIES, errors=(InvalidValueError,)),
    route("POST", "/task", "create_task", Scope.TASKS_ENQUEUE, summary="Store a task.",
          request=NewTaskBody, response=TaskDocument, status=201, key=KEY_OF_IDS,
          gives=((TASK, "id"),),
          errors=(InvalidValueError, PayloadError, QueueNotFoundError, UnknownDefinitionError,
                  DefinitionClosedError, DuplicateTaskError, IdConflictError)),
    route("GET", "/task/{task}", "get_task", Scope.TASKS_READ, summary="Show a task.",
          parameters=(TASK,), response=TaskDocument,
          errors=(InvalidValueError, TaskNotFoundError)),
    route("GET", "/task/{task}/wait", "wait", Scope.TASKS_READ,
          summary="Show a task once it is finished, or as it is when the time is up.",
          parameters=(TASK,), response=TaskDocument, queries=(_TIMEOUT,),
          errors=(InvalidValueError, TaskNotFoundError)),
    route("POST", "/task/{task}/cancel", "cancel", Scope.TASKS_CANCEL,
          summary="Cancel a task: at once while it waits, by asking its worker while it runs.",
          parameters=(TASK,), request=CancelBody, body_needed=False,
          response=CanceledDocument,
          errors=(InvalidValueError, TaskNotFoundError, TaskConflictError)),
    route("POST", "/task/{task}/retry", "retry", Scope.TASKS_RETRY,
          summary="Run a finished task again under its id.", parameters=(TASK,),
          request=RetryTaskBody, body_needed=False, response=TaskDocument,
          errors=(InvalidValueError, TaskNotFoundError, TaskConflictError, DuplicateTaskError)),
)  # fmt: skip
