"""What a running task has to say, kept until the runtime fetches it for storage."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec

from rowlock.errors import InvalidValueError
from rowlock.model import json_text

MAX_LINES = 1_000
MAX_LOG_BYTES = 64 * 1024
MAX_LINE_LENGTH = 8 * 1024
MAX_PROGRESS_MESSAGE_LENGTH = 500

# Room for the line that says how many were dropped, and for the brackets.
_RESERVED_BYTES = 256

_encode = msgspec.json.Encoder().encode


class TakenReport(NamedTuple):
    """What changed since the last take; None is unchanged, `log` is JSON text.

    The log is `[["<ISO time>", "INFO", "text"], …]`.
    """

    progress: float | None
    message: str | None
    log: str | None


def shortened(text: str, limit: int) -> str:
    """Return a text cut at a limit, saying how much is missing."""
    if len(text) <= limit:
        return text
    return f"{text[:limit]}… ({len(text) - limit:,} more characters)"


def progress_message(message: str) -> str:
    """Return a message as it is stored beside the progress, bounded.

    Raises:
        InvalidValueError: It is not text.
    """
    if not isinstance(message, str):  # pyright: ignore[reportUnnecessaryIsInstance] - callers may be untyped
        raise InvalidValueError("message", f"must be text, not {type(message).__name__}")
    return shortened(json_text.printable(message), MAX_PROGRESS_MESSAGE_LENGTH)


def _encoded_line(level: str, text: str, at: datetime | None = None) -> bytes:
    moment = datetime.now(UTC) if at is None else at.astimezone(UTC)
    return _encode([moment.isoformat(timespec="microseconds"), level, text])


class TaskReports:
    """A running task's progress and log lines; any thread may write, any may take.

    Lines are encoded when they arrive, so that the bound on bytes is exact and a take only
    joins them. What does not fit between two takes is counted, not kept.
    """

    __slots__ = ("_dropped", "_lines", "_lock", "_size", "_unsaid", "message", "percent")

    def __init__(self) -> None:
        self.percent = 0.0
        self.message: str | None = None
        self._lock = threading.Lock()
        self._unsaid = False
        self._lines: list[bytes] = []
        self._size = 0
        self._dropped = 0

    def set_progress(self, percent: float, message: str | None) -> None:
        """Record how far the task is; without a message the last one stands."""
        shown = self.message if message is None else progress_message(message)
        with self._lock:
            if (percent, shown) != (self.percent, self.message):
                self.percent, self.message = percent, shown
                self._unsaid = True

    def add_line(self, level: str, text: str, at: datetime | None = None) -> None:
        """Keep a log line if there is room for it; it is of this moment if none is given."""
        shown = shortened(json_text.printable(text), MAX_LINE_LENGTH)
        self._keep(_encoded_line(level, shown, at))

    def _keep(self, line: bytes) -> None:
        with self._lock:
            size = self._size + len(line) + 1
            if len(self._lines) >= MAX_LINES - 1 or size > MAX_LOG_BYTES - _RESERVED_BYTES:
                self._dropped += 1
            else:
                self._lines.append(line)
                self._size = size

    def absorb(self, taken: TakenReport) -> None:
        """Take over what another one collected and gave away by `take`."""
        if taken.progress is not None:
            self.set_progress(taken.progress, taken.message)
        if taken.log is not None:
            for line in msgspec.json.decode(taken.log, type=list[msgspec.Raw]):
                self._keep(bytes(line))

    def take(self) -> TakenReport | None:
        """Return what changed since the last take and forget it; None if nothing did."""
        with self._lock:
            if not (self._unsaid or self._lines or self._dropped):
                return None
            lines, dropped, unsaid = self._lines, self._dropped, self._unsaid
            percent, message = self.percent, self.message
            self._lines, self._size, self._dropped, self._unsaid = [], 0, 0, False
        if dropped:
            lines.append(_encoded_line("WARNING", f"{dropped:,} more log lines were dropped"))
        log = b"".join((b"[", b",".join(lines), b"]")).decode() if lines else None
        return TakenReport(percent if unsaid else None, message if unsaid else None, log)
