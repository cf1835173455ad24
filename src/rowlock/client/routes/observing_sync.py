"""The routes about observing, as methods of a client.

Written by `python -m tests.docs.client_routes`; do not edit.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rowlock.client.calls import Call, queries
from rowlock.client.sending import Sender, linked_pages, numbered_pages
from rowlock.wire.documents.observing import (
    AuditDocument,
    AuditList,
    ScaleDocument,
    StatsDocument,
    WorkerDocument,
    WorkerList,
)

# fmt: off


class ObservingRoutes(Sender):
    """The routes about observing, as methods of a client."""

    def metrics(self) -> str:
        """Metrics for Prometheus, as its text format has them.

        `GET /api/v1/metrics`.
        """
        return self._send(Call(
            method="GET",
            path="/api/v1/metrics",
            answer=str,
        ))

    def stats(self, *, window: str | None = None, queue: str | None = None) -> StatsDocument:
        """Count tasks by queue and state, and tell what was done of late.

        `GET /api/v1/stats`.

        Raises:
            InvalidValueError: A value was refused at the door; nothing was stored.
            QueueNotFoundError: The namespace has no queue of that name.
        """
        return self._send(Call(
            method="GET",
            path="/api/v1/stats",
            answer=StatsDocument,
            queries=queries(window=window, queue=queue),
        ))

    def scale(
        self, *, queue: Iterable[str] | None = None, tasks_per_worker: int | None = None,
        within: str | None = None,
    ) -> ScaleDocument:
        """Tell an autoscaler how many workers could be used.

        `GET /api/v1/scale`.

        Raises:
            InvalidValueError: A value was refused at the door; nothing was stored.
            QueueNotFoundError: The namespace has no queue of that name.
        """
        return self._send(Call(
            method="GET",
            path="/api/v1/scale",
            answer=ScaleDocument,
            queries=queries(queue=queue, tasks_per_worker=tasks_per_worker, within=within),
        ))

    def list_workers(self, *, offset: int | None = None, limit: int | None = None) -> WorkerList:
        """List the workers that run a task now; of one that waits for tasks nobody knows.

        `GET /api/v1/workers`.

        Raises:
            InvalidValueError: A value was refused at the door; nothing was stored.
        """
        return self._send(Call(
            method="GET",
            path="/api/v1/workers",
            answer=WorkerList,
            queries=queries(offset=offset, limit=limit),
        ))

    def iter_workers(self, *, limit: int | None = None) -> Iterator[WorkerDocument]:
        """Yield what `list_workers` lists, page after page.

        `limit` is the size of a page.
        """
        return numbered_pages(lambda page: self.list_workers(
            limit=limit, offset=page,
        ))

    def list_audit(
        self, *, actor: str | None = None, action: str | None = None, target: str | None = None,
        before: str | None = None, limit: int | None = None,
    ) -> AuditList:
        """List who changed what and why, newest first.

        `GET /api/v1/audit`.

        Raises:
            InvalidValueError: A value was refused at the door; nothing was stored.
        """
        return self._send(Call(
            method="GET",
            path="/api/v1/audit",
            answer=AuditList,
            queries=queries(actor=actor, action=action, target=target, before=before, limit=limit),
        ))

    def iter_audit(
        self, *, actor: str | None = None, action: str | None = None, target: str | None = None,
        limit: int | None = None,
    ) -> Iterator[AuditDocument]:
        """Yield what `list_audit` lists, page after page.

        `limit` is the size of a page.
        """
        return linked_pages(lambda page: self.list_audit(
            actor=actor, action=action, target=target, limit=limit, before=page,
        ))
