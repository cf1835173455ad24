"""What the bodies of requests to the HTTP service may say.

A value may have two names: ours, and that of the queue service whose clients are to go on
working. Durations are seconds, or text such as `"1h30m"`; times are RFC 3339.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, TypeAlias

from msgspec import UNSET, Meta, Struct, UnsetType

Duration: TypeAlias = Annotated[int | float | str, Meta(description="Seconds, or `1h30m`.")]
Moment: TypeAlias = Annotated[datetime, Meta(tz=True, description="RFC 3339, with an offset.")]


class RetryBody(Struct, forbid_unknown_fields=True):
    """How long a failed attempt waits."""

    backoff: str = "exponential"
    base_seconds: float = 10.0
    cap_seconds: float = 3600.0
    jitter: bool = True


class PolicyBody(Struct, kw_only=True):
    """What holds for the tasks of a queue; what is left out or null stays as it is."""

    lifetime: Duration | None = None
    ttl: Annotated[Duration | None, Meta(description="Another name of `lifetime`.")] = None
    max_attempts: int | None = None
    retries: Annotated[int | None, Meta(description="`max_attempts`; 0 is 1.")] = None
    max_crashes: int | None = None
    retry: Annotated[
        str | RetryBody | None, Meta(description="A policy, or the name of a backoff.")
    ] = None
    retry_delay: Annotated[
        Duration | None, Meta(description="A quadratic `retry` with this base, without jitter.")
    ] = None
    lease: Duration | None = None
    timeout: Duration | None = None
    retention: Duration | None = None


class NewQueueBody(PolicyBody, kw_only=True):
    """A queue to be created."""

    name: str | None = None
    queue: Annotated[str | None, Meta(description="Another name of `name`.")] = None


class NewTaskBody(Struct, kw_only=True):
    """A task to be stored: `definition` and `arguments`, or `queue` and `payload`."""

    queue: str | None = None
    definition: str | None = None
    payload: Annotated[Any, Meta(description="Any JSON but null.")] = UNSET
    arguments: Annotated[
        dict[str, Any] | UnsetType, Meta(description="The payload of a definition.")
    ] = UNSET
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


class SettleBody(Struct, kw_only=True):
    """How an attempt ended."""

    fail: bool = False
    result: Annotated[Any, Meta(description="Any JSON; of a failure it is the detail.")] = None
    error: Annotated[str | None, Meta(description="Why it failed, in words.")] = None
    token: Annotated[
        str | None,
        Meta(description="What the claim was answered with.", extra_json_schema={"format": "uuid"}),
    ] = None


class HeldBody(Struct, kw_only=True):
    """The claim that a worker holds."""

    token: Annotated[str, Meta(extra_json_schema={"format": "uuid"})]


class HeartbeatBody(HeldBody, kw_only=True):
    """A claim to be extended."""

    lease: Annotated[Duration | None, Meta(description="As long as at first if left out.")] = None


class ProgressBody(HeldBody, kw_only=True):
    """How far an attempt is."""

    percent: Annotated[float, Meta(description="0 to 100.")]
    message: str | None = None


class LogLineBody(Struct):
    """A line of a log."""

    message: str
    level: str = "INFO"


class LogBody(HeldBody, kw_only=True):
    """Lines that an attempt logs."""

    lines: Annotated[list[LogLineBody], Meta(min_length=1, max_length=1_000)]


class ReleaseBody(HeldBody, kw_only=True):
    """A claim to be given back; the attempt does not count."""

    delay: Duration | None = None


class CancelBody(Struct, kw_only=True):
    """A task to be canceled."""

    force: bool = False
    reason: str | None = None


class RetryTaskBody(Struct, kw_only=True):
    """A finished task to be run again."""

    attempts: int | None = None
    reason: str | None = None
