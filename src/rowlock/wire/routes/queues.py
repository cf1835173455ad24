"""Routes about namespaces and queues."""

from __future__ import annotations

from typing import Final

from rowlock.errors import (
    DuplicateQueueError,
    InvalidValueError,
    QueueBusyError,
    QueueNotFoundError,
)
from rowlock.model.tokens import Scope
from rowlock.wire.bodies.queues import NewQueueBody, PauseQueueBody, PolicyBody
from rowlock.wire.bodies.steering import ReasonBody
from rowlock.wire.documents.observing import QueueCountsDocument
from rowlock.wire.documents.queues import (
    DeletedQueueDocument,
    NamespaceList,
    QueueDocument,
    QueueList,
)
from rowlock.wire.routes.table import (
    LIMIT,
    OFFSET,
    QUEUE,
    QUEUE_AS_TASK,
    REASON,
    Parameter,
    route,
)

QUEUES: Final = (
    route("GET", "/namespace", "list_namespaces", Scope.QUEUES_READ,
          summary="List namespaces; those that the token is good for.",
          response=NamespaceList),
    route("GET", "/queue", "list_queues", Scope.QUEUES_READ, summary="List queues by name.",
          response=QueueList, queries=(OFFSET, LIMIT), errors=(InvalidValueError,)),
    route("POST", "/queue", "create_queue", Scope.QUEUES_WRITE, summary="Create a queue.",
          request=NewQueueBody, response=QueueDocument, status=201,
          gives=((QUEUE, "name"), (QUEUE_AS_TASK, "name")),
          errors=(InvalidValueError, DuplicateQueueError)),
    route("GET", "/queue/{queue}", "get_queue", Scope.QUEUES_READ, summary="Show a queue.",
          parameters=(QUEUE,), response=QueueDocument,
          errors=(InvalidValueError, QueueNotFoundError)),
    route("PATCH", "/queue/{queue}", "change_queue", Scope.QUEUES_WRITE,
          summary="Change what is given of a queue's policy.", parameters=(QUEUE,),
          request=PolicyBody, response=QueueDocument,
          errors=(InvalidValueError, QueueNotFoundError)),
    route("DELETE", "/queue/{queue}", "delete_queue", Scope.QUEUES_WRITE,
          summary="Delete a queue and all of its tasks, finished ones too.",
          also=(Scope.TASKS_WRITE,), parameters=(QUEUE,),
          queries=(Parameter("force", "Also if tasks of it run.", bool), REASON),
          response=DeletedQueueDocument,
          errors=(InvalidValueError, QueueNotFoundError, QueueBusyError)),
    route("GET", "/queue/{queue}/count", "count_queue", Scope.QUEUES_READ,
          summary="Count a queue's tasks by state.", parameters=(QUEUE,),
          response=QueueCountsDocument, errors=(InvalidValueError, QueueNotFoundError)),
    route("POST", "/queue/{queue}/pause", "pause_queue", Scope.QUEUES_WRITE,
          summary="Let nothing more be claimed from a queue; running tasks go on.",
          parameters=(QUEUE,), request=PauseQueueBody, body_needed=False,
          response=QueueDocument, errors=(InvalidValueError, QueueNotFoundError)),
    route("POST", "/queue/{queue}/resume", "resume_queue", Scope.QUEUES_WRITE,
          summary="Let tasks be claimed from a paused queue again.", parameters=(QUEUE,),
          request=ReasonBody, body_needed=False, response=QueueDocument,
          errors=(InvalidValueError, QueueNotFoundError)),
)  # fmt: skip
