"""The routes about batches, as methods of a client.

Written by `python -m tests.docs.client_routes`; do not edit.
"""

from __future__ import annotations

from uuid import UUID

from rowlock.client.calls import Call, fields, key_of
from rowlock.client.sending import AsyncSender
from rowlock.wire.bodies.batches import ClaimKeyBody, HeldEndBody, ReportBody
from rowlock.wire.bodies.common import Duration
from rowlock.wire.bodies.tasks import NewTaskBody
from rowlock.wire.documents.batches import (
    BatchDocument,
    ClaimList,
    PulseList,
    ReceiptList,
    VerdictList,
)

# fmt: off


class BatchesRoutes(AsyncSender):
    """The routes about batches, as methods of a client."""

    async def enqueue_many(
        self, *, tasks: list[NewTaskBody], idempotency_key: UUID | str | None = None,
    ) -> BatchDocument:
        """Store up to 1,000 tasks, all or none, in one transaction.

        `POST /api/v1/enqueue`, whose body is a `BatchBody`.

        Raises:
            InvalidValueError: A value was refused at the door; nothing was stored.
            PayloadError: Arguments, a payload or a result cannot be stored, or do not fit the
                signature.
            QueueNotFoundError: The namespace has no queue of that name.
            UnknownDefinitionError: Nothing is known under that alias, neither in this process nor
                in the database.
            DefinitionClosedError: The definition takes no new tasks.
            DuplicateTaskError: A live task already holds the unique key; `task_id` is the holder's.
            IdConflictError: The given id belongs to another task; nothing is told about that one.
        """
        return await self._send(Call(
            method="POST",
            path="/api/v1/enqueue",
            answer=BatchDocument,
            body=fields(tasks=tasks),
            key=key_of(idempotency_key),
        ))

    async def claim_many(
        self, *, worker: str, queues: list[str] | None = None, definitions: list[str] | None = None,
        limit: int = 1, lease: Duration | None = None, wait: Duration | None = None,
        idempotency_key: UUID | str | None = None,
    ) -> ClaimList:
        """Claim up to 1,000 tasks of any queue, or of those named, best first.

        `POST /api/v1/claim`, whose body is a `ClaimBody`.

        Raises:
            InvalidValueError: A value was refused at the door; nothing was stored.
            QueueNotFoundError: The namespace has no queue of that name.
            OverloadedError: The service has no room for a request; `retry_after` is how many
                seconds to wait.
        """
        return await self._send(Call(
            method="POST",
            path="/api/v1/claim",
            answer=ClaimList,
            body=fields(
                worker=worker, queues=queues, definitions=definitions, limit=limit, lease=lease,
                wait=wait,
            ),
            key=key_of(idempotency_key),
        ))

    async def settle_many(self, *, ends: list[HeldEndBody]) -> VerdictList:
        """End up to 1,000 attempts; one that is refused leaves the others alone.

        `POST /api/v1/settle`, whose body is a `SettleManyBody`.

        Raises:
            InvalidValueError: A value was refused at the door; nothing was stored.
        """
        return await self._send(Call(
            method="POST",
            path="/api/v1/settle",
            answer=VerdictList,
            body=fields(ends=ends),
        ))

    async def heartbeat_many(
        self, *, claims: list[ClaimKeyBody], lease: Duration | None = None,
    ) -> PulseList:
        """Extend up to 1,000 claims from now on.

        `POST /api/v1/heartbeat`, whose body is a `HeartbeatManyBody`.

        Raises:
            InvalidValueError: A value was refused at the door; nothing was stored.
        """
        return await self._send(Call(
            method="POST",
            path="/api/v1/heartbeat",
            answer=PulseList,
            body=fields(claims=claims, lease=lease),
        ))

    async def report_many(self, *, reports: list[ReportBody]) -> ReceiptList:
        """Record progress and log lines of up to 1,000 attempts; it is no heartbeat.

        `POST /api/v1/report`, whose body is a `ReportManyBody`.

        Raises:
            InvalidValueError: A value was refused at the door; nothing was stored.
        """
        return await self._send(Call(
            method="POST",
            path="/api/v1/report",
            answer=ReceiptList,
            body=fields(reports=reports),
        ))
