"""The address `/graphql`: what is asked of a request before anything of GraphQL is loaded."""

from __future__ import annotations

import asyncio
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from rowlock.errors import MethodNotAllowedError
from rowlock.http.answers import error_document, error_headers, json_answer
from rowlock.http.call import Call
from rowlock.http.graphql.asking import Asking
from rowlock.http.guard import Guard
from rowlock.http.limits import Limits
from rowlock.http.observing import Observed, Trace
from rowlock.http.reading import body_from, read_json
from rowlock.http.waits import Waits, until_gone
from rowlock.wire.bodies.graphql import GraphqlBody
from rowlock.wire.values import Wire

PATH: Final = "/graphql"
NAME: Final = "graphql"
"""What metrics call it."""
_ENGINE = "rowlock.http.graphql.engine"


def is_installed() -> bool:
    """Whether the extra is there."""
    return find_spec("strawberry") is not None


class Endpoint:
    """Answers requests for `/graphql` that were let in."""

    def __init__(self, guard: Guard, limits: Limits, waits: Waits, observed: Observed) -> None:
        self._guard = guard
        self._limits = limits
        self._waits = waits
        self._observed = observed
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
        call = Call(
            core=core,
            identity=identity,
            everywhere=False,
            path={},
            query={},
            body=body,
            key=None,
            base=request.scope.get("root_path", ""),
            limits=self._limits,
            observed=self._observed,
            waits=self._waits,
            gone=partial(until_gone, request),
        )
        asking = Asking(call, self._guard, request, trace)
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
