"""The typed client of the HTTP service, with the library's own errors; and a worker over it.

Who only sends requests does without what running tasks needs: that is loaded when it is used.
"""

from __future__ import annotations

from importlib.util import find_spec

from rowlock._lazy import lazily
from rowlock.errors import MissingExtraError

if find_spec("httpx2") is None:
    raise MissingExtraError("client", "the client of the HTTP service")

_HOMES = {
    "AsyncClient": "rowlock.client.asynchronous",
    "Client": "rowlock.client.synchronous",
    "HttpWorker": "rowlock.client.working.worker",
}

__all__ = [*sorted(_HOMES)]  # noqa: PLE0604 - texts # pyright: ignore[reportUnsupportedDunderAll]

__getattr__, __dir__ = lazily(__name__, _HOMES)
