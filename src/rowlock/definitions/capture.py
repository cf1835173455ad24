"""Keeps what handlers log by way of `logging` with their tasks, where that is asked for."""

from __future__ import annotations

import logging
from contextvars import ContextVar
from typing import NamedTuple

from rowlock.definitions.context import Context
from rowlock.definitions.task_log import line_text


class _Captured(NamedTuple):
    """Whose lines are kept where context variables say so, and by which handler."""

    capture: LogCapture
    context: Context
    level: int


_current: ContextVar[_Captured | None] = ContextVar("rowlock_captured", default=None)


class LogCapture(logging.Handler):
    """A handler on the root logger that keeps each line with the task that logged it.

    Which task that is, a context variable knows: it holds in the handler's own thread, in
    asyncio tasks that it starts and in `asyncio.to_thread`, not in threads started by hand.
    """

    def __init__(self) -> None:
        super().__init__()
        self._last_resort: logging.Handler | None = None

    def install(self) -> None:
        """Begin to see what is logged."""
        root = logging.getLogger()
        # Where nobody has set logging up, warnings go to stderr as they did before.
        self._last_resort = None if root.handlers else logging.lastResort
        root.addHandler(self)

    def remove(self) -> None:
        """See no more."""
        logging.getLogger().removeHandler(self)

    def begin(self, context: Context, level: int) -> None:
        """Keep what is logged from here on, in the caller's context variables.

        Args:
            context: The attempt's.
            level: Lines below it are left out.
        """
        _current.set(_Captured(self, context, level))

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line, unless it is kept already because `ctx.log` wrote it."""
        current = _current.get()
        if self._last_resort is not None and record.levelno >= self._last_resort.level:
            self._last_resort.handle(record)
        if current is None or current.capture is not self or record.levelno < current.level:
            return
        # What Rowlock itself says of the attempt is no line of the handler's.
        if not record.name.startswith("rowlock."):
            text = line_text(record.msg, record.args or (), record.exc_info)
            current.context.keep_line(record.levelname, f"{record.name}: {text}")
