"""From what a child says to what an attempt is, and back."""

from __future__ import annotations

import logging
import signal
from typing import Any, TypeAlias

from rowlock.definitions import outcomes
from rowlock.definitions.context import Context, TaskCanceledError
from rowlock.definitions.definition import TaskDefinition
from rowlock.model import json_text
from rowlock.model.failures import ElsewhereError
from rowlock.model.tasks import TaskFailure
from rowlock.runtime.processes.messages import Logged, Raised, Returned, Run, Stopped

Answer: TypeAlias = Returned | Raised | Stopped


def question(definition: TaskDefinition[..., Any], payload: str, context: Context) -> Run:
    """Return what a child is asked."""
    return Run(
        key=definition.key,
        module=definition.__module__,
        qualname=getattr(definition, "__qualname__"),  # noqa: B009 - it looks like its handler
        payload=payload,
        task=context.task,
        deadline=context.deadline,
    )


def value_of(answer: Answer, context: Context) -> Any:
    """Return what a handler returned.

    Raises:
        TaskCanceledError: It stopped because it was asked to.
        ElsewhereError: It failed.
    """
    match answer:
        case Stopped():
            raise TaskCanceledError(context.task.id)
        case Raised(failure, reason, kinds):
            raise ElsewhereError(failure, reason, kinds)
        case Returned(result, outcome, given):
            if outcome is not None:
                return getattr(outcomes, outcome)(**given)
            return None if result is None else json_text.decode(result)


def not_ready(cause: str, failure: TaskFailure | None = None) -> ElsewhereError:
    """Return the failure of an attempt for which no child could be started."""
    traceback = None if failure is None else failure.traceback
    message = f"a process for the task could not be started: {cause}"
    return ElsewhereError(
        TaskFailure(type="ProcessNotStarted", message=message, traceback=traceback)
    )


def cause_of_death(code: int) -> str:
    """Return what a process died of, as people say it."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"


def log_here(message: Logged, pid: int) -> None:
    """Log what a child logged."""
    logger = logging.getLogger(message.logger)
    if logger.isEnabledFor(message.level):
        record = logger.makeRecord(
            message.logger, message.level, f"(process {pid})", 0, message.text, (), None,
            extra=message.extra,
        )  # fmt: skip
        record.created = message.created
        record.process = pid
        logger.handle(record)
