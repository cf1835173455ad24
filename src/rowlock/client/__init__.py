"""The typed client of the HTTP service: a method for each route, and the library's own errors."""

from __future__ import annotations

from importlib.util import find_spec

from rowlock.errors import MissingExtraError

if find_spec("httpx2") is None:
    raise MissingExtraError("client", "the client of the HTTP service")

from rowlock.client.asynchronous import AsyncClient as AsyncClient
from rowlock.client.synchronous import Client as Client

__all__ = ["AsyncClient", "Client"]
