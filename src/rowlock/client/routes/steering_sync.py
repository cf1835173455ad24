"""The routes about steering, as methods of a client.

Written by `python -m tests.docs.client_routes`; do not edit.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from rowlock.client.calls import Call, fields, path_with, queries
from rowlock.client.sending import Sender, numbered_pages
from rowlock.wire.bodies.common import Duration, Moment, RetryBody
from rowlock.wire.documents.common import DoneDocument
from rowlock.wire.documents.tasks import AttemptDocument, AttemptList, LogLineList, TaskDocument

# fmt: off


class SteeringRoutes(Sender):
    """The routes about steering, as methods of a client."""

    def list_attempts(
        self, task: UUID | str, *, offset: int | None = None, limit: int | None = None,
    ) -> AttemptList:
        """List the runs of a task, oldest first.

        `GET /api/v1/task/{task}/attempt`.

        Raises:
            InvalidValueError: A value was refused at the door; nothing was stored.
            TaskNotFoundError: The namespace has no task of that id, or none whose id begins so.
        """
        return self._send(Call(
            method="GET",
            path=path_with("/api/v1/task/{task}/attempt", task=task),
            answer=AttemptList,
            queries=queries(offset=offset, limit=limit),
        ))

    def iter_attempts(
        self, task: UUID | str, *, limit: int | None = None,
    ) -> Iterator[AttemptDocument]:
        """Yield what `list_attempts` lists, page after page.

        `limit` is the size of a page.
        """
        return numbered_pages(lambda page: self.list_attempts(
            task, limit=limit, offset=page,
        ))

    def get_log(
        self, task: UUID | str, *, offset: int | None = None, limit: int | None = None,
    ) -> LogLineList:
        """List the lines that a task's handler logged, oldest first.

        `GET /api/v1/task/{task}/log`.

        Raises:
            InvalidValueError: A value was refused at the door; nothing was stored.
            TaskNotFoundError: The namespace has no task of that id, or none whose id begins so.
        """
        return self._send(Call(
            method="GET",
            path=path_with("/api/v1/task/{task}/log", task=task),
            answer=LogLineList,
            queries=queries(offset=offset, limit=limit),
        ))

    def requeue(
        self, task: UUID | str, *, queue: str | None = None, run_at: Moment | None = None,
        delayed_at: Moment | None = None, delay: Duration | None = None,
        priority: int | None = None, max_attempts: int | None = None, retries: int | None = None,
        max_crashes: int | None = None, timeout: Duration | None = None,
        lifetime: Duration | None = None, ttl: Duration | None = None,
        retry: str | RetryBody | None = None, retry_delay: Duration | None = None,
        tags: list[str] | None = None, unique: str | bool | list[str] | None = None,
        unique_key: str | None = None, arguments: dict[str, Any] | None = None,
        reason: str | None = None,
    ) -> TaskDocument:
        """Store a new task like another one, which stays as it is.

        `POST /api/v1/task/{task}/requeue`, whose body is a `RequeueBody`.

        Raises:
            InvalidValueError: A value was refused at the door; nothing was stored.
            TaskNotFoundError: The namespace has no task of that id, or none whose id begins so.
            PayloadError: Arguments, a payload or a result cannot be stored, or do not fit the
                signature.
            QueueNotFoundError: The namespace has no queue of that name.
            UnknownDefinitionError: Nothing is known under that alias, neither in this process nor
                in the database.
            DefinitionClosedError: The definition takes no new tasks.
            DuplicateTaskError: A live task already holds the unique key; `task_id` is the holder's.
        """
        return self._send(Call(
            method="POST",
            path=path_with("/api/v1/task/{task}/requeue", task=task),
            answer=TaskDocument,
            body=fields(
                queue=queue, run_at=run_at, delayed_at=delayed_at, delay=delay, priority=priority,
                max_attempts=max_attempts, retries=retries, max_crashes=max_crashes,
                timeout=timeout, lifetime=lifetime, ttl=ttl, retry=retry, retry_delay=retry_delay,
                tags=tags, unique=unique, unique_key=unique_key, arguments=arguments, reason=reason,
            ),
        ))

    def edit(
        self, task: UUID | str, *, priority: int | None = None, run_at: Moment | None = None,
        delay: Duration | None = None, max_attempts: int | None = None,
        tags: list[str] | None = None, arguments: dict[str, Any] | None = None,
        set_arguments: dict[str, Any] | None = None, reason: str | None = None,
    ) -> TaskDocument:
        """Change what is given of a task that waits.

        `POST /api/v1/task/{task}/edit`, whose body is a `EditBody`.

        Raises:
            InvalidValueError: A value was refused at the door; nothing was stored.
            TaskNotFoundError: The namespace has no task of that id, or none whose id begins so.
            TaskConflictError: The task exists but its state does not allow the operation.
            PayloadError: Arguments, a payload or a result cannot be stored, or do not fit the
                signature.
            UnknownDefinitionError: Nothing is known under that alias, neither in this process nor
                in the database.
            DuplicateTaskError: A live task already holds the unique key; `task_id` is the holder's.
        """
        return self._send(Call(
            method="POST",
            path=path_with("/api/v1/task/{task}/edit", task=task),
            answer=TaskDocument,
            body=fields(
                priority=priority, run_at=run_at, delay=delay, max_attempts=max_attempts, tags=tags,
                arguments=arguments, set_arguments=set_arguments, reason=reason,
            ),
        ))

    def pause(
        self, task: UUID | str, *, reason: str | None = None, until: Moment | None = None,
    ) -> TaskDocument:
        """Hold a waiting task back; its lifetime goes on.

        `POST /api/v1/task/{task}/pause`, whose body is a `PauseBody`.

        Raises:
            InvalidValueError: A value was refused at the door; nothing was stored.
            TaskNotFoundError: The namespace has no task of that id, or none whose id begins so.
            TaskConflictError: The task exists but its state does not allow the operation.
        """
        return self._send(Call(
            method="POST",
            path=path_with("/api/v1/task/{task}/pause", task=task),
            answer=TaskDocument,
            body=fields(reason=reason, until=until),
        ))

    def resume(self, task: UUID | str, *, reason: str | None = None) -> TaskDocument:
        """Let a paused task wait again.

        `POST /api/v1/task/{task}/resume`, whose body is a `ReasonBody`.

        Raises:
            InvalidValueError: A value was refused at the door; nothing was stored.
            TaskNotFoundError: The namespace has no task of that id, or none whose id begins so.
            TaskConflictError: The task exists but its state does not allow the operation.
        """
        return self._send(Call(
            method="POST",
            path=path_with("/api/v1/task/{task}/resume", task=task),
            answer=TaskDocument,
            body=fields(reason=reason),
        ))

    def delete(
        self, task: UUID | str, *, force: bool | None = None, reason: str | None = None,
    ) -> TaskDocument:
        """Hide a task from every list; one that waits is canceled.

        `DELETE /api/v1/task/{task}`.

        Raises:
            InvalidValueError: A value was refused at the door; nothing was stored.
            TaskNotFoundError: The namespace has no task of that id, or none whose id begins so.
            TaskConflictError: The task exists but its state does not allow the operation.
        """
        return self._send(Call(
            method="DELETE",
            path=path_with("/api/v1/task/{task}", task=task),
            answer=TaskDocument,
            queries=queries(force=force, reason=reason),
        ))

    def restore(self, task: UUID | str, *, reason: str | None = None) -> TaskDocument:
        """Show a deleted task again.

        `POST /api/v1/task/{task}/restore`, whose body is a `ReasonBody`.

        Raises:
            InvalidValueError: A value was refused at the door; nothing was stored.
            TaskNotFoundError: The namespace has no task of that id, or none whose id begins so.
            TaskConflictError: The task exists but its state does not allow the operation.
        """
        return self._send(Call(
            method="POST",
            path=path_with("/api/v1/task/{task}/restore", task=task),
            answer=TaskDocument,
            body=fields(reason=reason),
        ))

    def purge(self, task: UUID | str, *, reason: str | None = None) -> DoneDocument:
        """Remove a finished or deleted task for good, with its runs and its log.

        `POST /api/v1/task/{task}/purge`, whose body is a `ReasonBody`.

        Raises:
            InvalidValueError: A value was refused at the door; nothing was stored.
            TaskNotFoundError: The namespace has no task of that id, or none whose id begins so.
            TaskConflictError: The task exists but its state does not allow the operation.
        """
        return self._send(Call(
            method="POST",
            path=path_with("/api/v1/task/{task}/purge", task=task),
            answer=DoneDocument,
            body=fields(reason=reason),
        ))
