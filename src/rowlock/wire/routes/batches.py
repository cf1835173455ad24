"""Routes about many tasks at once.

Their addresses are not below `/task`: what stands there is an id, or the name of any queue.
"""

from __future__ import annotations

from typing import Final

from rowlock.errors import (
    DefinitionClosedError,
    DuplicateTaskError,
    IdConflictError,
    InvalidValueError,
    OverloadedError,
    PayloadError,
    QueueNotFoundError,
    UnknownDefinitionError,
)
from rowlock.model.tokens import Scope
from rowlock.wire.bodies.batches import (
    BatchBody,
    ClaimBody,
    HeartbeatManyBody,
    ReportManyBody,
    SettleManyBody,
)
from rowlock.wire.documents.batches import (
    BatchDocument,
    ClaimList,
    PulseList,
    ReceiptList,
    VerdictList,
)
from rowlock.wire.routes.table import KEY_OF_CLAIM, KEY_OF_IDS, route

EXTENDED: Final = 200
RECORDED: Final = 200
SETTLED: Final = 201
"""What settling answers; the verdicts of many say the same of each."""

BATCHES: Final = (
    route("POST", "/enqueue", "enqueue_many", Scope.TASKS_ENQUEUE,
          summary="Store up to 1,000 tasks, all or none, in one transaction.",
          request=BatchBody, response=BatchDocument, status=201, key=KEY_OF_IDS,
          errors=(InvalidValueError, PayloadError, QueueNotFoundError, UnknownDefinitionError,
                  DefinitionClosedError, DuplicateTaskError, IdConflictError)),
    route("POST", "/claim", "claim_many", Scope.TASKS_WORK,
          summary="Claim up to 1,000 tasks of any queue, or of those named, best first.",
          request=ClaimBody, response=ClaimList, key=KEY_OF_CLAIM,
          errors=(InvalidValueError, QueueNotFoundError, OverloadedError)),
    route("POST", "/settle", "settle_many", Scope.TASKS_WORK,
          summary="End up to 1,000 attempts; one that is refused leaves the others alone.",
          request=SettleManyBody, response=VerdictList, errors=(InvalidValueError,)),
    route("POST", "/heartbeat", "heartbeat_many", Scope.TASKS_WORK,
          summary="Extend up to 1,000 claims from now on.",
          request=HeartbeatManyBody, response=PulseList, errors=(InvalidValueError,)),
    route("POST", "/report", "report_many", Scope.TASKS_WORK,
          summary="Record progress and log lines of up to 1,000 attempts; it is no heartbeat.",
          request=ReportManyBody, response=ReceiptList, errors=(InvalidValueError,)),
)  # fmt: skip
