"""What requests say about tasks."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType

from rowlock.wire.bodies.common import Duration, Moment, RetryBody


class TermsBody(Struct, kw_only=True):
    """What may be said of a new task besides what it is to do."""

    queue: str | None = None
    run_at: Moment | None = None
    delayed_at: Annotated[Moment | None, Meta(description="`run_at`, refused if it is past.")] = (
        None
    )
    delay: Duration | None = None
    priority: int | None = None
    max_attempts: int | None = None
    retries: Annotated[int | None, Meta(description="`max_attempts`; 0 is 1.")] = None
    max_crashes: int | None = None
    timeout: Duration | None = None
    lifetime: Duration | None = None
    ttl: Annotated[Duration | None, Meta(description="Another name of `lifetime`.")] = None
    retry: str | RetryBody | None = None
    retry_delay: Annotated[
        Duration | None, Meta(description="A quadratic `retry` with this base, without jitter.")
    ] = None
    tags: list[str] | None = None
    unique: Annotated[
        str | bool | list[str] | None,
        Meta(description="A key, true for all arguments, or the names of some."),
    ] = None
    unique_key: Annotated[str | None, Meta(description="Another name of `unique`, for a key.")] = (
        None
    )


class NewTaskBody(TermsBody, kw_only=True):
    """A task to be stored: `definition` and `arguments`, or `queue` and `payload`."""

    definition: str | None = None
    payload: Annotated[Any, Meta(description="Any JSON but null.")] = UNSET
    arguments: Annotated[
        dict[str, Any] | UnsetType, Meta(description="The payload of a definition.")
    ] = UNSET


class CancelBody(Struct, kw_only=True):
    """A task to be canceled."""

    force: bool = False
    reason: str | None = None


class RetryTaskBody(Struct, kw_only=True):
    """A finished task to be run again."""

    attempts: int | None = None
    reason: str | None = None
