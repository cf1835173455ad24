"""`ctx.log`: the standard library's logging, and lines kept with the task."""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping, MutableMapping
from types import TracebackType
from typing import Any, TypeAlias

from rowlock.definitions.reports import TaskReports

TASK_LOGGER = "rowlock.task"
"""What the names of the tasks' own loggers begin with."""

SUCCESS = 25
"""The level of `ctx.log.success`, between INFO and WARNING."""

if logging.getLevelName(SUCCESS) == f"Level {SUCCESS}":
    logging.addLevelName(SUCCESS, "SUCCESS")

_SysExcInfo: TypeAlias = (
    tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
)
_ExcInfo: TypeAlias = bool | _SysExcInfo | BaseException | None

_formatter = logging.Formatter()


def _sys_exc_info(exc_info: _ExcInfo) -> _SysExcInfo | None:
    if isinstance(exc_info, BaseException):
        return (type(exc_info), exc_info, exc_info.__traceback__)
    if isinstance(exc_info, tuple):
        return exc_info
    return sys.exc_info() if exc_info else None


def line_text(
    msg: object, args: tuple[object, ...] | Mapping[str, object], exc_info: _ExcInfo
) -> str:
    """Return the line with its arguments filled in and the traceback below it."""
    try:
        text = str(msg)
        if args:
            # A single mapping fills in `%(name)s`, as the standard library has it.
            if isinstance(args, tuple) and len(args) == 1 and isinstance(args[0], Mapping):
                args = args[0]  # pyright: ignore[reportUnknownVariableType] - any mapping
            text %= args
        if shown := _sys_exc_info(exc_info):
            text = f"{text}\n{_formatter.formatException(shown)}"
    except Exception as error:  # noqa: BLE001 - a line that cannot be formatted fails no task
        pattern = msg if isinstance(msg, str) else type(msg).__name__
        return f"{pattern} (cannot be formatted: {type(error).__name__})"
    return text


def _level_name(level: int) -> str:
    return "SUCCESS" if level == SUCCESS else logging.getLevelName(level)


class TaskLog(logging.LoggerAdapter[logging.Logger]):
    """A logger for one attempt, used as any `logging.Logger`.

    Lines go to the logger `rowlock.task.<alias>` with the task's id, queue and attempt as
    extras. Those of level INFO and above are also kept with the task, whatever the logger's
    level is; those below only if the logger lets them through.
    """

    def __init__(
        self, logger: logging.Logger, extra: Mapping[str, object], reports: TaskReports | None
    ) -> None:
        super().__init__(logger, extra)
        self._reports = reports

    def success(self, msg: object, *args: object, **kwargs: Any) -> None:
        """Log that something worked, at level 25, between INFO and WARNING."""
        kwargs["stacklevel"] = kwargs.get("stacklevel", 1) + 1
        self.log(SUCCESS, msg, *args, **kwargs)

    def log(
        self,
        level: int,
        msg: object,
        *args: object,
        exc_info: _ExcInfo = None,
        stack_info: bool = False,
        stacklevel: int = 1,
        extra: Mapping[str, object] | None = None,
        **kwargs: object,
    ) -> None:
        """Log at any level; every other method ends up here."""
        emitted = self.isEnabledFor(level)
        if self._reports is not None and (emitted or level >= logging.INFO):
            self._reports.add_line(_level_name(level), line_text(msg, args, exc_info))
        if emitted:
            super().log(
                level,
                msg,
                *args,
                exc_info=exc_info,
                stack_info=stack_info,
                stacklevel=stacklevel + 1,  # this function is not the caller
                extra=extra,
                **kwargs,
            )

    def process(
        self, msg: Any, kwargs: MutableMapping[str, Any]
    ) -> tuple[Any, MutableMapping[str, Any]]:
        """Add the task's extras to those of the call."""
        kwargs["extra"] = {**(kwargs.get("extra") or {}), **(self.extra or {})}
        return msg, kwargs
