"""What more than one answer of the HTTP service has."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct


class RetryDocument(Struct, forbid_unknown_fields=True):
    """How long a failed attempt waits."""

    backoff: str
    base_seconds: float
    cap_seconds: float
    jitter: bool


class FailureDocument(Struct, forbid_unknown_fields=True):
    """Why an attempt ended badly."""

    type: str
    message: str
    traceback: str | None
    detail: Any


class DoneDocument(Struct, forbid_unknown_fields=True):
    """What was asked for is recorded."""

    id: str


class ErrorDocument(Struct, forbid_unknown_fields=True):
    """Why a request was refused."""

    code: Annotated[int, Meta(description="The HTTP status.")]
    reason: Annotated[str, Meta(description="In words.")]
    type: Annotated[str, Meta(description="The error's class; see the reference of errors.")]
    detail: Annotated[Any, Meta(description="What it is about.")] = UNSET


class MessageDocument(Struct, forbid_unknown_fields=True):
    """Why a request was refused, as clients of a queue in memory read it."""

    message: Annotated[str, Meta(description="In words.")]
