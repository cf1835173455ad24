"""Routes about schedules: planning, looking ahead, looking back."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from rowlock.errors import (
    DefinitionClosedError,
    DuplicateScheduleError,
    DuplicateTaskError,
    InvalidValueError,
    PayloadError,
    QueueNotFoundError,
    ScheduleNotFoundError,
    UnknownDefinitionError,
)
from rowlock.model.tokens import Scope
from rowlock.wire.bodies.schedules import (
    BackfillBody,
    DeclarationsBody,
    ExplainBody,
    NewScheduleBody,
    ScheduleBody,
)
from rowlock.wire.bodies.steering import ReasonBody
from rowlock.wire.documents.schedules import (
    BackfillDocument,
    ExplanationDocument,
    FiringList,
    OccurrenceList,
    ScheduleDocument,
    ScheduleList,
    SyncDocument,
)
from rowlock.wire.documents.tasks import TaskDocument
from rowlock.wire.routes.table import LIMIT, OFFSET, REASON, Parameter, route

MAX_OCCURRENCES: Final = 1_000
"""How many are computed for one request."""

SCHEDULE: Final = Parameter("schedule", "The schedule's name or id.")
_ENQUEUES = (Scope.TASKS_ENQUEUE,)
"""Whoever says what a schedule fires stores tasks by it."""

_FOUND = (InvalidValueError, ScheduleNotFoundError)
_RUNS = (UnknownDefinitionError, DefinitionClosedError)
_SAID = (PayloadError, QueueNotFoundError, *_RUNS)
_LIST_QUERIES = (
    Parameter("name", "Only with this in their name."),
    Parameter("status", "Only in this status."),
    Parameter("definition", "Only of this definition."),
    Parameter("queue", "Only those that name this queue."),
    Parameter("declared", "Only those that code declares, or does not.", bool),
    Parameter("include_deleted", "Also deleted ones.", bool),
    Parameter("order", "`name`, `created`, `-name`, `-created`, or `next`."),
    OFFSET,
    LIMIT,
)

SCHEDULES: Final = (
    route("GET", "/schedule", "list_schedules", Scope.SCHEDULES_READ, summary="List schedules.",
          response=ScheduleList, queries=_LIST_QUERIES, errors=(InvalidValueError,)),
    route("POST", "/schedule", "create_schedule", Scope.SCHEDULES_WRITE, also=_ENQUEUES,
          summary="Create a schedule.", request=NewScheduleBody, response=ScheduleDocument,
          status=201, gives=((SCHEDULE, "id"),),
          errors=(InvalidValueError, DuplicateScheduleError, *_SAID)),
    route("GET", "/schedule/{schedule}", "get_schedule", Scope.SCHEDULES_READ,
          summary="Show a schedule.", parameters=(SCHEDULE,), response=ScheduleDocument,
          errors=_FOUND),
    route("PATCH", "/schedule/{schedule}", "update_schedule", Scope.SCHEDULES_WRITE,
          also=_ENQUEUES, summary="Change what is given of a schedule; a new rule counts from "
          "now on.", parameters=(SCHEDULE,), request=ScheduleBody, response=ScheduleDocument,
          errors=(*_FOUND, *_SAID)),
    route("DELETE", "/schedule/{schedule}", "delete_schedule", Scope.SCHEDULES_WRITE,
          summary="Delete a schedule; its tasks are left alone. Answers with it as it was.",
          parameters=(SCHEDULE,), response=ScheduleDocument, errors=_FOUND,
          queries=(Parameter("hard", "For good: it cannot be restored.", bool), REASON)),
    route("POST", "/schedule/{schedule}/restore", "restore_schedule", Scope.SCHEDULES_WRITE,
          summary="Bring a deleted schedule back; one that was active is paused.",
          parameters=(SCHEDULE,), request=ReasonBody, body_needed=False, response=ScheduleDocument,
          errors=_FOUND),
    route("POST", "/schedule/{schedule}/pause", "pause_schedule", Scope.SCHEDULES_WRITE,
          summary="Let a schedule fire no more until it is resumed.", parameters=(SCHEDULE,),
          request=ReasonBody, body_needed=False, response=ScheduleDocument, errors=_FOUND),
    route("POST", "/schedule/{schedule}/resume", "resume_schedule", Scope.SCHEDULES_WRITE,
          summary="Let a schedule fire from now on.", parameters=(SCHEDULE,), request=ReasonBody,
          body_needed=False, response=ScheduleDocument, errors=_FOUND),
    route("POST", "/schedule/{schedule}/run", "run_schedule", Scope.SCHEDULES_WRITE,
          also=_ENQUEUES, summary="Store one task of a schedule now; it goes on as planned.",
          parameters=(SCHEDULE,), request=ReasonBody, body_needed=False, response=TaskDocument,
          status=201, errors=(*_FOUND, *_RUNS, DuplicateTaskError)),
    route("POST", "/schedule/{schedule}/backfill", "backfill_schedule", Scope.SCHEDULES_WRITE,
          also=_ENQUEUES, summary="Store tasks for the first 1,000 occurrences of a past "
          "range that were not fired.",
          parameters=(SCHEDULE,), request=BackfillBody, response=BackfillDocument,
          errors=(*_FOUND, *_RUNS)),
    route("GET", "/schedule/{schedule}/occurrence", "simulate_schedule", Scope.SCHEDULES_READ,
          summary="List what a schedule would fire, without firing it.", parameters=(SCHEDULE,),
          response=OccurrenceList, errors=_FOUND,
          queries=(Parameter("start", "Since then; now if not given.", datetime),
                   Parameter("end", "Until then; a year later if not given.", datetime),
                   Parameter("limit", "At most this many, up to 1,000; 100 if not given.", int))),
    route("GET", "/schedule/{schedule}/firing", "list_firings", Scope.SCHEDULES_READ,
          summary="List what became of a schedule's occurrences, the last ones first.",
          parameters=(SCHEDULE,), response=FiringList, errors=_FOUND,
          queries=(Parameter("before", "Only occurrences before this time: the next page.",
                             datetime), LIMIT)),
    route("POST", "/declaration", "declare_schedules", Scope.SCHEDULES_WRITE, also=_ENQUEUES,
          summary="Store what code declares now and did not the last time.",
          request=DeclarationsBody, response=SyncDocument, errors=(InvalidValueError,)),
    route("POST", "/recurrence", "explain_rule", Scope.SCHEDULES_READ,
          summary="Say what a rule means and when it happens; nothing is stored.",
          request=ExplainBody, response=ExplanationDocument, errors=(InvalidValueError,)),
)  # fmt: skip
