"""What workers say."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from rowlock.wire.bodies.common import Duration, Moment


class FailureBody(Struct, forbid_unknown_fields=True, kw_only=True):
    """Why an attempt failed, in parts."""

    type: Annotated[str, Meta(description="Such as the exception's class.")] = "Failed"
    message: str
    traceback: str | None = None
    detail: Annotated[Any, Meta(description="Any JSON.")] = None


class EndBody(Struct, kw_only=True):
    """How an attempt ended; what does not belong to its `outcome` is refused."""

    outcome: Annotated[
        Literal["succeeded", "failed", "canceled", "snoozed", "handed_back"] | None,
        Meta(description="`failed` if there is an `error`, else `succeeded`, if left out."),
    ] = None
    fail: Annotated[bool, Meta(description="The same as `outcome` `failed`.")] = False
    result: Annotated[Any, Meta(description="Any JSON; of a failure it is the detail.")] = None
    error: Annotated[
        str | FailureBody | None, Meta(description="Of a failure: why, in words or in parts.")
    ] = None
    retry: Annotated[
        bool, Meta(description="Of a failure: false if it is not to be tried again.")
    ] = True
    delay: Annotated[
        Duration | None,
        Meta(
            description="How long a snoozed task waits, or a failed one until it is tried again; "
            "if left out, its retry policy says."
        ),
    ] = None
    reason: Annotated[
        str | None, Meta(description="What a canceled or failed task says of it.")
    ] = None


class SettleBody(EndBody, kw_only=True):
    """An attempt that ended."""

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
    at: Annotated[Moment | None, Meta(description="When; now if left out.")] = None


class LogBody(HeldBody, kw_only=True):
    """Lines that an attempt logs."""

    lines: Annotated[list[LogLineBody], Meta(min_length=1, max_length=1_000)]


class ReleaseBody(HeldBody, kw_only=True):
    """A claim to be given back; the attempt does not count."""

    delay: Duration | None = None
