"""The routes about definitions, as methods of a client.

Written by `python -m tests.docs.client_routes`; do not edit.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime

from msgspec import UNSET, UnsetType

from rowlock.client.calls import Call, fields, path_with, queries
from rowlock.client.sending import AsyncSender, numbered_pages_async
from rowlock.wire.bodies.common import Duration
from rowlock.wire.bodies.definitions import DeclaredDefinitionBody
from rowlock.wire.documents.definitions import (
    DeclaredDocument,
    DefinitionDocument,
    DefinitionList,
    DefinitionTasksDocument,
)

# fmt: off


class DefinitionsRoutes(AsyncSender):
    """The routes about definitions, as methods of a client."""

    async def list_definitions(
        self, *, alias: str | None = None, status: str | None = None,
        created_after: datetime | None = None, created_before: datetime | None = None,
        include_deleted: bool | None = None, order: str | None = None, offset: int | None = None,
        limit: int | None = None,
    ) -> DefinitionList:
        """List definitions.

        `GET /api/v1/definition`.

        Raises:
            InvalidValueError: A value was refused at the door; nothing was stored.
        """
        return await self._send(Call(
            method="GET",
            path="/api/v1/definition",
            answer=DefinitionList,
            queries=queries(
                alias=alias, status=status, created_after=created_after,
                created_before=created_before, include_deleted=include_deleted, order=order,
                offset=offset, limit=limit,
            ),
        ))

    def iter_definitions(
        self, *, alias: str | None = None, status: str | None = None,
        created_after: datetime | None = None, created_before: datetime | None = None,
        include_deleted: bool | None = None, order: str | None = None, limit: int | None = None,
    ) -> AsyncIterator[DefinitionDocument]:
        """Yield what `list_definitions` lists, page after page.

        `limit` is the size of a page.
        """
        return numbered_pages_async(lambda page: self.list_definitions(
            alias=alias, status=status, created_after=created_after, created_before=created_before,
            include_deleted=include_deleted, order=order, limit=limit, offset=page,
        ))

    async def create_definition(
        self, *, alias: str, title: str | UnsetType | None = UNSET,
        description: str | UnsetType | None = UNSET, queue: str | UnsetType | None = UNSET,
        priority: int | UnsetType | None = UNSET, max_attempts: int | UnsetType | None = UNSET,
        max_crashes: int | UnsetType | None = UNSET, lifetime: Duration | UnsetType | None = UNSET,
        memo: str | UnsetType | None = UNSET, status: str | UnsetType | None = UNSET,
        reason: str | None = None,
    ) -> DefinitionDocument:
        """Store a definition whose code is elsewhere.

        `POST /api/v1/definition`, whose body is a `NewDefinitionBody`.

        Raises:
            InvalidValueError: A value was refused at the door; nothing was stored.
            DuplicateDefinitionError: Two definitions whose aliases are equal ignoring case, `-` and
                `_`.
        """
        return await self._send(Call(
            method="POST",
            path="/api/v1/definition",
            answer=DefinitionDocument,
            body=fields(
                title=title, description=description, queue=queue, priority=priority,
                max_attempts=max_attempts, max_crashes=max_crashes, lifetime=lifetime, memo=memo,
                status=status, alias=alias, reason=reason,
            ),
        ))

    async def declare_definitions(
        self, *, definitions: list[DeclaredDefinitionBody],
    ) -> DeclaredDocument:
        """Store what code says of its definitions; what people say of them stays.

        `PUT /api/v1/definition`, whose body is a `DeclaredDefinitionsBody`.

        Raises:
            InvalidValueError: A value was refused at the door; nothing was stored.
        """
        return await self._send(Call(
            method="PUT",
            path="/api/v1/definition",
            answer=DeclaredDocument,
            body=fields(definitions=definitions),
        ))

    async def get_definition(self, definition: str) -> DefinitionDocument:
        """Show a definition.

        `GET /api/v1/definition/{definition}`.

        Raises:
            InvalidValueError: A value was refused at the door; nothing was stored.
            DefinitionNotFoundError: The namespace has no definition of that alias or id; `alias` is
                what was asked for.
        """
        return await self._send(Call(
            method="GET",
            path=path_with("/api/v1/definition/{definition}", definition=definition),
            answer=DefinitionDocument,
        ))

    async def update_definition(
        self, definition: str, *, title: str | UnsetType | None = UNSET,
        description: str | UnsetType | None = UNSET, queue: str | UnsetType | None = UNSET,
        priority: int | UnsetType | None = UNSET, max_attempts: int | UnsetType | None = UNSET,
        max_crashes: int | UnsetType | None = UNSET, lifetime: Duration | UnsetType | None = UNSET,
        memo: str | UnsetType | None = UNSET, status: str | UnsetType | None = UNSET,
        reason: str | None = None,
    ) -> DefinitionDocument:
        """Change what is given of a definition.

        `PATCH /api/v1/definition/{definition}`, whose body is a `DefinitionBody`.

        Raises:
            InvalidValueError: A value was refused at the door; nothing was stored.
            DefinitionNotFoundError: The namespace has no definition of that alias or id; `alias` is
                what was asked for.
        """
        return await self._send(Call(
            method="PATCH",
            path=path_with("/api/v1/definition/{definition}", definition=definition),
            answer=DefinitionDocument,
            body=fields(
                title=title, description=description, queue=queue, priority=priority,
                max_attempts=max_attempts, max_crashes=max_crashes, lifetime=lifetime, memo=memo,
                status=status, reason=reason,
            ),
        ))

    async def delete_definition(
        self, definition: str, *, hard: bool | None = None, reason: str | None = None,
    ) -> DefinitionDocument:
        """Delete a definition; its tasks are left alone. Answers with it as it was.

        `DELETE /api/v1/definition/{definition}`.

        Raises:
            InvalidValueError: A value was refused at the door; nothing was stored.
            DefinitionNotFoundError: The namespace has no definition of that alias or id; `alias` is
                what was asked for.
        """
        return await self._send(Call(
            method="DELETE",
            path=path_with("/api/v1/definition/{definition}", definition=definition),
            answer=DefinitionDocument,
            queries=queries(hard=hard, reason=reason),
        ))

    async def count_definition_tasks(self, definition: str) -> DefinitionTasksDocument:
        """Count a definition's tasks; it reads all of history.

        `GET /api/v1/definition/{definition}/count`.

        Raises:
            InvalidValueError: A value was refused at the door; nothing was stored.
            DefinitionNotFoundError: The namespace has no definition of that alias or id; `alias` is
                what was asked for.
        """
        return await self._send(Call(
            method="GET",
            path=path_with("/api/v1/definition/{definition}/count", definition=definition),
            answer=DefinitionTasksDocument,
        ))
