"""Streams of events as a client reads them: `text/event-stream`, and when to ask again."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Generic, NamedTuple, TypeVar

import httpx2
import msgspec

from rowlock.client.answers import refusal_of
from rowlock.client.calls import Call
from rowlock.errors import UnexpectedAnswerError
from rowlock.wire.documents.common import ErrorDocument
from rowlock.wire.routes.events import LAST_EVENT_HEADER

D = TypeVar("D")

SILENT_SECONDS: Final = 45.0
"""A server that says nothing for so long is gone: it sends a ping three times as often."""
SOON_SECONDS: Final = 1.0
_ERROR, _PING = "error", "ping"
_OK = 200


class ServerEvent(NamedTuple, Generic[D]):
    """An event that came.

    Attributes:
        name: What it tells of: `task`, `ticker` …; `open`: from now on nothing is missed;
            `reset`: something may have been missed, so read again what you show.
        data: The document of that name; None for `open` and `reset`.
        id: Where to go on after it; None if one cannot.
    """

    name: str
    data: D
    id: str | None


@dataclass(slots=True)
class Events:
    """Makes events of lines, and knows the last one.

    Attributes:
        kinds: The type of the data of each name.
        last: The last event's id.
        failures: How often the stream broke off soon, or did not begin, since the last event.
        began: When it began last; None if it did not.
    """

    kinds: Mapping[str, type]
    last: str | None = None
    failures: int = 0
    began: float | None = None
    _fields: dict[str, str] = field(default_factory=dict[str, str])

    def headers(self) -> dict[str, str]:
        """Return what a request for the stream says besides."""
        more = {} if self.last is None else {LAST_EVENT_HEADER: self.last}
        return {"Accept": "text/event-stream", **more}

    def begin(self, call: Call[Any], response: httpx2.Response) -> None:
        """Look at the beginning of an answer, whose text has been read if it is a refusal.

        Raises:
            RowlockError: It was refused.
        """
        self._fields = {}
        if response.status_code != _OK:
            raise refusal_of(response)
        kind = response.headers.get("Content-Type", "")
        if not kind.startswith("text/event-stream"):
            raise UnexpectedAnswerError(response.status_code, f"{call.path} answered {kind}")
        self.began = time.monotonic()

    def broke_off(self) -> None:
        """Take note that the stream ended, or did not begin."""
        lasted = self.began is not None and time.monotonic() - self.began >= SOON_SECONDS
        self.failures = 1 if lasted else self.failures + 1
        self.began = None

    def read(self, line: str) -> ServerEvent[Any] | None:
        """Take in a line; returns the event that it ends.

        Raises:
            RowlockError: The server says why the stream ends.
            UnexpectedAnswerError: It is no event of the service, or of another version.
        """
        if line:
            key, _, value = line.partition(":")
            self._fields[key] = value.removeprefix(" ")
            return None
        fields, self._fields = self._fields, {}
        name = fields.get("event")
        if name is None or name == _PING:
            return None
        data = self._document(name, fields.get("data", ""))
        if isinstance(data, ErrorDocument):
            raise refusal_of(data)
        self.last = fields.get("id", self.last)
        self.failures = 0
        return ServerEvent(name, data, fields.get("id"))

    def _document(self, name: str, text: str) -> Any:
        kind = ErrorDocument if name == _ERROR else self.kinds.get(name)
        if kind is None:
            return None
        try:
            return msgspec.json.decode(text, type=kind)
        except msgspec.DecodeError as error:
            raise UnexpectedAnswerError(_OK, str(error)) from error
