"""What requests say to change every task that passes a filter."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct

from rowlock.wire.bodies.common import Duration, Moment


class FilterBody(Struct, kw_only=True, forbid_unknown_fields=True):
    """Which tasks; everything given must hold, and what is left out or null is open."""

    states: Annotated[
        list[str], Meta(description="Any of these, in any spelling.")
    ] = []  # msgspec copies it
    queue: str | None = None
    definition: str | None = None
    tags: Annotated[list[str], Meta(description="All of these.")] = []
    worker: str | None = None
    unique_key: str | None = None
    created_after: Moment | None = None
    created_before: Moment | None = None
    started_after: Moment | None = None
    started_before: Moment | None = None
    finished_after: Moment | None = None
    finished_before: Moment | None = None
    error: Annotated[
        str | None, Meta(description="Text in the last error; needs `payload:read`.")
    ] = None
    arguments: Annotated[
        dict[str, Any] | None,
        Meta(description="Values at these keys of the payload; needs `payload:read`."),
    ] = None
    include_deleted: bool = False


class ChangesBody(Struct, kw_only=True, forbid_unknown_fields=True):
    """What `edit` and `requeue` set in every task; what is left out or null stays."""

    priority: int | None = None
    run_at: Moment | None = None
    delay: Duration | None = None
    max_attempts: int | None = None
    tags: list[str] | None = None


class OperationBody(Struct, kw_only=True, forbid_unknown_fields=True):
    """What is to be done, and to which tasks.

    Keys that are not known are refused: one that is misspelled would mean more tasks.
    """

    action: Annotated[
        str,
        Meta(
            description="`cancel`, `retry`, `requeue`, `edit`, `pause`, `resume`, `delete`, "
            "`restore` or `purge`."
        ),
    ]
    filter: FilterBody | None = None
    all: Annotated[bool, Meta(description="Every task, where the filter says nothing.")] = False
    dry_run: Annotated[bool, Meta(description="Change nothing, count.")] = False
    force: Annotated[bool, Meta(description="`cancel`, `delete`: also running ones.")] = False
    attempts: Annotated[int | None, Meta(description="`retry`: how many more runs.")] = None
    until: Annotated[Moment | None, Meta(description="`pause`: until when.")] = None
    changes: ChangesBody | None = None
    set_arguments: Annotated[
        dict[str, Any] | None, Meta(description="`edit`, `requeue`: these, the others stay.")
    ] = None
    reason: str | None = None


class CleanupBody(Struct, kw_only=True, forbid_unknown_fields=True):
    """Which finished tasks are to be removed for good."""

    older_than: Annotated[Duration, Meta(description="Since the end of each.")]
    queue: str | None = None
    states: Annotated[
        list[str], Meta(description="Only in these final states; all of them if none is named.")
    ] = []  # msgspec copies it
    reason: Annotated[str | None, Meta(description="Why, for the audit.")] = None
