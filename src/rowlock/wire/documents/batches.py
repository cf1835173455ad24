"""What the HTTP service answers about many tasks at once."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from rowlock.wire.documents.common import ErrorDocument
from rowlock.wire.documents.work import ClaimDocument


class BatchDocument(Struct, forbid_unknown_fields=True):
    """Tasks that were stored."""

    count: int
    body: Annotated[list[str], Meta(description="Their ids, in the order of the request.")]


class ClaimList(Struct, forbid_unknown_fields=True):
    """Tasks in the hands of a worker, best first; none if there is nothing to do."""

    count: int
    body: list[ClaimDocument]


class VerdictDocument(Struct, forbid_unknown_fields=True):
    """What became of one end."""

    id: str
    code: Annotated[int, Meta(description="What PATCH of this task would have answered.")]
    state: Annotated[str | None, Meta(description="The task's; null if it was refused.")]
    error: Annotated[ErrorDocument | None, Meta(description="Why it was refused.")]


class VerdictList(Struct, forbid_unknown_fields=True):
    """What became of each end, in the order of the request."""

    count: int
    refused: Annotated[int, Meta(description="How many of them were not recorded.")]
    body: list[VerdictDocument]


class PulseDocument(Struct, forbid_unknown_fields=True):
    """What became of one claim that was to be extended."""

    id: str
    code: Annotated[int, Meta(description="What a heartbeat of this task would have answered.")]
    cancel_requested: Annotated[
        bool | None, Meta(description="Stop, and end the attempt; null if it was refused.")
    ]
    error: Annotated[ErrorDocument | None, Meta(description="Why it was refused.")]


class PulseList(Struct, forbid_unknown_fields=True):
    """What became of each claim, in the order of the request."""

    count: int
    refused: Annotated[int, Meta(description="How many of them were not extended.")]
    body: list[PulseDocument]


class ReceiptDocument(Struct, forbid_unknown_fields=True):
    """What became of one report."""

    id: str
    code: Annotated[int, Meta(description="What reporting of this task would have answered.")]
    error: Annotated[ErrorDocument | None, Meta(description="Why it was refused.")]


class ReceiptList(Struct, forbid_unknown_fields=True):
    """What became of each report, in the order of the request."""

    count: int
    refused: Annotated[int, Meta(description="How many of them were not recorded.")]
    body: list[ReceiptDocument]
