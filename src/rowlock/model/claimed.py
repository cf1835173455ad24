"""A task in the hands of a program that claimed it by itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from rowlock.model import json_text
from rowlock.model.tasks import Claim


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedTask:
    """A task held for one attempt; `id` and `token` are what every later call needs.

    Attributes:
        token: Proof of the claim; a later claim of the same task has another one.
        definition: The definition's alias, or None for a task of queue and payload alone.
        payload: The arguments, or any JSON but null when there is no definition.
        attempt: Runs so far; this one counts.
        lease: How long the claim holds without a heartbeat.
        lease_until: When it ends unless a heartbeat comes before.
    """

    id: UUID
    token: UUID
    queue: str
    definition: str | None
    payload: Any
    attempt: int
    max_attempts: int
    crashes: int
    priority: int
    tags: tuple[str, ...]
    unique_key: str | None
    created_at: datetime
    started_at: datetime
    lease: timedelta
    lease_until: datetime


def claimed_task(claim: Claim, alias: str | None, lease: timedelta) -> ClaimedTask:
    """Return a claim as a program sees it."""
    return ClaimedTask(
        id=claim.id,
        token=claim.token,
        queue=claim.queue,
        definition=alias,
        payload=json_text.decode_shown(claim.payload),
        attempt=claim.attempt,
        max_attempts=claim.max_attempts,
        crashes=claim.crashes,
        priority=-claim.priority,
        tags=tuple(json_text.decode_shown(claim.tags)) if claim.tags else (),
        unique_key=claim.unique_key,
        created_at=claim.created_at,
        started_at=claim.started_at,
        lease=lease,
        lease_until=claim.lease_until,
    )
