"""Routes that change a task which is there, and show what became of it."""

from __future__ import annotations

from typing import Final

from rowlock.errors import (
    DefinitionClosedError,
    DuplicateTaskError,
    InvalidValueError,
    PayloadError,
    QueueNotFoundError,
    TaskConflictError,
    TaskNotFoundError,
    UnknownDefinitionError,
)
from rowlock.model.tokens import Scope
from rowlock.wire.bodies.steering import EditBody, PauseBody, ReasonBody, RequeueBody
from rowlock.wire.documents.common import DoneDocument
from rowlock.wire.documents.tasks import AttemptList, LogLineList, TaskDocument
from rowlock.wire.routes.table import LIMIT, OFFSET, REASON, TASK, Parameter, route

_FOUND = (InvalidValueError, TaskNotFoundError)
_CHANGED = (*_FOUND, TaskConflictError)

STEERING: Final = (
    route("GET", "/task/{task}/attempt", "list_attempts", Scope.TASKS_READ,
          summary="List the runs of a task, oldest first.", parameters=(TASK,),
          queries=(OFFSET, LIMIT), response=AttemptList, errors=_FOUND),
    route("GET", "/task/{task}/log", "get_log", Scope.TASKS_READ,
          summary="List the lines that a task's handler logged, oldest first.",
          parameters=(TASK,), queries=(OFFSET, LIMIT), response=LogLineList, errors=_FOUND),
    route("POST", "/task/{task}/requeue", "requeue", Scope.TASKS_WRITE,
          summary="Store a new task like another one, which stays as it is.",
          parameters=(TASK,), request=RequeueBody, body_needed=False, response=TaskDocument,
          status=201, gives=((TASK, "id"),),
          errors=(*_FOUND, PayloadError, QueueNotFoundError, UnknownDefinitionError,
                  DefinitionClosedError, DuplicateTaskError)),
    route("POST", "/task/{task}/edit", "edit", Scope.TASKS_WRITE,
          summary="Change what is given of a task that waits.", parameters=(TASK,),
          request=EditBody, response=TaskDocument,
          errors=(*_CHANGED, PayloadError, UnknownDefinitionError, DuplicateTaskError)),
    route("POST", "/task/{task}/pause", "pause", Scope.TASKS_WRITE,
          summary="Hold a waiting task back; its lifetime goes on.", parameters=(TASK,),
          request=PauseBody, body_needed=False, response=TaskDocument, errors=_CHANGED),
    route("POST", "/task/{task}/resume", "resume", Scope.TASKS_WRITE,
          summary="Let a paused task wait again.", parameters=(TASK,), request=ReasonBody,
          body_needed=False, response=TaskDocument, errors=_CHANGED),
    route("DELETE", "/task/{task}", "delete", Scope.TASKS_WRITE,
          summary="Hide a task from every list; one that waits is canceled.",
          parameters=(TASK,), response=TaskDocument, errors=_CHANGED,
          queries=(Parameter("force", "Also one that runs.", bool),
                   REASON)),
    route("POST", "/task/{task}/restore", "restore", Scope.TASKS_WRITE,
          summary="Show a deleted task again.", parameters=(TASK,), request=ReasonBody,
          body_needed=False, response=TaskDocument, errors=_CHANGED),
    route("POST", "/task/{task}/purge", "purge", Scope.TASKS_WRITE,
          summary="Remove a finished or deleted task for good, with its runs and its log.",
          parameters=(TASK,), request=ReasonBody, body_needed=False, response=DoneDocument,
          errors=_CHANGED),
)  # fmt: skip
