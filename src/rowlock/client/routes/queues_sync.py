"""The routes about queues, as methods of a client.

Written by `python -m tests.docs.client_routes`; do not edit.
"""

from __future__ import annotations

from collections.abc import Iterator

from rowlock.client.calls import Call, fields, path_with, queries
from rowlock.client.sending import Sender, numbered_pages
from rowlock.wire.bodies.common import Duration, Moment, RetryBody
from rowlock.wire.documents.observing import QueueCountsDocument
from rowlock.wire.documents.queues import (
    DeletedQueueDocument,
    NamespaceList,
    QueueDocument,
    QueueList,
)

# fmt: off


class QueuesRoutes(Sender):
    """The routes about queues, as methods of a client."""

    def list_namespaces(self) -> NamespaceList:
        """List namespaces; those that the token is good for.

        `GET /api/v1/namespace`.
        """
        return self._send(Call(
            method="GET",
            path="/api/v1/namespace",
            answer=NamespaceList,
        ))

    def list_queues(self, *, offset: int | None = None, limit: int | None = None) -> QueueList:
        """List queues by name.

        `GET /api/v1/queue`.

        Raises:
            InvalidValueError: A value was refused at the door; nothing was stored.
        """
        return self._send(Call(
            method="GET",
            path="/api/v1/queue",
            answer=QueueList,
            queries=queries(offset=offset, limit=limit),
        ))

    def iter_queues(self, *, limit: int | None = None) -> Iterator[QueueDocument]:
        """Yield what `list_queues` lists, page after page.

        `limit` is the size of a page.
        """
        return numbered_pages(lambda page: self.list_queues(
            limit=limit, offset=page,
        ))

    def create_queue(
        self, *, lifetime: Duration | None = None, ttl: Duration | None = None,
        max_attempts: int | None = None, retries: int | None = None, max_crashes: int | None = None,
        retry: str | RetryBody | None = None, retry_delay: Duration | None = None,
        lease: Duration | None = None, timeout: Duration | None = None,
        retention: Duration | None = None, reason: str | None = None, name: str | None = None,
        queue: str | None = None,
    ) -> QueueDocument:
        """Create a queue.

        `POST /api/v1/queue`, whose body is a `NewQueueBody`.

        Raises:
            InvalidValueError: A value was refused at the door; nothing was stored.
            DuplicateQueueError: The namespace has a queue of that name already.
        """
        return self._send(Call(
            method="POST",
            path="/api/v1/queue",
            answer=QueueDocument,
            body=fields(
                lifetime=lifetime, ttl=ttl, max_attempts=max_attempts, retries=retries,
                max_crashes=max_crashes, retry=retry, retry_delay=retry_delay, lease=lease,
                timeout=timeout, retention=retention, reason=reason, name=name, queue=queue,
            ),
        ))

    def get_queue(self, queue: str) -> QueueDocument:
        """Show a queue.

        `GET /api/v1/queue/{queue}`.

        Raises:
            InvalidValueError: A value was refused at the door; nothing was stored.
            QueueNotFoundError: The namespace has no queue of that name.
        """
        return self._send(Call(
            method="GET",
            path=path_with("/api/v1/queue/{queue}", queue=queue),
            answer=QueueDocument,
        ))

    def change_queue(
        self, queue: str, *, lifetime: Duration | None = None, ttl: Duration | None = None,
        max_attempts: int | None = None, retries: int | None = None, max_crashes: int | None = None,
        retry: str | RetryBody | None = None, retry_delay: Duration | None = None,
        lease: Duration | None = None, timeout: Duration | None = None,
        retention: Duration | None = None, reason: str | None = None,
    ) -> QueueDocument:
        """Change what is given of a queue's policy.

        `PATCH /api/v1/queue/{queue}`, whose body is a `PolicyBody`.

        Raises:
            InvalidValueError: A value was refused at the door; nothing was stored.
            QueueNotFoundError: The namespace has no queue of that name.
        """
        return self._send(Call(
            method="PATCH",
            path=path_with("/api/v1/queue/{queue}", queue=queue),
            answer=QueueDocument,
            body=fields(
                lifetime=lifetime, ttl=ttl, max_attempts=max_attempts, retries=retries,
                max_crashes=max_crashes, retry=retry, retry_delay=retry_delay, lease=lease,
                timeout=timeout, retention=retention, reason=reason,
            ),
        ))

    def delete_queue(
        self, queue: str, *, force: bool | None = None, reason: str | None = None,
    ) -> DeletedQueueDocument:
        """Delete a queue and all of its tasks, finished ones too.

        `DELETE /api/v1/queue/{queue}`.

        Raises:
            InvalidValueError: A value was refused at the door; nothing was stored.
            QueueNotFoundError: The namespace has no queue of that name.
            QueueBusyError: Tasks of the queue run, so that it is not deleted; `running` is how
                many.
        """
        return self._send(Call(
            method="DELETE",
            path=path_with("/api/v1/queue/{queue}", queue=queue),
            answer=DeletedQueueDocument,
            queries=queries(force=force, reason=reason),
        ))

    def count_queue(self, queue: str) -> QueueCountsDocument:
        """Count a queue's tasks by state.

        `GET /api/v1/queue/{queue}/count`.

        Raises:
            InvalidValueError: A value was refused at the door; nothing was stored.
            QueueNotFoundError: The namespace has no queue of that name.
        """
        return self._send(Call(
            method="GET",
            path=path_with("/api/v1/queue/{queue}/count", queue=queue),
            answer=QueueCountsDocument,
        ))

    def pause_queue(
        self, queue: str, *, reason: str | None = None, until: Moment | None = None,
    ) -> QueueDocument:
        """Let nothing more be claimed from a queue; running tasks go on.

        `POST /api/v1/queue/{queue}/pause`, whose body is a `PauseQueueBody`.

        Raises:
            InvalidValueError: A value was refused at the door; nothing was stored.
            QueueNotFoundError: The namespace has no queue of that name.
        """
        return self._send(Call(
            method="POST",
            path=path_with("/api/v1/queue/{queue}/pause", queue=queue),
            answer=QueueDocument,
            body=fields(reason=reason, until=until),
        ))

    def resume_queue(self, queue: str, *, reason: str | None = None) -> QueueDocument:
        """Let tasks be claimed from a paused queue again.

        `POST /api/v1/queue/{queue}/resume`, whose body is a `ReasonBody`.

        Raises:
            InvalidValueError: A value was refused at the door; nothing was stored.
            QueueNotFoundError: The namespace has no queue of that name.
        """
        return self._send(Call(
            method="POST",
            path=path_with("/api/v1/queue/{queue}/resume", queue=queue),
            answer=QueueDocument,
            body=fields(reason=reason),
        ))
