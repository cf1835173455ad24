"""Between what the service says and what the runtime works with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

import msgspec

from rowlock.app.holding_flows import LEVELS
from rowlock.backoff import Backoff, RetryPolicy
from rowlock.model import json_text
from rowlock.model.ends import Ending
from rowlock.model.failures import failure_from_text
from rowlock.model.ids import checked_token, task_id_from_text
from rowlock.model.names import definition_key
from rowlock.model.queues import Queue, QueuePolicy
from rowlock.model.states import TaskState
from rowlock.model.tasks import Claim, Finish, Outcome, Report
from rowlock.runtime.ends import End
from rowlock.storage.values import options_to_text
from rowlock.wire.bodies.batches import HeldEndBody, ReportBody
from rowlock.wire.bodies.work import FailureBody, LogLineBody
from rowlock.wire.documents.common import RetryDocument
from rowlock.wire.documents.queues import QueueDocument
from rowlock.wire.documents.work import ClaimDocument

T = TypeVar("T")

MAX_SENT = 1_000
# What servers take of one body unless told otherwise is twice that.
MAX_SENT_BYTES = 512 * 1024


def queue_from(document: QueueDocument) -> Queue:
    """Return a queue, as far as a worker needs to know it."""
    policy = QueuePolicy(
        lease=timedelta(seconds=document.lease_seconds),
        timeout=_duration(document.timeout_seconds),
        retry=_retry(document.retry),
    )
    return Queue(namespace=document.namespace, name=document.name, policy=policy)


def claim_from(document: ClaimDocument) -> Claim:
    """Return a claim."""
    retry = None if document.retry is None else _retry(document.retry)
    options = options_to_text(timeout=_duration(document.timeout_seconds), retry=retry)
    alias = document.definition
    return Claim(
        id=task_id_from_text(document.id),
        token=checked_token(document.token),
        queue=document.queue,
        definition=None if alias is None else definition_key(alias),
        payload=json_text.encode("payload", document.payload),
        attempt=document.attempt,
        crashes=document.crashes,
        max_attempts=document.max_attempts,
        max_crashes=document.max_crashes,
        priority=-document.priority,
        run_at=document.run_at,
        created_at=document.created_at,
        started_at=document.started_at,
        lease_until=document.lease_until,
        expires_at=document.expires_at,
        cancel_requested=document.cancel_requested,
        unique_key=document.unique_key,
        tags=json_text.encode("tags", document.tags) if document.tags else None,
        options=options,
    )


def _duration(seconds: float | None) -> timedelta | None:
    return None if seconds is None else timedelta(seconds=seconds)


def _retry(document: RetryDocument) -> RetryPolicy:
    return RetryPolicy(
        backoff=Backoff(document.backoff),
        base=timedelta(seconds=document.base_seconds),
        cap=timedelta(seconds=document.cap_seconds),
        jitter=document.jitter,
    )


def body_of_end(end: End) -> HeldEndBody:
    """Return an end as the service takes it."""
    body = HeldEndBody(id=str(end.id), token=str(end.token), error=_failure(end.error))
    if isinstance(end, Finish):
        body.outcome = end.state.value  # type: ignore[assignment] # pyright: ignore[reportAttributeAccessIssue] - one of the three
        body.reason = end.reason
        body.retry = end.state is not TaskState.FAILED
        if end.result is not None:
            body.result = msgspec.Raw(end.result.encode())
        return body
    if end.outcome is Outcome.HANDED_BACK:
        body.outcome = Ending.HANDED_BACK.value
        return body
    snoozed = end.outcome is Outcome.SNOOZED
    body.outcome = Ending.SNOOZED.value if snoozed else Ending.FAILED.value
    body.delay = 0 if end.delay is None else end.delay.total_seconds()
    return body


def _failure(text: str | None) -> FailureBody | None:
    failure = failure_from_text(text)
    if failure is None:
        return None
    return FailureBody(
        type=failure.type,
        message=failure.message,
        traceback=failure.traceback,
        detail=failure.detail,
    )


def body_of_report(report: Report) -> ReportBody:
    """Return progress and log lines as the service takes them."""
    lines: list[list[Any]] = [] if report.log is None else json_text.decode(report.log)
    return ReportBody(
        id=str(report.id),
        token=str(report.token),
        percent=report.progress,
        message=report.message,
        lines=[_line(*line) for line in lines],
    )


def _line(at: str, level: str, message: str) -> LogLineBody:
    # Programs may make levels of their own.
    known = level if level in LEVELS else "INFO"
    return LogLineBody(message, known, datetime.fromisoformat(at))


def in_batches(bodies: Sequence[T]) -> Iterator[list[T]]:
    """Yield bodies in batches that a server takes; one that is too long comes alone."""
    batch: list[T] = []
    size = 0
    for body in bodies:
        length = len(msgspec.json.encode(body))
        if batch and (len(batch) == MAX_SENT or size + length > MAX_SENT_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(body)
        size += length
    if batch:
        yield batch
