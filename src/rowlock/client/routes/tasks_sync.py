"""The routes about tasks, as methods of a client.

Written by `python -m tests.docs.client_routes`; do not edit.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import UNSET, UnsetType

from rowlock.client.calls import Call, fields, kept, key_of, path_with, queries
from rowlock.client.sending import Sender, linked_pages
from rowlock.wire.bodies.common import Duration, Moment, RetryBody
from rowlock.wire.documents.tasks import CanceledDocument, StuckList, TaskDocument, TaskList

# fmt: off


class TasksRoutes(Sender):
    """The routes about tasks, as methods of a client."""

    def list_tasks(
        self, *, queue: str | None = None, status: Iterable[str] | None = None,
        state: Iterable[str] | None = None, definition: str | None = None,
        tag: Iterable[str] | None = None, worker: str | None = None, unique_key: str | None = None,
        error: str | None = None, arguments: str | None = None,
        created_after: datetime | None = None, created_before: datetime | None = None,
        started_after: datetime | None = None, started_before: datetime | None = None,
        finished_after: datetime | None = None, finished_before: datetime | None = None,
        include_deleted: bool | None = None, order: str | None = None, before: str | None = None,
        count: bool | None = None, offset: int | None = None, limit: int | None = None,
    ) -> TaskList:
        """List tasks, newest first.

        `GET /api/v1/task`.

        Raises:
            InvalidValueError: A value was refused at the door; nothing was stored.
        """
        return self._send(Call(
            method="GET",
            path="/api/v1/task",
            answer=TaskList,
            queries=queries(
                queue=queue, status=status, state=state, definition=definition, tag=tag,
                worker=worker, unique_key=unique_key, error=error, arguments=arguments,
                created_after=created_after, created_before=created_before,
                started_after=started_after, started_before=started_before,
                finished_after=finished_after, finished_before=finished_before,
                include_deleted=include_deleted, order=order, before=before, count=count,
                offset=offset, limit=limit,
            ),
        ))

    def iter_tasks(
        self, *, queue: str | None = None, status: Iterable[str] | None = None,
        state: Iterable[str] | None = None, definition: str | None = None,
        tag: Iterable[str] | None = None, worker: str | None = None, unique_key: str | None = None,
        error: str | None = None, arguments: str | None = None,
        created_after: datetime | None = None, created_before: datetime | None = None,
        started_after: datetime | None = None, started_before: datetime | None = None,
        finished_after: datetime | None = None, finished_before: datetime | None = None,
        include_deleted: bool | None = None, order: str | None = None, limit: int | None = None,
    ) -> Iterator[TaskDocument]:
        """Yield what `list_tasks` lists, page after page.

        `limit` is the size of a page.
        """
        status = kept(status)
        state = kept(state)
        tag = kept(tag)
        return linked_pages(lambda page: self.list_tasks(
            queue=queue, status=status, state=state, definition=definition, tag=tag, worker=worker,
            unique_key=unique_key, error=error, arguments=arguments, created_after=created_after,
            created_before=created_before, started_after=started_after,
            started_before=started_before, finished_after=finished_after,
            finished_before=finished_before, include_deleted=include_deleted, order=order,
            limit=limit, count=False, before=page,
        ))

    def list_stuck(self, *, longer_than: str | None = None, limit: int | None = None) -> StuckList:
        """List what runs for too long, and what lost its worker.

        `GET /api/v1/stuck`.

        Raises:
            InvalidValueError: A value was refused at the door; nothing was stored.
        """
        return self._send(Call(
            method="GET",
            path="/api/v1/stuck",
            answer=StuckList,
            queries=queries(longer_than=longer_than, limit=limit),
        ))

    def create_task(
        self, *, queue: str | None = None, run_at: Moment | None = None,
        delayed_at: Moment | None = None, delay: Duration | None = None,
        priority: int | None = None, max_attempts: int | None = None, retries: int | None = None,
        max_crashes: int | None = None, timeout: Duration | None = None,
        lifetime: Duration | None = None, ttl: Duration | None = None,
        retry: str | RetryBody | None = None, retry_delay: Duration | None = None,
        tags: list[str] | None = None, unique: str | bool | list[str] | None = None,
        unique_key: str | None = None, definition: str | None = None, payload: Any = UNSET,
        arguments: dict[str, Any] | UnsetType = UNSET, idempotency_key: UUID | str | None = None,
    ) -> TaskDocument:
        """Store a task.

        `POST /api/v1/task`, whose body is a `NewTaskBody`.

        Raises:
            InvalidValueError: A value was refused at the door; nothing was stored.
            PayloadError: Arguments, a payload or a result cannot be stored, or do not fit the
                signature.
            QueueNotFoundError: The namespace has no queue of that name.
            UnknownDefinitionError: Nothing is known under that alias, neither in this process nor
                in the database.
            DefinitionClosedError: The definition takes no new tasks.
            DuplicateTaskError: A live task already holds the unique key; `task_id` is the holder's.
            IdConflictError: The given id belongs to another task; nothing is told about that one.
        """
        return self._send(Call(
            method="POST",
            path="/api/v1/task",
            answer=TaskDocument,
            body=fields(
                queue=queue, run_at=run_at, delayed_at=delayed_at, delay=delay, priority=priority,
                max_attempts=max_attempts, retries=retries, max_crashes=max_crashes,
                timeout=timeout, lifetime=lifetime, ttl=ttl, retry=retry, retry_delay=retry_delay,
                tags=tags, unique=unique, unique_key=unique_key, definition=definition,
                payload=payload, arguments=arguments,
            ),
            key=key_of(idempotency_key),
        ))

    def get_task(self, task: UUID | str) -> TaskDocument:
        """Show a task.

        `GET /api/v1/task/{task}`.

        Raises:
            InvalidValueError: A value was refused at the door; nothing was stored.
            TaskNotFoundError: The namespace has no task of that id, or none whose id begins so.
        """
        return self._send(Call(
            method="GET",
            path=path_with("/api/v1/task/{task}", task=task),
            answer=TaskDocument,
        ))

    def wait(self, task: UUID | str, *, timeout: str | None = None) -> TaskDocument:
        """Show a task once it is finished, or as it is when the time is up.

        `GET /api/v1/task/{task}/wait`.

        Raises:
            InvalidValueError: A value was refused at the door; nothing was stored.
            TaskNotFoundError: The namespace has no task of that id, or none whose id begins so.
        """
        return self._send(Call(
            method="GET",
            path=path_with("/api/v1/task/{task}/wait", task=task),
            answer=TaskDocument,
            queries=queries(timeout=timeout),
        ))

    def cancel(
        self, task: UUID | str, *, force: bool = False, reason: str | None = None,
    ) -> CanceledDocument:
        """Cancel a task: at once while it waits, by asking its worker while it runs.

        `POST /api/v1/task/{task}/cancel`, whose body is a `CancelBody`.

        Raises:
            InvalidValueError: A value was refused at the door; nothing was stored.
            TaskNotFoundError: The namespace has no task of that id, or none whose id begins so.
            TaskConflictError: The task exists but its state does not allow the operation.
        """
        return self._send(Call(
            method="POST",
            path=path_with("/api/v1/task/{task}/cancel", task=task),
            answer=CanceledDocument,
            body=fields(force=force, reason=reason),
        ))

    def retry(
        self, task: UUID | str, *, attempts: int | None = None, reason: str | None = None,
    ) -> TaskDocument:
        """Run a finished task again under its id.

        `POST /api/v1/task/{task}/retry`, whose body is a `RetryTaskBody`.

        Raises:
            InvalidValueError: A value was refused at the door; nothing was stored.
            TaskNotFoundError: The namespace has no task of that id, or none whose id begins so.
            TaskConflictError: The task exists but its state does not allow the operation.
            DuplicateTaskError: A live task already holds the unique key; `task_id` is the holder's.
        """
        return self._send(Call(
            method="POST",
            path=path_with("/api/v1/task/{task}/retry", task=task),
            answer=TaskDocument,
            body=fields(attempts=attempts, reason=reason),
        ))
