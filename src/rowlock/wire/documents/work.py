"""What the HTTP service answers to workers."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from msgspec import Meta, Struct


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
    priority: int
    tags: list[str]
    unique_key: str | None
    created_at: datetime
    started_at: datetime
    lease_seconds: float
    lease_until: datetime


class HeartbeatDocument(Struct, forbid_unknown_fields=True):
    """A claim that was extended."""

    cancel_requested: Annotated[bool, Meta(description="Stop, and end the attempt.")]
