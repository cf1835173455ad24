"""What both clients are made with."""

from __future__ import annotations

import re
import ssl
from dataclasses import dataclass
from typing import Any

import httpx2
import msgspec

from rowlock.client.calls import Call
from rowlock.client.streams import SILENT_SECONDS, Events
from rowlock.errors import InvalidValueError
from rowlock.model.names import checked_namespace
from rowlock.wire.openapi import IDEMPOTENCY_HEADER, NAMESPACE_HEADER

# Longer than the service lets a request wait for the end of a task.
DEFAULT_TIMEOUT_SECONDS = 75.0
DEFAULT_CONNECTIONS = 10
DEFAULT_RETRIES = 3

_TOKEN = re.compile(r"[!-~]+")


@dataclass(frozen=True, slots=True)
class Place:
    """Where the service is, and as whom to talk to it.

    Attributes:
        url: With the prefix below which it is mounted, without a slash at the end.
    """

    url: str
    namespace: str | None
    headers: dict[str, str]

    def __repr__(self) -> str:
        """Show it without the token."""
        shown = "" if self.namespace is None else f", namespace={self.namespace!r}"
        return f"({self.url!r}{shown})"


def place_of(url: str, token: str | None, namespace: str | None) -> Place:
    """Return where to send requests, and with which headers.

    Raises:
        InvalidValueError: The URL, the token or the namespace is not one.
    """
    try:
        parts = httpx2.URL(url)
    except httpx2.InvalidURL as error:
        raise InvalidValueError("url", "is no URL") from error
    if parts.scheme not in {"http", "https"} or not parts.host:
        raise InvalidValueError("url", "must begin with http:// or https:// and name a host")
    if parts.userinfo or parts.query or parts.fragment:
        raise InvalidValueError("url", "has more than host, port and path; give the token apart")
    headers: dict[str, str] = {"Accept": "application/json"}
    if token is not None:
        if not _TOKEN.fullmatch(token):
            raise InvalidValueError("token", "must be ASCII without spaces")
        headers["Authorization"] = f"Bearer {token}"
    if namespace is not None:
        namespace = headers[NAMESPACE_HEADER] = checked_namespace(namespace)
    return Place(str(parts).rstrip("/"), namespace, headers)


def pool_settings(
    place: Place,
    timeout: float,
    connections: int,
    verify: ssl.SSLContext | bool,  # noqa: FBT001 - passed on
) -> dict[str, Any]:
    """Return what httpx2's clients are made with.

    Raises:
        InvalidValueError: A number is not above 0.
    """
    if not timeout > 0:
        raise InvalidValueError("timeout", "must be above 0 seconds")
    if connections < 1:
        raise InvalidValueError("connections", "must be at least 1")
    limits = httpx2.Limits(max_connections=connections, max_keepalive_connections=connections)
    return {"headers": place.headers, "timeout": timeout, "limits": limits, "verify": verify}


def retries_of(retries: int) -> int:
    """Return how often to send again, checked."""
    if retries < 0:
        raise InvalidValueError("retries", "must not be below 0")
    return retries


def request_of(place: Place, call: Call[Any]) -> dict[str, Any]:
    """Return a call as the arguments of httpx2's `request`."""
    sent: dict[str, Any] = {"method": call.method, "url": place.url + call.path}
    headers: dict[str, str] = {}
    if call.queries:
        sent["params"] = call.queries
    if call.body is not None:
        sent["content"] = _encoded(call.body)
        headers["Content-Type"] = "application/json"
    if call.key is not None:
        headers[IDEMPOTENCY_HEADER] = call.key
    return {**sent, "headers": headers}


def stream_of(place: Place, call: Call[Any], events: Events) -> dict[str, Any]:
    """Return a call as the arguments of httpx2's `stream`."""
    request = request_of(place, call)
    patience = httpx2.Timeout(DEFAULT_TIMEOUT_SECONDS, read=SILENT_SECONDS)
    return {**request, "headers": {**request["headers"], **events.headers()}, "timeout": patience}


def _encoded(body: dict[str, Any]) -> bytes:
    try:
        return msgspec.json.encode(body)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise InvalidValueError("body", f"is no JSON: {error}") from error
