"""What the HTTP service answers, as types: for its OpenAPI document and for clients.

The values are made by the functions of this package; tests hold them against these types.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType


class RetryDocument(Struct, forbid_unknown_fields=True):
    """How long a failed attempt waits."""

    backoff: str
    base_seconds: float
    cap_seconds: float
    jitter: bool


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


class FailureDocument(Struct, forbid_unknown_fields=True):
    """Why an attempt ended badly."""

    type: str
    message: str
    traceback: str | None
    detail: Any


class TaskDocument(Struct, forbid_unknown_fields=True, kw_only=True):
    """A task as it is now."""

    id: str
    namespace: str
    queue: str
    definition: str | None
    state: str
    status: Annotated[str, Meta(description="The same as `state`.")]
    priority: int
    payload: Any
    tags: list[str]
    unique_key: str | None
    attempt: int
    max_attempts: int
    retries: Annotated[int, Meta(description="Runs that are left.")]
    crashes: int
    max_crashes: int
    timeout_seconds: float | None
    retry: RetryDocument | None
    worker: str | None
    cancel_requested: bool
    progress: float
    progress_message: str | None
    created_at: datetime
    run_at: datetime
    delayed_at: Annotated[
        datetime | None, Meta(description="`run_at`, if that is later than `created_at`.")
    ]
    started_at: datetime | None
    finished_at: datetime | None
    lease_until: datetime | None
    expires_at: datetime | None
    dies_at: Annotated[datetime | None, Meta(description="The same as `expires_at`.")]
    paused_until: datetime | None
    pause_reason: str | None
    deleted_at: datetime | None
    result: Any
    error: FailureDocument | None
    reason: str | None
    hidden: Annotated[
        list[str] | UnsetType,
        Meta(description="Fields that are null because the token lacks `payload:read`."),
    ] = UNSET
    unfenced: Annotated[
        bool | UnsetType, Meta(description="True if it was settled without a token.")
    ] = UNSET


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


class NamespaceList(Struct, forbid_unknown_fields=True):
    """Namespaces that have queues."""

    count: int
    body: list[str]


class QueueList(Struct, forbid_unknown_fields=True):
    """A page of queues by name; `count` is that of all."""

    count: int
    body: list[QueueDocument]


class TaskList(Struct, forbid_unknown_fields=True):
    """A page of tasks, newest first."""

    count: Annotated[int, Meta(description="Of all that fit, up to 10,000.")]
    count_capped: bool
    body: list[TaskDocument]
    next: Annotated[str | None, Meta(description="`before` of the next page; null at the end.")]


class HeartbeatDocument(Struct, forbid_unknown_fields=True):
    """A claim that was extended."""

    cancel_requested: Annotated[bool, Meta(description="Stop, and end the attempt.")]


class DoneDocument(Struct, forbid_unknown_fields=True):
    """What was asked for is recorded."""

    id: str


class CanceledDocument(Struct, forbid_unknown_fields=True):
    """What canceling came to."""

    id: str
    outcome: Annotated[str, Meta(description="`canceled`, or `requested` of its worker.")]


class ErrorDocument(Struct, forbid_unknown_fields=True):
    """Why a request was refused."""

    code: Annotated[int, Meta(description="The HTTP status.")]
    reason: Annotated[str, Meta(description="In words.")]
    type: Annotated[str, Meta(description="The error's class; see the reference of errors.")]
    detail: Annotated[Any, Meta(description="What it is about.")] = UNSET
