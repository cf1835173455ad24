"""Every answer of the service, and the one place where errors become answers."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec
from starlette.responses import PlainTextResponse, Response

from rowlock.errors import (
    InvalidValueError,
    MethodNotAllowedError,
    OverloadedError,
    RateLimitError,
    RouteNotFoundError,
    RowlockError,
    SchemaError,
    ServiceError,
    StorageDataError,
    StorageUnavailableError,
    TaskNotFoundError,
    UnauthenticatedError,
)
from rowlock.http.outage import is_of_the_database
from rowlock.wire.problems import error_detail
from rowlock.wire.statuses import INTERNAL, UNAVAILABLE, status_of
from rowlock.wire.values import Wire

log = logging.getLogger(__name__)

_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
# What databases say may name hosts, users and values, also those of others.
_UNTOLD = {
    UNAVAILABLE: "the database cannot be used now: try again",
    INTERNAL: "internal error: it is in the server's log",
}
_DATA_REFUSED = "the database refused a value"


class Answer(NamedTuple):
    """What a handler answers if it is more than a document."""

    document: Any
    headers: Mapping[str, str]


class Text(NamedTuple):
    """What a handler answers that is no JSON."""

    content: bytes
    kind: str


def json_answer(document: Any, status: int, headers: Mapping[str, str] | None = None) -> Response:
    """Return a document as an answer."""
    text = msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"
    return Response(text, status, {**_HEADERS, **(headers or {})}, media_type="application/json")


def text_answer(text: str, status: int) -> Response:
    """Return a line of text as an answer."""
    return PlainTextResponse(f"{text}\n", status, _HEADERS)


def other_answer(text: Text, status: int) -> Response:
    """Return what is no JSON as an answer."""
    return Response(text.content, status, {**_HEADERS, "Content-Type": text.kind})


def error_answer(error: Exception) -> Response:
    """Return what a refused request is answered."""
    document = error_document(error)
    status = document["code"]
    return json_answer(document, status, error_headers(error, status))


def message_answer(error: Exception) -> Response:
    """Return what a request is answered that clients of a queue in memory sent."""
    document = error_document(error)
    status = document["code"]
    message = "Task not found" if isinstance(error, TaskNotFoundError) else document["reason"]
    return json_answer({"message": message}, status, error_headers(error, status))


def error_document(error: Exception) -> Wire:
    """Return an `ErrorDocument`; what nobody outside should see is in the log instead."""
    status = status_of(type(error))
    if status >= INTERNAL and not isinstance(error, ServiceError) and not is_of_the_database(error):
        log.error("a request failed: %s: %s", type(error).__name__, error, exc_info=error)
    document: Wire = {
        "code": status,
        "reason": _reason(error, status),
        "type": type(error).__name__ if isinstance(error, RowlockError) else "InternalError",
    }
    detail = _detail(error, status)
    if detail is not None:
        document["detail"] = detail
    return document


def _reason(error: Exception, status: int) -> str:
    if isinstance(error, StorageDataError):
        return _DATA_REFUSED
    if isinstance(error, ServiceError):
        return str(error)
    return _UNTOLD.get(status) or str(error)


def _detail(error: Exception, status: int) -> Any:
    if isinstance(error, RouteNotFoundError):
        return error.path
    if isinstance(error, StorageUnavailableError):
        return {"outcome_unknown": error.outcome_unknown}
    if isinstance(error, SchemaError):
        return error_detail(error)
    if status >= INTERNAL and not isinstance(error, ServiceError):
        return None
    if not isinstance(error, RowlockError):
        return None
    return None if isinstance(error, StorageDataError) else error_detail(error)


def error_headers(error: Exception, status: int) -> dict[str, str]:
    """Return the headers of an answer that refuses a request."""
    if isinstance(error, (RateLimitError, OverloadedError)):
        return {"Retry-After": str(error.retry_after)}
    if status == UNAVAILABLE:
        return {"Retry-After": "1"}
    if isinstance(error, UnauthenticatedError):
        return {"WWW-Authenticate": "Bearer"}
    if isinstance(error, MethodNotAllowedError):
        return {"Allow": error.allowed}
    return {}


def refused_body(problem: str) -> InvalidValueError:
    """Return the error of a body that is not what it should be."""
    return InvalidValueError("body", problem)
