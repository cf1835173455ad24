"""Storing tasks for the handlers of a worker over HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec

from rowlock.app.elsewhere import NewTaskElsewhere
from rowlock.backoff import RetryPolicy
from rowlock.client.synchronous import Client
from rowlock.client.working.converting import in_batches
from rowlock.client.working.refusals import waited_for
from rowlock.errors import InvalidValueError
from rowlock.model import json_text
from rowlock.model.durations import optional_seconds
from rowlock.model.tasks import Task
from rowlock.wire.bodies.common import RetryBody
from rowlock.wire.bodies.tasks import NewTaskBody
from rowlock.wire.models import model_from


class HttpStoring:
    """Stores tasks by way of the service, and raises as a database would. See `Elsewhere`.

    Args:
        client: Asks it; from any thread.
        place: The app whose tasks go there.
    """

    def __init__(self, client: Client, place: object) -> None:
        self._client = client
        self._place = place

    @property
    def place(self) -> object:
        """Whose tasks."""
        return self._place

    def store(self, task: NewTaskElsewhere, /) -> Task:
        """Store a task."""
        with waited_for():
            made = self._client.create_task(**_terms(task), idempotency_key=task.id)
        # Its token need not be one that may read payloads.
        return model_from(Task, made, payload=json_text.decode(task.payload))

    def find(self, task_id: UUID | str, /) -> Task:
        """Return a task."""
        with waited_for():
            return model_from(Task, self._client.get_task(task_id))

    def store_many(self, tasks: Sequence[NewTaskElsewhere], /) -> list[UUID]:
        """Store tasks, all or none."""
        bodies = [NewTaskBody(**_terms(task)) for task in tasks]
        if len(list(in_batches(bodies))) > 1:
            raise InvalidValueError("arguments", "are too long to be sent at once: say chunk=")
        with waited_for():
            return [UUID(one) for one in self._client.enqueue_many(tasks=bodies).body]


def _terms(task: NewTaskElsewhere) -> dict[str, Any]:
    """Return what a request says of a task; without what is left to the other side."""
    given = task._asdict()
    del given["id"]
    said = {name: _plain(value) for name, value in given.items() if value is not None}
    return {**said, "payload": msgspec.Raw(task.payload.encode())}


def _plain(value: Any) -> Any:
    if isinstance(value, timedelta):
        return optional_seconds(value)
    if isinstance(value, tuple):
        return [str(one) for one in value]  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType] - tags
    if isinstance(value, RetryPolicy):
        base, cap = value.base.total_seconds(), value.cap.total_seconds()
        return RetryBody(value.backoff.value, base, cap, value.jitter)
    return value
