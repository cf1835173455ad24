"""The routes about operations, as methods of a client.

Written by `python -m tests.docs.client_routes`; do not edit.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

from msgspec import UNSET, UnsetType

from rowlock.client.calls import Call, fields, path_with, queries
from rowlock.client.sending import AsyncSender, numbered_pages_async
from rowlock.wire.bodies.common import Duration, Moment
from rowlock.wire.bodies.operations import ChangesBody, FilterBody
from rowlock.wire.documents.operations import CleanedDocument, OperationDocument, OperationList

# fmt: off


class OperationsRoutes(AsyncSender):
    """The routes about operations, as methods of a client."""

    async def start_operation(
        self, *, action: str, filter_: FilterBody | None = None, all_: bool = False,
        dry_run: bool = False, force: bool = False, attempts: int | None = None,
        until: Moment | None = None, changes: ChangesBody | None = None,
        set_arguments: dict[str, Any] | None = None, reason: str | None = None,
    ) -> OperationDocument:
        """Change every task that passes a filter, as far as a few seconds allow.

        `POST /api/v1/operation`, whose body is a `OperationBody`.

        Raises:
            InvalidValueError: A value was refused at the door; nothing was stored.
        """
        return await self._send(Call(
            method="POST",
            path="/api/v1/operation",
            answer=OperationDocument,
            body=fields(
                action=action, filter_=filter_, all_=all_, dry_run=dry_run, force=force,
                attempts=attempts, until=until, changes=changes, set_arguments=set_arguments,
                reason=reason,
            ),
        ))

    async def cleanup(
        self, *, older_than: Duration, queue: str | None = None,
        states: list[str] | UnsetType = UNSET, reason: str | None = None,
    ) -> CleanedDocument:
        """Remove finished tasks for good that ended long ago, as far as a few seconds allow.

        `POST /api/v1/cleanup`, whose body is a `CleanupBody`.

        Raises:
            InvalidValueError: A value was refused at the door; nothing was stored.
            QueueNotFoundError: The namespace has no queue of that name.
        """
        return await self._send(Call(
            method="POST",
            path="/api/v1/cleanup",
            answer=CleanedDocument,
            body=fields(older_than=older_than, queue=queue, states=states, reason=reason),
        ))

    async def list_operations(
        self, *, offset: int | None = None, limit: int | None = None,
    ) -> OperationList:
        """List operations, newest first.

        `GET /api/v1/operation`.

        Raises:
            InvalidValueError: A value was refused at the door; nothing was stored.
        """
        return await self._send(Call(
            method="GET",
            path="/api/v1/operation",
            answer=OperationList,
            queries=queries(offset=offset, limit=limit),
        ))

    def iter_operations(self, *, limit: int | None = None) -> AsyncIterator[OperationDocument]:
        """Yield what `list_operations` lists, page after page.

        `limit` is the size of a page.
        """
        return numbered_pages_async(lambda page: self.list_operations(
            limit=limit, offset=page,
        ))

    async def get_operation(self, operation: UUID | str) -> OperationDocument:
        """Show an operation.

        `GET /api/v1/operation/{operation}`.

        Raises:
            InvalidValueError: A value was refused at the door; nothing was stored.
            OperationNotFoundError: The namespace has no operation, a change to many tasks, of that
                id.
        """
        return await self._send(Call(
            method="GET",
            path=path_with("/api/v1/operation/{operation}", operation=operation),
            answer=OperationDocument,
        ))

    async def resume_operation(self, operation: UUID | str) -> OperationDocument:
        """Go on with an operation that is not done.

        `POST /api/v1/operation/{operation}/resume`.

        Raises:
            InvalidValueError: A value was refused at the door; nothing was stored.
            OperationNotFoundError: The namespace has no operation, a change to many tasks, of that
                id.
        """
        return await self._send(Call(
            method="POST",
            path=path_with("/api/v1/operation/{operation}/resume", operation=operation),
            answer=OperationDocument,
        ))
