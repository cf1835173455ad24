"""Running what a request asks for, and answering it at once or as a stream."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import ExitStack
from typing import Any

import msgspec
from graphql import OperationType
from starlette.responses import Response
from strawberry.types import ExecutionResult

from rowlock.errors import InvalidValueError
from rowlock.http.answers import json_answer
from rowlock.http.graphql.asking import Asking
from rowlock.http.graphql.errors import told
from rowlock.http.graphql.query import operation_of
from rowlock.http.graphql.schema import SCHEMA
from rowlock.http.graphql.streaming import frames_of
from rowlock.http.streaming import EVENTS, EventStream
from rowlock.wire.bodies.graphql import GraphqlBody
from rowlock.wire.values import Wire


async def answer(asking: Asking, body: GraphqlBody) -> Response:
    """Return the answer to a request.

    Raises:
        InvalidValueError: It is refused before anything is run.
        RateLimitError: It asks for a stream, and there are too many.
    """
    operation = operation_of(body)
    asking.operation = operation
    given: dict[str, Any] = {
        "query": body.query,
        "variable_values": body.variables,
        "context_value": asking,
        "operation_name": body.operation_name,
    }
    if asking.wants(EVENTS):
        return _stream(asking, given)
    if operation.kind is OperationType.SUBSCRIPTION:
        raise InvalidValueError("accept", f"must be {EVENTS}, in which subscriptions are answered")
    result = await SCHEMA.execute(**given)
    assert isinstance(result, ExecutionResult)  # noqa: S101 - @defer and @stream are off
    return json_answer(_document(asking, result), 200 if result.data is not None else 400)


def _document(asking: Asking, result: Any) -> Wire:
    """Return a result as JSON; without data if nothing was run."""
    document: Wire = {} if result.data is None else {"data": result.data}
    if result.errors:
        document["errors"] = [told(error, asking.count_error) for error in result.errors]
    return document


def _stream(asking: Asking, given: dict[str, Any]) -> EventStream:
    with ExitStack() as stack:
        end = stack.enter_context(asking.call.waits.place(asking.call.identity.actor))
        return EventStream(frames_of(_results(asking, given), end), stack.pop_all())


async def _results(asking: Asking, given: dict[str, Any]) -> AsyncGenerator[bytes]:
    async for result in await SCHEMA.stream(**given):
        yield msgspec.json.encode(_document(asking, result))
