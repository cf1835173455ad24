"""What a response comes to: a document, or an error of the library's own classes."""

from __future__ import annotations

from typing import TypeVar, cast

import httpx2
import msgspec

from rowlock.client.calls import Call
from rowlock.errors import OverloadedError, RateLimitError, RowlockError, UnexpectedAnswerError
from rowlock.wire.documents.common import ErrorDocument
from rowlock.wire.problems import told_error

T = TypeVar("T")

MAX_SHOWN = 200


def answer_of(call: Call[T], response: httpx2.Response) -> T:
    """Return what a call was answered.

    Raises:
        RowlockError: It was refused.
        UnexpectedAnswerError: It is no answer of the service, or of another version.
    """
    if call.answer is bool and response.status_code in {200, 503}:
        return cast("T", response.is_success)
    if not response.is_success:
        raise refusal_of(response)
    if call.answer is str:
        return cast("T", response.text)
    try:
        return msgspec.json.decode(response.content, type=call.answer)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UnexpectedAnswerError(response.status_code, str(error)) from error


def unreadable(response: httpx2.Response, error: httpx2.DecodingError) -> UnexpectedAnswerError:
    """Return the error of an answer that is not compressed as it says."""
    encoding = response.headers.get("Content-Encoding", "")[:MAX_SHOWN]
    return UnexpectedAnswerError(response.status_code, f"is no {encoding}: {error}")


def refusal_of(answer: httpx2.Response | ErrorDocument) -> RowlockError:
    """Return the error that a response tells, or that a stream ends with."""
    if isinstance(answer, ErrorDocument):
        told = answer
    else:
        try:
            told = msgspec.json.decode(answer.content, type=ErrorDocument)
        except (msgspec.DecodeError, UnicodeDecodeError):
            shown = " ".join(answer.text.split())[:MAX_SHOWN]
            return UnexpectedAnswerError(answer.status_code, shown or "without a text")
    detail = None if told.detail is msgspec.UNSET else told.detail
    found = told_error(told.type, told.reason, detail)
    for kind in (RateLimitError, OverloadedError):
        if found is None and told.type == kind.__name__:
            return kind(1)
    return found or UnexpectedAnswerError(told.code, f"{told.type}: {told.reason}")
