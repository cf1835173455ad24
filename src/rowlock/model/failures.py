"""Failures as the JSON text in which they are stored."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rowlock.model import json_text
from rowlock.model.tasks import TaskFailure


class ElsewhereError(Exception):
    """An attempt failed outside this process; the failure comes ready-made.

    Attributes:
        failure: Why.
        reason: What the task says besides if it was the last attempt.
        kinds: What the exception was, most specific first, as `kind_name` names classes.
    """

    def __init__(
        self, failure: TaskFailure, reason: str | None = None, kinds: Sequence[str] = ()
    ) -> None:
        super().__init__(failure.message)
        self.failure = failure
        self.reason = reason
        self.kinds = kinds


def kind_name(kind: type) -> str:
    """Return what a class is called in every process that has its code."""
    return f"{kind.__module__}.{kind.__qualname__}"


def failure_to_text(failure: TaskFailure) -> str:
    """Return a failure as JSON text; never refused because of its content."""
    data: dict[str, Any] = {
        "type": json_text.printable(failure.type),
        "message": json_text.printable(failure.message),
    }
    if failure.traceback is not None:
        data["traceback"] = json_text.printable(failure.traceback)
    if failure.detail is not None:
        data["detail"] = failure.detail
    return json_text.encode("error", data)


def failure_from_text(text: str | None) -> TaskFailure | None:
    """Return the failure that `failure_to_text` wrote."""
    if text is None:
        return None
    data = json_text.decode_shown(text)
    return TaskFailure(
        type=data["type"],
        message=data["message"],
        traceback=data.get("traceback"),
        detail=data.get("detail"),
    )
