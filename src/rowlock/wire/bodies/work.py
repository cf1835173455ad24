"""What workers say."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct

from rowlock.wire.bodies.common import Duration


class EndBody(Struct, kw_only=True):
    """How an attempt ended."""

    fail: bool = False
    result: Annotated[Any, Meta(description="Any JSON; of a failure it is the detail.")] = None
    error: Annotated[str | None, Meta(description="Why it failed, in words.")] = None


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


class LogBody(HeldBody, kw_only=True):
    """Lines that an attempt logs."""

    lines: Annotated[list[LogLineBody], Meta(min_length=1, max_length=1_000)]


class ReleaseBody(HeldBody, kw_only=True):
    """A claim to be given back; the attempt does not count."""

    delay: Duration | None = None
