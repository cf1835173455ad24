"""Failures as the JSON text in which they are stored."""

from __future__ import annotations

from typing import Any

from rowlock.model import json_text
from rowlock.model.tasks import TaskFailure


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
