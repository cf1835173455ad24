"""What the HTTP service answers about schedules."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType


class ScheduleDocument(Struct, forbid_unknown_fields=True, kw_only=True):
    """A schedule as it is now."""

    id: str
    name: str
    key: Annotated[str, Meta(description="What the name is matched by.")]
    namespace: str
    description: str
    status: str
    rule: Annotated[dict[str, Any], Meta(description="With its zone; the notation is its key.")]
    definition: str
    queue: Annotated[str | None, Meta(description="Null leaves it to the definition.")]
    arguments: dict[str, Any] | None
    priority: int | None
    options: Annotated[dict[str, Any], Meta(description="Of its tasks; durations in seconds.")]
    starts_at: datetime | None
    ends_at: datetime | None
    max_runs: int | None
    catch_up: str
    catch_up_limit: int
    overlap: str
    jitter_seconds: float
    runs: int
    missed: int
    last_run_at: datetime | None
    last_task: str | None
    next_at: datetime | None
    due_at: Annotated[datetime | None, Meta(description="`next_at` with its jitter.")]
    waits: Annotated[bool, Meta(description="Whether it waits for its last task to end.")]
    problem: Annotated[str | None, Meta(description="Why it could not fire.")]
    declared: Annotated[dict[str, Any] | None, Meta(description="What code said of it.")]
    version: int
    created_at: datetime | None
    updated_at: datetime | None
    deleted_at: datetime | None
    hidden: Annotated[
        list[str] | UnsetType,
        Meta(description="Fields that are null because the token lacks `payload:read`."),
    ] = UNSET


class ScheduleList(Struct, forbid_unknown_fields=True):
    """A page of schedules; `count` is that of all that fit."""

    count: int
    body: list[ScheduleDocument]


class FiringDocument(Struct, forbid_unknown_fields=True, kw_only=True):
    """What became of an occurrence."""

    schedule: str
    occurrence: datetime
    outcome: Annotated[str, Meta(description="`fired` or `skipped`.")]
    at: datetime
    late_seconds: float
    task: str | None
    reason: Annotated[
        str | None,
        Meta(description="`missed`, `overlap`, `duplicate`, `manual` or `backfill`."),
    ]
    passed: Annotated[int, Meta(description="How many just before it were passed over.")]


class FiringList(Struct, forbid_unknown_fields=True):
    """A page of what a schedule fired, the last ones first; 90 days are known."""

    body: list[FiringDocument]
    next: Annotated[str | None, Meta(description="`before` of the next page; null at the end.")]


class OccurrenceDocument(Struct, forbid_unknown_fields=True):
    """When a rule happens."""

    at: datetime
    local: Annotated[datetime, Meta(description="By the clock of its zone.")]
    change: Annotated[
        str | None,
        Meta(description="What a change of the clocks does: `shifted`, `first` or `second`."),
    ]


class OccurrenceList(Struct, forbid_unknown_fields=True):
    """Occurrences, the next one first."""

    body: list[OccurrenceDocument]


class SyncDocument(Struct, forbid_unknown_fields=True, kw_only=True):
    """What became of declared schedules, by name."""

    created: list[str]
    changed: list[str]
    unchanged: Annotated[list[str], Meta(description="Code says what it said the last time.")]
    deleted: Annotated[list[str], Meta(description="Deleted by hand, and left so.")]
    undeclared: Annotated[list[str], Meta(description="Declared once, and no longer.")]
    pruned: Annotated[list[str], Meta(description="Of those, the ones that were deleted now.")]
    problems: Annotated[dict[str, str], Meta(description="What could not be stored, and why.")]


class ExplanationDocument(Struct, forbid_unknown_fields=True):
    """What a rule means, and when it happens."""

    rule: Annotated[dict[str, Any], Meta(description="As a schedule would store it.")]
    explanation: Annotated[str, Meta(description="In plain words.")]
    occurrences: list[OccurrenceDocument]


class BackfillDocument(Struct, forbid_unknown_fields=True):
    """How far a backfill has come."""

    fired: Annotated[int, Meta(description="How many tasks were enqueued.")]
    known: Annotated[int, Meta(description="How many were fired or skipped before.")]
    next_at: Annotated[
        datetime | None, Meta(description="`start` of the next request; null at the end.")
    ]
