"""What the HTTP service answers about changes to many tasks."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType


class OperationDocument(Struct, forbid_unknown_fields=True, kw_only=True):
    """A change to every task that passes a filter."""

    id: str
    action: str
    state: Annotated[
        str, Meta(description="`planned` for a dry run; `running` until it is `done`.")
    ]
    filter: dict[str, Any]
    matched: Annotated[int | None, Meta(description="How many pass, in a dry run.")]
    matched_capped: Annotated[
        bool | UnsetType, Meta(description="In a dry run: whether there are more than 10,000.")
    ] = UNSET
    done: Annotated[int, Meta(description="How many tasks were changed.")]
    refused: Annotated[dict[str, int], Meta(description="How many were not, by reason.")]
    actor: str | None
    reason: str | None
    created_at: datetime | None
    updated_at: datetime | None
    hidden: Annotated[
        list[str] | UnsetType,
        Meta(description="What of the filter is null because the token lacks `payload:read`."),
    ] = UNSET


class OperationList(Struct, forbid_unknown_fields=True):
    """A page of operations, newest first."""

    count: Annotated[int, Meta(description="Of all, up to 1,000.")]
    body: list[OperationDocument]


class CleanedDocument(Struct, forbid_unknown_fields=True):
    """What was removed for good."""

    removed: Annotated[int, Meta(description="How many tasks.")]
    done: Annotated[bool, Meta(description="False if there is more: ask again.")]
