"""The routes about events, as methods of a client.

Written by `python -m tests.docs.client_routes`; do not edit.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from uuid import UUID

from rowlock.client.calls import Call, queries
from rowlock.client.sending import Sender
from rowlock.client.streams import ServerEvent
from rowlock.wire.documents.events import StatsEventDocument, TaskEventDocument, TasksEventDocument

# fmt: off


class EventsRoutes(Sender):
    """The routes about events, as methods of a client."""

    def watch_events(
        self, *, queue: Iterable[str] | None = None, definition: Iterable[str] | None = None,
        task: Iterable[UUID | str] | None = None, stats: bool | None = None,
        last_event_id: str | None = None,
    ) -> Generator[ServerEvent[TaskEventDocument | TasksEventDocument | StatsEventDocument | None]]:
        """Stream what becomes of tasks.

        `GET /api/v1/events`.

        Raises:
            InvalidValueError: A value was refused at the door; nothing was stored.
            OverloadedError: The service has no room for a request; `retry_after` is how many
                seconds to wait.
        """
        return self._stream(Call(
            method="GET",
            path="/api/v1/events",
            answer=str,
            queries=queries(
                queue=queue, definition=definition, task=task, stats=stats,
                last_event_id=last_event_id,
            ),
        ), {
            "task": TaskEventDocument,
            "tasks": TasksEventDocument,
            "stats": StatsEventDocument,
        })
