"""What clients of a queue in memory are answered; the names are that queue's."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from msgspec import Meta, Struct

_NAME = Meta(description="The definition, or the queue of a task without one.")
_STATUS = Meta(description="`pending`, `in_progress`, `completed` or `failed`.")


class TaskLineDocument(Struct, forbid_unknown_fields=True, rename="camel"):
    """A task in a list."""

    id: str
    name: Annotated[str, _NAME]
    status: Annotated[str, _STATUS]
    created_at: datetime
    completed_at: datetime | None


class AllTasksDocument(Struct, forbid_unknown_fields=True):
    """Tasks, the oldest first."""

    tasks: list[TaskLineDocument]


class TaskStatusDocument(Struct, forbid_unknown_fields=True, rename="camel"):
    """How a task is."""

    id: str
    name: Annotated[str, _NAME]
    status: Annotated[str, _STATUS]
    progress: Annotated[int, Meta(description="100 when completed, 50 in progress, else 0.")]
    result: Annotated[Any, Meta(description="Null without the scope `payload:read`.")]
    error: Annotated[
        str | None,
        Meta(description="Why it failed; null without the scope `payload:read`."),
    ]
    created_at: datetime
    completed_at: datetime | None


class TaskTotalsDocument(Struct, forbid_unknown_fields=True, rename="camel"):
    """How many tasks there are; finished ones are counted up to 10,000 of a queue."""

    total: int
    pending: int
    in_progress: int
    completed: int
    failed: Annotated[int, Meta(description="Canceled and expired ones are among them.")]
