"""A task in the hands of a program that claimed it by itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from rowlock.backoff import RetryPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedTask:
    """A task held for one attempt; `id` and `token` are what every later call needs.

    Attributes:
        token: Proof of the claim; a later claim of the same task has another one.
        definition: The definition's alias, or None for a task of queue and payload alone.
        payload: The arguments, or any JSON but null when there is no definition.
        attempt: Runs so far; this one counts.
        timeout: How long this task may run; None leaves it to whoever runs it, and its queue.
        retry: How long this task waits if it fails; None as with `timeout`.
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
    max_crashes: int
    priority: int
    tags: tuple[str, ...]
    unique_key: str | None
    timeout: timedelta | None
    retry: RetryPolicy | None
    created_at: datetime
    run_at: datetime
    started_at: datetime
    expires_at: datetime | None
    lease: timedelta
    lease_until: datetime
    cancel_requested: bool
