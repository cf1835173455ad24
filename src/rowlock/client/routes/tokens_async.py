"""The routes about tokens, as methods of a client.

Written by `python -m tests.docs.client_routes`; do not edit.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import UUID

from rowlock.client.calls import Call, fields, path_with, queries
from rowlock.client.sending import AsyncSender, numbered_pages_async
from rowlock.wire.bodies.common import Duration
from rowlock.wire.documents.about import IdentityDocument
from rowlock.wire.documents.tokens import NewTokenDocument, TokenDocument, TokenList

# fmt: off


class TokensRoutes(AsyncSender):
    """The routes about tokens, as methods of a client."""

    async def whoami(self) -> IdentityDocument:
        """Tell whose token it is that asks.

        `GET /api/v1/whoami`.
        """
        return await self._send(Call(
            method="GET",
            path="/api/v1/whoami",
            answer=IdentityDocument,
        ))

    async def list_tokens(
        self, *, offset: int | None = None, limit: int | None = None,
    ) -> TokenList:
        """List the tokens of a namespace; of all if none is named and all are open.

        `GET /api/v1/token`.

        Raises:
            InvalidValueError: A value was refused at the door; nothing was stored.
        """
        return await self._send(Call(
            method="GET",
            path="/api/v1/token",
            answer=TokenList,
            queries=queries(offset=offset, limit=limit),
        ))

    def iter_tokens(self, *, limit: int | None = None) -> AsyncIterator[TokenDocument]:
        """Yield what `list_tokens` lists, page after page.

        `limit` is the size of a page.
        """
        return numbered_pages_async(lambda page: self.list_tokens(
            limit=limit, offset=page,
        ))

    async def create_token(
        self, *, name: str, scopes: list[str], expires: Duration | None = None,
        all_namespaces: bool = False, reason: str | None = None,
    ) -> NewTokenDocument:
        """Make a token.

        `POST /api/v1/token`, whose body is a `NewTokenBody`.

        Raises:
            InvalidValueError: A value was refused at the door; nothing was stored.
            GrantError: A token is to hand out more than it has; `problem` is what it lacks, in
                words.
        """
        return await self._send(Call(
            method="POST",
            path="/api/v1/token",
            answer=NewTokenDocument,
            body=fields(
                name=name, scopes=scopes, expires=expires, all_namespaces=all_namespaces,
                reason=reason,
            ),
        ))

    async def revoke_token(self, token: UUID | str, *, reason: str | None = None) -> TokenDocument:
        """End a token's use for good; also of the one that asks.

        `POST /api/v1/token/{token}/revoke`, whose body is a `ReasonBody`.

        Raises:
            InvalidValueError: A value was refused at the door; nothing was stored.
            TokenNotFoundError: There is no token of that id, or not in this namespace.
        """
        return await self._send(Call(
            method="POST",
            path=path_with("/api/v1/token/{token}/revoke", token=token),
            answer=TokenDocument,
            body=fields(reason=reason),
        ))
