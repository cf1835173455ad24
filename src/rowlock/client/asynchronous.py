"""The client for asyncio."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncGenerator, Mapping
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx2

from rowlock.client import settings
from rowlock.client.answers import answer_of, unreadable
from rowlock.client.calls import Call
from rowlock.client.retrying import Retrying, unavailable
from rowlock.client.routes.all_async import Routes
from rowlock.client.streams import Events, ServerEvent

T = TypeVar("T")


class AsyncClient(Routes):
    """The HTTP service, with a method to be awaited for each of its routes.

    Refused requests raise the errors of the library. A request that was not sent, or that may
    be sent twice (a GET, storing tasks, a claim), is sent again if the server is away. It
    belongs to one event loop.

    Args:
        url: Where the service is, with the prefix below which it is mounted.
        token: What `rowlock token create` printed; None if the service needs none.
        namespace: Which one is meant, if the token is good for every one.
        timeout: Seconds to wait for a connection, and for each part of an answer.
        retries: How often a request is sent again at most.
        connections: How many are open at most.
        verify: Whether the server's certificate is checked; or an `ssl.SSLContext` for that.
        transport: What sends requests, in place of the network.

    Raises:
        InvalidValueError: One of these is not possible.

    Example:
        >>> async with AsyncClient("http://localhost:8080", token) as client:  # doctest: +SKIP
        ...     await client.create_task(queue="emails", payload={"to": "ann@example.org"})
    """

    def __init__(
        self,
        url: str,
        token: str | None = None,
        *,
        namespace: str | None = None,
        timeout: float = settings.DEFAULT_TIMEOUT_SECONDS,
        retries: int = settings.DEFAULT_RETRIES,
        connections: int = settings.DEFAULT_CONNECTIONS,
        verify: ssl.SSLContext | bool = True,
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        self._place = settings.place_of(url, token, namespace)
        self._retrying = Retrying(settings.retries_of(retries))
        given = settings.pool_settings(self._place, timeout, connections, verify)
        self._http = httpx2.AsyncClient(**given, transport=transport)

    async def _send(self, call: Call[T]) -> T:
        request = settings.request_of(self._place, call)
        sent = 0
        while True:
            sent += 1
            try:
                response = await self._exchange(request)
            except httpx2.TransportError as error:
                wait = self._retrying.wait_after_error(error, call, sent)
                if wait is None:
                    raise unavailable(error, call) from error
            else:
                wait = self._retrying.wait_after(response, call, sent)
                if wait is None:
                    return answer_of(call, response)
            await asyncio.sleep(wait)

    async def _exchange(self, request: dict[str, Any]) -> httpx2.Response:
        async with self._http.stream(**request) as response:
            await _read(response)
        return response

    async def _stream(
        self, call: Call[str], kinds: Mapping[str, type]
    ) -> AsyncGenerator[ServerEvent[Any]]:
        events = Events(kinds)
        while True:
            try:
                request = settings.stream_of(self._place, call, events)
                async with self._http.stream(**request) as response:
                    if not response.is_success:
                        await _read(response)
                    wait = self._retrying.wait_after_refusal(response, call, events)
                    if wait is None:
                        events.begin(call, response)
                        async for line in response.aiter_lines():
                            event = events.read(line)
                            if event is not None:
                                yield event
                        wait = self._retrying.wait_after_break(None, call, events)
            except httpx2.TransportError as error:
                wait = self._retrying.wait_after_break(error, call, events)
            await asyncio.sleep(wait)

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    def __repr__(self) -> str:
        """Show where it talks to, without the token."""
        return f"{type(self).__name__}{self._place!r}"


async def _read(response: httpx2.Response) -> None:
    try:
        await response.aread()
    except httpx2.DecodingError as error:
        raise unreadable(response, error) from error
