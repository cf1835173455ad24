"""Routes of workers: claiming a task, keeping it, ending it."""

from __future__ import annotations

from typing import Final

from rowlock.errors import (
    InvalidValueError,
    LeaseLostError,
    NoTaskError,
    NotRunningError,
    OverloadedError,
    PayloadError,
    QueueNotFoundError,
    TaskNotFoundError,
)
from rowlock.model.tokens import Scope
from rowlock.wire.bodies.work import HeartbeatBody, LogBody, ProgressBody, ReleaseBody, SettleBody
from rowlock.wire.documents.common import DoneDocument
from rowlock.wire.documents.tasks import TaskDocument
from rowlock.wire.documents.work import ClaimDocument, HeartbeatDocument, WorkDocument
from rowlock.wire.routes.table import KEY_OF_CLAIM, QUEUE_AS_TASK, TASK, Parameter, route

_HELD = (TaskNotFoundError, LeaseLostError, InvalidValueError)
_CLAIMING = (
    Parameter("worker", "Who takes it, for people.", required=True),
    Parameter("lease", "How long the claim holds: seconds, or `1h30m`."),
    Parameter("wait", "How long to wait if there is no task; not at all if left out."),
)
_CLAIM_ERRORS = (NoTaskError, QueueNotFoundError, InvalidValueError, OverloadedError)

WORK: Final = (
    route("GET", "/work", "find_work", Scope.TASKS_WORK,
          summary="Look, or wait, for tasks that can be claimed; nothing is claimed.",
          response=WorkDocument, errors=(InvalidValueError, OverloadedError),
          queries=(
              Parameter("queue", "Only in these.", repeated=True),
              Parameter("definition", "Only of these.", repeated=True),
              Parameter("wait", "How long to wait if there is none; not at all if left out."),
          )),
    route("PUT", "/task", "claim_any", Scope.TASKS_WORK,
          summary="Claim the best task of any queue, or of those named.",
          response=ClaimDocument, status=201, errors=_CLAIM_ERRORS, key=KEY_OF_CLAIM,
          gives=((TASK, "id"),),
          queries=(*_CLAIMING, Parameter("queue", "Only from these.", repeated=True))),
    route("PUT", "/task/{task}", "claim_from", Scope.TASKS_WORK,
          summary="Claim the best task of a queue.", parameters=(QUEUE_AS_TASK,),
          response=ClaimDocument, status=201, errors=_CLAIM_ERRORS, queries=_CLAIMING,
          key=KEY_OF_CLAIM, gives=((TASK, "id"),)),
    route("PATCH", "/task/{task}", "settle", Scope.TASKS_WORK,
          summary="End an attempt: it succeeded, it failed, or whatever else became of it.",
          parameters=(TASK,), request=SettleBody, response=TaskDocument,
          status=201, errors=(*_HELD, PayloadError, NotRunningError)),
    route("POST", "/task/{task}/heartbeat", "heartbeat", Scope.TASKS_WORK,
          summary="Extend a claim from now on.", parameters=(TASK,),
          request=HeartbeatBody, response=HeartbeatDocument, errors=_HELD),
    route("POST", "/task/{task}/progress", "report_progress", Scope.TASKS_WORK,
          summary="Record how far an attempt is; it is no heartbeat.", parameters=(TASK,),
          request=ProgressBody, response=DoneDocument, errors=_HELD),
    route("POST", "/task/{task}/log", "add_log", Scope.TASKS_WORK,
          summary="Keep log lines with a task; it is no heartbeat.", parameters=(TASK,),
          request=LogBody, response=DoneDocument, errors=_HELD),
    route("POST", "/task/{task}/release", "release", Scope.TASKS_WORK,
          summary="Give a claimed task back; the attempt does not count.", parameters=(TASK,),
          request=ReleaseBody, response=TaskDocument, errors=_HELD),
)  # fmt: skip
