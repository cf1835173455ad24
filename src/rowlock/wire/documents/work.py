"""What the HTTP service answers to workers."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from msgspec import Meta, Struct

from rowlock.wire.documents.common import RetryDocument
from rowlock.wire.documents.queues import QueueDocument


class ClaimDocument(Struct, forbid_unknown_fields=True, kw_only=True):
    """A task in the hands of a worker; `id` and `token` are what it needs from here on."""

    id: str
    token: str
    namespace: str
    queue: str
    definition: str | None
    payload: Any
    worker: str
    attempt: int
    max_attempts: int
    retries: Annotated[int, Meta(description="Runs that are left after this one.")]
    crashes: int
    max_crashes: int
    priority: int
    tags: list[str]
    unique_key: str | None
    timeout_seconds: Annotated[
        float | None, Meta(description="How long it may run; null leaves that to its queue.")
    ]
    retry: Annotated[
        RetryDocument | None, Meta(description="How long it waits if it fails; null as above.")
    ]
    created_at: datetime
    run_at: datetime
    started_at: datetime
    expires_at: datetime | None
    lease_seconds: float
    lease_until: datetime
    cancel_requested: bool


class HeartbeatDocument(Struct, forbid_unknown_fields=True):
    """A claim that was extended."""

    cancel_requested: Annotated[bool, Meta(description="Stop, and end the attempt.")]


class WorkDocument(Struct, forbid_unknown_fields=True):
    """What a worker finds where it wants to work."""

    namespace: str
    found: Annotated[bool, Meta(description="Whether there is a task to claim.")]
    queues: Annotated[
        list[QueueDocument], Meta(description="Those that it named, with their policies.")
    ]
