"""The HTTP service: REST over an app, for programs in any language."""

from __future__ import annotations

from importlib.util import find_spec

from rowlock.errors import MissingExtraError

if find_spec("starlette") is None or find_spec("uvicorn") is None:
    raise MissingExtraError("server", "the HTTP service")

from rowlock.http.application import create_asgi as create_asgi
from rowlock.http.limits import Limits as Limits
