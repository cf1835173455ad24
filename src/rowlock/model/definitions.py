"""Definitions as the database knows them, with or without their code."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from rowlock.model.ids import new_task_id

MAX_TITLE_LENGTH = 255


class DefinitionStatus(StrEnum):
    """Whether a definition takes new tasks."""

    ACTIVE = "active"
    CANCELED = "canceled"


class DefinitionOrder(StrEnum):
    """What definitions are listed by; with a minus the last comes first."""

    ALIAS = "alias"
    ALIAS_DESCENDING = "-alias"
    CREATED = "created"
    CREATED_DESCENDING = "-created"


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """A definition as the database knows it: what enqueueing needs without its code.

    Attributes:
        alias: As spelled in code, or by who created it.
        key: What it is matched by.
        id: Its own; a definition that is created again under a deleted alias gets a new one.
        memo: Notes of the people who look after it; code never writes them.
        status: `active` or `canceled`.
        queue: Where its tasks go unless they say otherwise.
        priority: Higher first.
        max_attempts: Runs in all; None leaves it to the queue.
        lifetime: From enqueue to the first start; None leaves it to the queue.
        created_at: None only before it was stored.
        deleted_at: When it was deleted softly.
    """

    alias: str
    key: str
    id: UUID = field(default_factory=new_task_id)
    title: str = ""
    description: str = ""
    memo: str = ""
    status: DefinitionStatus = DefinitionStatus.ACTIVE
    queue: str = "default"
    priority: int = 0
    max_attempts: int | None = None
    max_crashes: int | None = None
    lifetime: timedelta | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    deleted_at: datetime | None = None

    @property
    def refusal(self) -> str | None:
        """Why it takes no new tasks, `canceled` or `deleted`; None if it does."""
        if self.deleted_at is not None:
            return "deleted"
        return "canceled" if self.status == DefinitionStatus.CANCELED else None


class DefinitionFilter(NamedTuple):
    """Which definitions to list; None does not filter.

    Attributes:
        alias: A part of the alias, matched ignoring case, `-` and `_`.
        created_after: Created at this time or later.
        created_before: Created before this time.
        include_deleted: Those deleted softly, too.
    """

    alias: str | None = None
    status: DefinitionStatus | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None
    include_deleted: bool = False


class DefinitionTasks(NamedTuple):
    """How many tasks a definition has; finished ones that were deleted do not count."""

    waiting: int
    running: int
    finished: int
