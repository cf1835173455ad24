"""A handler's progress and log lines on their way from the child to the worker."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import datetime

from rowlock.definitions.context import Context, TaskInfo
from rowlock.definitions.reports import TaskReports
from rowlock.definitions.transaction import TaskTransaction
from rowlock.errors import InvalidValueError
from rowlock.runtime.processes.messages import Reported

PAUSE_SECONDS = 0.1


class Relay(TaskReports):
    """Sends what is reported at once if that is seldom, else ten times a second.

    At once, so that the last words of a handler that kills its process arrive.
    """

    __slots__ = ("_closed", "_flushing", "_send", "_sent_at", "_unsent")

    def __init__(self, send: Callable[[Reported], None], unsent: threading.Event) -> None:
        """Report nothing yet.

        Args:
            send: Sends a report.
            unsent: Set when there is something that waits to be sent.
        """
        super().__init__()
        self._send = send
        self._unsent = unsent
        self._flushing = threading.Lock()
        self._sent_at = -PAUSE_SECONDS
        self._closed = False

    def set_progress(self, percent: float, message: str | None) -> None:
        """Record how far the task is. See `TaskReports.set_progress`."""
        super().set_progress(percent, message)
        self._changed()

    def add_line(self, level: str, text: str, at: datetime | None = None) -> None:
        """Keep a log line. See `TaskReports.add_line`."""
        super().add_line(level, text, at)
        self._changed()

    def flush(self, *, last: bool = False) -> None:
        """Send what is not sent; after the last time nothing is."""
        with self._flushing:
            if self._closed:
                return
            self._closed = last
            taken = self.take()
            if taken is not None:
                self._send(Reported(taken.progress, taken.message, taken.log))
                self._sent_at = time.monotonic()

    def _changed(self) -> None:
        if time.monotonic() - self._sent_at >= PAUSE_SECONDS:
            self.flush()
        else:
            self._unsent.set()


class ChildContext(Context):
    """The context of an attempt in a child."""

    __slots__ = ("relay",)

    def __init__(self, task: TaskInfo, deadline: datetime | None, relay: Relay) -> None:
        super().__init__(task, deadline=deadline)
        self.relay = relay

    def transaction(self, given: object = None, /) -> TaskTransaction:
        """Refuse: the claim is the worker's, and so is the connection to the database.

        Raises:
            InvalidValueError: Always.
        """
        del given
        raise InvalidValueError(
            "transaction",
            "a handler with executor='process' cannot settle its own task: let it run in a thread",
        )

    def _own_reports(self) -> TaskReports:
        self._reports = self.relay
        return self.relay
