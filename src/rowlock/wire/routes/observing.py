"""Routes for those who watch."""

from __future__ import annotations

from typing import Final

from rowlock.errors import InvalidValueError, QueueNotFoundError
from rowlock.model.tokens import Scope
from rowlock.wire.documents.observing import (
    AuditList,
    ScaleDocument,
    StatsDocument,
    WorkerList,
)
from rowlock.wire.routes.table import LIMIT, OFFSET, Parameter, route

_FOUND = (InvalidValueError, QueueNotFoundError)

OBSERVING: Final = (
    route("GET", "/metrics", "metrics", Scope.METRICS_READ,
          summary="Metrics for Prometheus, as its text format has them.", response=None,
          text=True),
    route("GET", "/stats", "stats", Scope.METRICS_READ,
          summary="Count tasks by queue and state, and tell what was done of late.",
          response=StatsDocument, errors=_FOUND,
          queries=(Parameter("window", "How far back: seconds, or `1h30m`; 1 h if not given, 0 to "
                             "count alone."),
                   Parameter("queue", "Only of this queue."))),
    route("GET", "/scale", "scale", Scope.METRICS_READ,
          summary="Tell an autoscaler how many workers could be used.", response=ScaleDocument,
          errors=_FOUND,
          queries=(Parameter("queue", "Only of these.", repeated=True),
                   Parameter("tasks_per_worker", "How many tasks a worker runs at once; 10 if not "
                             "given.", int),
                   Parameter("within", "Also what is due within this time: seconds, or `30s`; 0 "
                             "if not given."))),
    route("GET", "/workers", "list_workers", Scope.METRICS_READ,
          summary="List the workers that run a task now; of one that waits for tasks nobody knows.",
          response=WorkerList, errors=(InvalidValueError,), queries=(OFFSET, LIMIT)),
    route("GET", "/audit", "list_audit", Scope.ADMIN,
          summary="List who changed what and why, newest first.", response=AuditList,
          errors=(InvalidValueError,),
          queries=(Parameter("actor", "Only what they did."),
                   Parameter("action", "Only this: retry, cancel, pause …"),
                   Parameter("target", "Only of this task, queue or operation."),
                   Parameter("before", "Only older than this entry: the next page."), LIMIT)),
)  # fmt: skip
