"""What requests say about many tasks at once."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct

from rowlock.wire.bodies.common import Duration
from rowlock.wire.bodies.tasks import NewTaskBody
from rowlock.wire.bodies.work import EndBody, LogLineBody

MAX_BATCH: Final = 1_000


class BatchBody(Struct):
    """Tasks to be stored, all or none."""

    tasks: Annotated[list[NewTaskBody], Meta(min_length=1, max_length=MAX_BATCH)]


class ClaimBody(Struct, kw_only=True):
    """Tasks to be claimed."""

    worker: Annotated[str, Meta(description="Who takes them, for people.", min_length=1)]
    queues: Annotated[list[str] | None, Meta(description="Only from these; null for any.")] = None
    definitions: Annotated[
        list[str] | None, Meta(description="Only of these; null for any, or none.")
    ] = None
    limit: Annotated[
        int, Meta(description="At most this many, up to 1,000; fewer where payloads are long.")
    ] = 1
    lease: Annotated[Duration | None, Meta(description="How long the claims hold.")] = None
    wait: Annotated[
        Duration | None, Meta(description="How long to wait if there is none; not at all.")
    ] = None


class ClaimKeyBody(Struct, kw_only=True):
    """One of many claims."""

    id: str
    token: Annotated[str, Meta(description="What the claim was answered with.")]


class HeldEndBody(EndBody, kw_only=True):
    """How an attempt of one of many tasks ended."""

    id: str
    token: Annotated[str, Meta(description="What the claim was answered with.")]


class SettleManyBody(Struct):
    """Attempts that ended."""

    ends: Annotated[list[HeldEndBody], Meta(min_length=1, max_length=MAX_BATCH)]


class HeartbeatManyBody(Struct, kw_only=True):
    """Claims to be extended."""

    claims: Annotated[list[ClaimKeyBody], Meta(min_length=1, max_length=MAX_BATCH)]
    lease: Annotated[
        Duration | None, Meta(description="For how long; as a first claim if left out.")
    ] = None


class ReportBody(ClaimKeyBody, kw_only=True):
    """How far one of many attempts is, and what it has to say; either may be left out."""

    percent: Annotated[float | None, Meta(description="0 to 100.")] = None
    message: Annotated[str | None, Meta(description="What is being done.")] = None
    lines: Annotated[list[LogLineBody], Meta(max_length=MAX_BATCH)] = []


class ReportManyBody(Struct):
    """What attempts have to say."""

    reports: Annotated[list[ReportBody], Meta(min_length=1, max_length=MAX_BATCH)]
