"""Routes that are streams of events."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from rowlock.errors import InvalidValueError, OverloadedError
from rowlock.model.tokens import Scope
from rowlock.wire.documents.events import (
    StatsEventDocument,
    TaskEventDocument,
    TasksEventDocument,
)
from rowlock.wire.routes.table import Parameter, route

LAST_EVENT_HEADER: Final = "Last-Event-ID"

EVENTS: Final = (
    route("GET", "/events", "watch_events", Scope.TASKS_READ,
          summary="Stream what becomes of tasks.", response=None,
          errors=(InvalidValueError, OverloadedError),
          events=(("task", TaskEventDocument), ("tasks", TasksEventDocument),
                  ("stats", StatsEventDocument)),
          queries=(Parameter("queue", "Only of these queues.", repeated=True),
                   Parameter("definition", "Only of these definitions.", repeated=True),
                   Parameter("task", "Only of these tasks, 20 at most.", UUID, repeated=True),
                   Parameter("stats", "Also how many tasks there are, once a second at most; "
                             "needs the scope `metrics:read`.", bool),
                   Parameter("last_event_id", "Go on after this event, as the header "
                             f"`{LAST_EVENT_HEADER}` does."))),
)  # fmt: skip
