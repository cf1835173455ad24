"""What the HTTP service answers about definitions."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct


class DefinitionDocument(Struct, forbid_unknown_fields=True, kw_only=True):
    """A definition as the database knows it."""

    id: str
    alias: str
    key: Annotated[str, Meta(description="What the alias is matched by.")]
    title: str
    description: str
    memo: str
    status: Annotated[str, Meta(description="`active` or `canceled`.")]
    queue: str
    priority: int
    max_attempts: Annotated[int | None, Meta(description="Null leaves it to the queue.")]
    max_crashes: Annotated[int | None, Meta(description="Null leaves it to the queue.")]
    lifetime_seconds: Annotated[float | None, Meta(description="Null leaves it to the queue.")]
    created_at: datetime | None
    updated_at: datetime | None
    deleted_at: datetime | None


class DefinitionList(Struct, forbid_unknown_fields=True):
    """A page of definitions; `count` is that of all that fit."""

    count: int
    body: list[DefinitionDocument]


class DefinitionTasksDocument(Struct, forbid_unknown_fields=True):
    """How many tasks a definition has; deleted ones do not count."""

    waiting: int
    running: int
    finished: int


class DeclaredDocument(Struct, forbid_unknown_fields=True):
    """What declaring definitions came to."""

    count: Annotated[int, Meta(description="How many were said.")]
