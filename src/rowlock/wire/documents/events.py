"""What streams of events tell."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from rowlock.wire.documents.observing import QueueCountsDocument


class TaskEventDocument(Struct, forbid_unknown_fields=True, kw_only=True):
    """What became of a task: what it is since."""

    id: str
    at: datetime
    namespace: str
    queue: str
    definition: str | None
    state: str
    deleted: bool
    attempt: int
    cancel_requested: bool
    progress: float
    progress_message: str | None
    reason: str | None


class TasksEventDocument(Struct, forbid_unknown_fields=True, kw_only=True):
    """What became of many tasks that changed together: how many, and what they are since."""

    at: datetime
    namespace: str
    queue: str
    definition: str | None
    state: str
    deleted: bool
    tasks: int


class StatsEventDocument(Struct, forbid_unknown_fields=True, kw_only=True):
    """What there is, told once a second at most, when it changed."""

    queues: list[QueueCountsDocument]
