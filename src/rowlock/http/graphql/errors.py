"""Errors of resolvers and of GraphQL itself, as GraphQL answers them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from graphql import GraphQLError
from strawberry.utils.str_converters import to_camel_case

from rowlock.errors import InvalidValueError, PayloadError
from rowlock.http.answers import error_document
from rowlock.http.graphql.endpoint import shaped
from rowlock.wire.bodies.tasks import CancelBody, NewTaskBody, RetryTaskBody
from rowlock.wire.routes.tasks import TASKS
from rowlock.wire.values import Wire

_BODIES = (NewTaskBody, CancelBody, RetryTaskBody)
_NAMES: Final = {
    "Idempotency-Key": "idempotencyKey",
    **{name: to_camel_case(name) for body in _BODIES for name in body.__struct_fields__},
    **{query.name: to_camel_case(query.name) for route in TASKS for query in route.queries},
}
"""What GraphQL calls the fields that errors name."""


def told(error: GraphQLError, count: Callable[[Exception], None]) -> Wire:
    """Return an error as the client sees it; what it should not see is in the log instead.

    Args:
        error: What a field or GraphQL itself raised.
        count: Is given what is behind it.
    """
    original = _original(error)
    count(original)
    document = shaped(error_document(original))
    if error.locations:
        document["locations"] = [
            {"line": one.line, "column": one.column} for one in error.locations
        ]
    if error.path:
        document["path"] = error.path
    return document


def _original(error: GraphQLError) -> Exception:
    original: Exception | None = error
    while isinstance(original, GraphQLError):
        inner = original.original_error
        if inner is None:
            return InvalidValueError("query", original.message)
        original = inner
    if isinstance(original, RecursionError):
        return InvalidValueError("query", "is nested too deep")
    assert original is not None  # noqa: S101 - the loop ends with an error
    if isinstance(original, InvalidValueError) and not isinstance(original, PayloadError):
        return InvalidValueError(_NAMES.get(original.field, original.field), original.problem)
    return original
