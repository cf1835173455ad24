"""The service of an empty database, called in this process, once for each engine."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import httpx2
import pytest

from rowlock import AsyncRowlock
from rowlock.app import token_flows
from rowlock.app.flow import run_flow_async
from rowlock.http import Limits, create_asgi
from rowlock.model.tokens import Token
from tests.support.backends import Backend

API = "/api/v1"
QUICK = Limits(failed_burst=1_000)


class Caller:
    """Sends requests as one client of the service."""

    def __init__(self, client: httpx2.AsyncClient) -> None:
        self.client = client

    async def send(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        """Send a request; returns the response."""
        if body is not None:
            more["json"] = body
        full = path if path.startswith("/") else f"{API}/{path}"
        return await self.client.request(method, full, **more)

    async def ok(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        """Send a request that must succeed; returns its document."""
        response = await self.send(method, path, body, **more)
        assert response.status_code in {200, 201}, response.text
        return response.json()

    async def refused(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        """Send a request that must be refused; returns the error's document."""
        response = await self.send(method, path, body, **more)
        document = response.json()
        assert document["code"] == response.status_code >= 400, response.text
        assert {"code", "reason", "type"} <= set(document) <= {"code", "reason", "type", "detail"}
        return document


class Service:
    """An app, its service, and clients of it."""

    def __init__(self, app: AsyncRowlock, stack: AsyncExitStack) -> None:
        self.app = app
        self._stack = stack
        self.asgi = create_asgi(app, limits=QUICK)

    def serve(self, **settings: Any) -> None:
        """Serve in another way from now on."""
        self.asgi = create_asgi(self.app, **settings)

    async def token(
        self,
        *scopes: str,
        namespace: str | None = None,
        everywhere: bool = False,
        expires: str | None = None,
    ) -> tuple[Token, str]:
        """Make a token; returns it and its text."""
        core = self.app.core.within(namespace or self.app.core.namespace)
        flow = token_flows.create_token(
            core, "test", scopes, expires=expires, everywhere=everywhere
        )
        return await run_flow_async(core, flow)

    async def caller(self, *scopes: str, **more: Any) -> Caller:
        """Return a client with a token of its own."""
        _, text = await self.token(*(scopes or ("admin",)), **more)
        return self.with_token(text)

    def with_token(self, text: str | None, *, host: str = "127.0.0.1") -> Caller:
        """Return a client with that token, or none."""
        headers = {} if text is None else {"Authorization": f"Bearer {text}"}
        transport = httpx2.ASGITransport(self.asgi, client=(host, 1234))
        client = httpx2.AsyncClient(
            transport=transport, base_url="http://localhost", headers=headers
        )
        self._stack.push_async_callback(client.aclose)
        return Caller(client)


@pytest.fixture
async def service(backend: Backend) -> AsyncIterator[Service]:
    """The service of an empty database."""
    async with AsyncExitStack() as stack:
        app = await stack.enter_async_context(AsyncRowlock(backend.url))
        yield Service(app, stack)


@pytest.fixture
async def admin(service: Service) -> Caller:
    """A client that may do all, in the app's own namespace."""
    return await service.caller("admin")


@pytest.fixture
async def in_memory() -> AsyncIterator[Service]:
    """The service of a database in memory, for what no engine has a part in."""
    async with AsyncExitStack() as stack:
        app = await stack.enter_async_context(AsyncRowlock("memory://"))
        yield Service(app, stack)
