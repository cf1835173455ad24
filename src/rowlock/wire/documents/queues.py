"""What the HTTP service answers about queues."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

from rowlock.wire.documents.common import RetryDocument


class QueueDocument(Struct, forbid_unknown_fields=True):
    """A queue with the policy that applies."""

    name: str
    queue: Annotated[str, Meta(description="The same as `name`.")]
    namespace: str
    paused: bool
    paused_until: datetime | None
    pause_reason: str | None
    max_attempts: int
    retries: Annotated[int, Meta(description="The same as `max_attempts`.")]
    max_crashes: int
    retry: RetryDocument
    retry_delay: Annotated[float, Meta(description="The base of `retry` in seconds.")]
    lease_seconds: float
    timeout_seconds: float | None
    lifetime_seconds: float | None
    ttl: Annotated[float | None, Meta(description="The same as `lifetime_seconds`.")]
    retention_seconds: float
    created_at: datetime | None


class DeletedQueueDocument(QueueDocument, forbid_unknown_fields=True):
    """A queue that was to be deleted, as it was; as it is, if it is still there."""

    deleted: Annotated[
        bool,
        Meta(description="Whether it is gone; if not, what is left goes in the background."),
    ]


class NamespaceList(Struct, forbid_unknown_fields=True):
    """Namespaces that have queues."""

    count: int
    body: list[str]


class QueueList(Struct, forbid_unknown_fields=True):
    """A page of queues by name; `count` is that of all."""

    count: int
    body: list[QueueDocument]
