"""What the HTTP service answers about tasks."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType

from rowlock.wire.documents.common import FailureDocument, RetryDocument


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


class TaskList(Struct, forbid_unknown_fields=True):
    """A page of tasks, newest first."""

    count: Annotated[
        int | None,
        Meta(description="Of all that fit, up to 10,000; null if they were not counted."),
    ]
    count_capped: bool
    body: list[TaskDocument]
    next: Annotated[str | None, Meta(description="`before` of the next page; null at the end.")]


class StuckList(Struct, forbid_unknown_fields=True):
    """Tasks that run for too long, or whose lease ran out."""

    count: Annotated[int, Meta(description="Of this list.")]
    body: list[TaskDocument]


class CanceledDocument(Struct, forbid_unknown_fields=True):
    """What canceling came to."""

    id: str
    outcome: Annotated[str, Meta(description="`canceled`, or `requested` of its worker.")]


class ProgressDocument(Struct, forbid_unknown_fields=True):
    """How far a task is."""

    task_id: str
    state: str
    status: Annotated[str, Meta(description="The same as `state`.")]
    progress: Annotated[float, Meta(description="0 to 100.")]
    message: Annotated[str | None, Meta(description="What is being done.")]
    active: Annotated[bool, Meta(description="Whether it is not finished.")]


class EnqueuedDocument(Struct, forbid_unknown_fields=True):
    """What storing a task unless it is there came to."""

    id: str
    created: bool
    status: Annotated[
        str, Meta(description="`ALREADY_PROCESSING` if it was there, else the state.")
    ]
    task: Annotated[
        TaskDocument | None,
        Meta(description="Null if it was there and the token lacks `tasks:read`."),
    ]


class AttemptDocument(Struct, forbid_unknown_fields=True, kw_only=True):
    """One run of a task."""

    attempt: int
    outcome: str
    worker: str | None
    started_at: datetime | None
    finished_at: datetime | None
    error: FailureDocument | None
    hidden: Annotated[
        list[str] | UnsetType,
        Meta(description="`error`, if it is null because the token lacks `payload:read`."),
    ] = UNSET


class AttemptList(Struct, forbid_unknown_fields=True):
    """A page of a task's runs, oldest first; `count` is that of all."""

    count: int
    body: list[AttemptDocument]


class LogLineDocument(Struct, forbid_unknown_fields=True, kw_only=True):
    """A line that a task's handler logged."""

    at: datetime
    level: str
    message: str | None
    attempt: int
    hidden: Annotated[
        list[str] | UnsetType,
        Meta(description="`message`, if it is null because the token lacks `payload:read`."),
    ] = UNSET


class LogLineList(Struct, forbid_unknown_fields=True):
    """A page of a task's log, oldest first; `count` is that of all."""

    count: int
    body: list[LogLineDocument]
