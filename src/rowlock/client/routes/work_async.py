"""The routes about work, as methods of a client.

Written by `python -m tests.docs.client_routes`; do not edit.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal
from uuid import UUID

from rowlock.client.calls import Call, fields, key_of, path_with, queries
from rowlock.client.sending import AsyncSender
from rowlock.wire.bodies.common import Duration
from rowlock.wire.bodies.work import FailureBody, LogLineBody
from rowlock.wire.documents.common import DoneDocument
from rowlock.wire.documents.tasks import TaskDocument
from rowlock.wire.documents.work import ClaimDocument, HeartbeatDocument, WorkDocument

# fmt: off


class WorkRoutes(AsyncSender):
    """The routes about work, as methods of a client."""

    async def find_work(
        self, *, queue: Iterable[str] | None = None, definition: Iterable[str] | None = None,
        wait: str | None = None,
    ) -> WorkDocument:
        """Look, or wait, for tasks that can be claimed; nothing is claimed.

        `GET /api/v1/work`.

        Raises:
            InvalidValueError: A value was refused at the door; nothing was stored.
            OverloadedError: The service has no room for a request; `retry_after` is how many
                seconds to wait.
        """
        return await self._send(Call(
            method="GET",
            path="/api/v1/work",
            answer=WorkDocument,
            queries=queries(queue=queue, definition=definition, wait=wait),
        ))

    async def claim_any(
        self, *, worker: str, lease: str | None = None, wait: str | None = None,
        queue: Iterable[str] | None = None, idempotency_key: UUID | str | None = None,
    ) -> ClaimDocument:
        """Claim the best task of any queue, or of those named.

        `PUT /api/v1/task`.

        Raises:
            NoTaskError: No task can be claimed now.
            QueueNotFoundError: The namespace has no queue of that name.
            InvalidValueError: A value was refused at the door; nothing was stored.
            OverloadedError: The service has no room for a request; `retry_after` is how many
                seconds to wait.
        """
        return await self._send(Call(
            method="PUT",
            path="/api/v1/task",
            answer=ClaimDocument,
            queries=queries(worker=worker, lease=lease, wait=wait, queue=queue),
            key=key_of(idempotency_key),
        ))

    async def claim_from(
        self, task: str, *, worker: str, lease: str | None = None, wait: str | None = None,
        idempotency_key: UUID | str | None = None,
    ) -> ClaimDocument:
        """Claim the best task of a queue.

        `PUT /api/v1/task/{task}`.

        Raises:
            NoTaskError: No task can be claimed now.
            QueueNotFoundError: The namespace has no queue of that name.
            InvalidValueError: A value was refused at the door; nothing was stored.
            OverloadedError: The service has no room for a request; `retry_after` is how many
                seconds to wait.
        """
        return await self._send(Call(
            method="PUT",
            path=path_with("/api/v1/task/{task}", task=task),
            answer=ClaimDocument,
            queries=queries(worker=worker, lease=lease, wait=wait),
            key=key_of(idempotency_key),
        ))

    async def settle(
        self, task: UUID | str, *,
        outcome: Literal['succeeded', 'failed', 'canceled', 'snoozed', 'handed_back'] | None = None,
        fail: bool = False, result: Any = None, error: str | FailureBody | None = None,
        retry: bool = True, delay: Duration | None = None, reason: str | None = None,
        token: str | None = None,
    ) -> TaskDocument:
        """End an attempt: it succeeded, it failed, or whatever else became of it.

        `PATCH /api/v1/task/{task}`, whose body is a `SettleBody`.

        Raises:
            TaskNotFoundError: The namespace has no task of that id, or none whose id begins so.
            LeaseLostError: The claim is no longer ours: the task was rescued, canceled by force or
                settled.
            InvalidValueError: A value was refused at the door; nothing was stored.
            PayloadError: Arguments, a payload or a result cannot be stored, or do not fit the
                signature.
            NotRunningError: A result came without a token for a task that does not run.
        """
        return await self._send(Call(
            method="PATCH",
            path=path_with("/api/v1/task/{task}", task=task),
            answer=TaskDocument,
            body=fields(
                outcome=outcome, fail=fail, result=result, error=error, retry=retry, delay=delay,
                reason=reason, token=token,
            ),
        ))

    async def heartbeat(
        self, task: UUID | str, *, token: str, lease: Duration | None = None,
    ) -> HeartbeatDocument:
        """Extend a claim from now on.

        `POST /api/v1/task/{task}/heartbeat`, whose body is a `HeartbeatBody`.

        Raises:
            TaskNotFoundError: The namespace has no task of that id, or none whose id begins so.
            LeaseLostError: The claim is no longer ours: the task was rescued, canceled by force or
                settled.
            InvalidValueError: A value was refused at the door; nothing was stored.
        """
        return await self._send(Call(
            method="POST",
            path=path_with("/api/v1/task/{task}/heartbeat", task=task),
            answer=HeartbeatDocument,
            body=fields(token=token, lease=lease),
        ))

    async def report_progress(
        self, task: UUID | str, *, token: str, percent: float, message: str | None = None,
    ) -> DoneDocument:
        """Record how far an attempt is; it is no heartbeat.

        `POST /api/v1/task/{task}/progress`, whose body is a `ProgressBody`.

        Raises:
            TaskNotFoundError: The namespace has no task of that id, or none whose id begins so.
            LeaseLostError: The claim is no longer ours: the task was rescued, canceled by force or
                settled.
            InvalidValueError: A value was refused at the door; nothing was stored.
        """
        return await self._send(Call(
            method="POST",
            path=path_with("/api/v1/task/{task}/progress", task=task),
            answer=DoneDocument,
            body=fields(token=token, percent=percent, message=message),
        ))

    async def add_log(
        self, task: UUID | str, *, token: str, lines: list[LogLineBody],
    ) -> DoneDocument:
        """Keep log lines with a task; it is no heartbeat.

        `POST /api/v1/task/{task}/log`, whose body is a `LogBody`.

        Raises:
            TaskNotFoundError: The namespace has no task of that id, or none whose id begins so.
            LeaseLostError: The claim is no longer ours: the task was rescued, canceled by force or
                settled.
            InvalidValueError: A value was refused at the door; nothing was stored.
        """
        return await self._send(Call(
            method="POST",
            path=path_with("/api/v1/task/{task}/log", task=task),
            answer=DoneDocument,
            body=fields(token=token, lines=lines),
        ))

    async def release(
        self, task: UUID | str, *, token: str, delay: Duration | None = None,
    ) -> TaskDocument:
        """Give a claimed task back; the attempt does not count.

        `POST /api/v1/task/{task}/release`, whose body is a `ReleaseBody`.

        Raises:
            TaskNotFoundError: The namespace has no task of that id, or none whose id begins so.
            LeaseLostError: The claim is no longer ours: the task was rescued, canceled by force or
                settled.
            InvalidValueError: A value was refused at the door; nothing was stored.
        """
        return await self._send(Call(
            method="POST",
            path=path_with("/api/v1/task/{task}/release", task=task),
            answer=TaskDocument,
            body=fields(token=token, delay=delay),
        ))
