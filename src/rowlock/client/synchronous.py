"""The client for programs that wait."""

from __future__ import annotations

import ssl
import time
from collections.abc import Generator, Mapping
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx2

from rowlock.client import settings
from rowlock.client.answers import answer_of, unreadable
from rowlock.client.calls import Call
from rowlock.client.retrying import Retrying, unavailable
from rowlock.client.routes.all_sync import Routes
from rowlock.client.streams import Events, ServerEvent

T = TypeVar("T")


class Client(Routes):
    """The HTTP service, with a method for each of its routes.

    Refused requests raise the errors of the library. A request that was not sent, or that may
    be sent twice (a GET, storing tasks, a claim), is sent again if the server is away. Any number
    of threads may share one.

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
        >>> with Client("http://localhost:8080", token) as client:  # doctest: +SKIP
        ...     client.create_task(queue="emails", payload={"to": "ann@example.org"})
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
        transport: httpx2.BaseTransport | None = None,
    ) -> None:
        self._place = settings.place_of(url, token, namespace)
        self._retrying = Retrying(settings.retries_of(retries))
        given = settings.pool_settings(self._place, timeout, connections, verify)
        self._http = httpx2.Client(**given, transport=transport)

    def _send(self, call: Call[T]) -> T:
        request = settings.request_of(self._place, call)
        sent = 0
        while True:
            sent += 1
            try:
                response = self._exchange(request)
            except httpx2.TransportError as error:
                wait = self._retrying.wait_after_error(error, call, sent)
                if wait is None:
                    raise unavailable(error, call) from error
            else:
                wait = self._retrying.wait_after(response, call, sent)
                if wait is None:
                    return answer_of(call, response)
            time.sleep(wait)

    def _exchange(self, request: dict[str, Any]) -> httpx2.Response:
        with self._http.stream(**request) as response:
            _read(response)
        return response

    def _stream(self, call: Call[str], kinds: Mapping[str, type]) -> Generator[ServerEvent[Any]]:
        events = Events(kinds)
        while True:
            try:
                with self._http.stream(**settings.stream_of(self._place, call, events)) as response:
                    if not response.is_success:
                        _read(response)
                    wait = self._retrying.wait_after_refusal(response, call, events)
                    if wait is None:
                        events.begin(call, response)
                        for line in response.iter_lines():
                            event = events.read(line)
                            if event is not None:
                                yield event
                        wait = self._retrying.wait_after_break(None, call, events)
            except httpx2.TransportError as error:
                wait = self._retrying.wait_after_break(error, call, events)
            time.sleep(wait)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        """Show where it talks to, without the token."""
        return f"{type(self).__name__}{self._place!r}"


def _read(response: httpx2.Response) -> None:
    try:
        response.read()
    except httpx2.DecodingError as error:
        raise unreadable(response, error) from error
