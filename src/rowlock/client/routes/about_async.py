"""The routes about about, as methods of a client.

Written by `python -m tests.docs.client_routes`; do not edit.
"""

from __future__ import annotations

from rowlock.client.calls import Call
from rowlock.client.sending import AsyncSender
from rowlock.wire.documents.about import ServiceDocument

# fmt: off


class AboutRoutes(AsyncSender):
    """The routes about about, as methods of a client."""

    async def openapi(self) -> str:
        """This document.

        `GET /api/v1/openapi.json`.
        """
        return await self._send(Call(
            method="GET",
            path="/api/v1/openapi.json",
            answer=str,
        ))

    async def about(self) -> ServiceDocument:
        """Tell versions, clocks and limits of the service, and how its database is.

        `GET /api/v1/about`.
        """
        return await self._send(Call(
            method="GET",
            path="/api/v1/about",
            answer=ServiceDocument,
        ))

    async def live(self) -> bool:
        """Whether the server runs.

        `GET /livez`.
        """
        return await self._send(Call(
            method="GET",
            path="/livez",
            answer=bool,
        ))

    async def ready(self) -> bool:
        """Whether the database answers.

        `GET /readyz`.
        """
        return await self._send(Call(
            method="GET",
            path="/readyz",
            answer=bool,
        ))

    async def healthy(self) -> bool:
        """The same as `/readyz`.

        `GET /healthz`.
        """
        return await self._send(Call(
            method="GET",
            path="/healthz",
            answer=bool,
        ))
