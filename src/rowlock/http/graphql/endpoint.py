"""The address `/graphql`: what is asked of a request before anything of GraphQL is loaded."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any, Final, TypeAlias

from starlette.requests import Request
from starlette.responses import Response

from rowlock.app.core import Core
from rowlock.errors import MethodNotAllowedError
from rowlock.http.answers import error_document, error_headers, json_answer
from rowlock.http.call import Call, Identity
from rowlock.http.graphql.asking import Asking
from rowlock.http.guard import Guard
from rowlock.http.limits import Limits
from rowlock.http.observing import Trace
from rowlock.http.reading import body_from, read_json
from rowlock.wire.bodies.graphql import GraphqlBody
from rowlock.wire.values import Wire

PATH: Final = "/graphql"
NAME: Final = "graphql"
"""What metrics call it."""
_ENGINE = "rowlock.http.graphql.engine"


def is_installed() -> bool:
    """Whether the extra is there."""
    return find_spec("strawberry") is not None


CallOf: TypeAlias = Callable[[Request, Core, Identity, Mapping[str, Any]], Call]
"""Returns what a handler is given, for a request, its app, its sender and what it is about."""
Failing: TypeAlias = Callable[[Trace, Exception], None]
"""Takes note of why a request failed, or a part of one."""


class Endpoint:
    """Answers requests for `/graphql` that were let in."""

    def __init__(self, guard: Guard, limits: Limits, call_of: CallOf, fail: Failing) -> None:
        self._guard = guard
        self._limits = limits
        self._call_of = call_of
        self._fail = fail
        self._engine: ModuleType | None = None

    async def answer(self, request: Request, trace: Trace) -> Response:
        """Return the answer to a request.

        Raises:
            MethodNotAllowedError: It is no POST: only that is never sent by a link or an image.
            UnauthenticatedError: There is no valid token.
            InvalidValueError: It is no GraphQL, or asks for more than one request may.
        """
        if request.method != "POST":
            raise MethodNotAllowedError(request.method, "POST")
        trace.route = NAME
        identity = await self._guard.authenticate(request)
        core = self._guard.core_for(identity, request)
        trace.namespace = core.namespace
        body: GraphqlBody = body_from(await read_json(request, self._limits), GraphqlBody)
        said: dict[str, Any] = {
            "everywhere": False,
            "path": {},
            "query": {},
            "body": body,
            "key": None,
        }
        call = self._call_of(request, core, identity, said)
        asking = Asking(call, self._guard, request, partial(self._fail, trace))
        if self._engine is None:
            # In a thread: it takes half a second, in which others are answered.
            self._engine = await asyncio.to_thread(import_module, _ENGINE)
        answered: Response = await self._engine.answer(asking, body)
        return answered


def refusal(error: Exception) -> Response:
    """Return what a refused request is answered: the shape that clients of GraphQL read."""
    document = error_document(error)
    status = document["code"]
    return json_answer({"errors": [shaped(document)]}, status, error_headers(error, status))


def shaped(document: Wire) -> Wire:
    """Return an `ErrorDocument` as GraphQL has it."""
    facts = {name: value for name, value in document.items() if name != "reason"}
    return {"message": document["reason"], "extensions": facts}
