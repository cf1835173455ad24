"""The OpenAPI 3.1 document, made from the route table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID

import msgspec

from rowlock._version import __version__
from rowlock.errors import (
    BodyTimeoutError,
    BodyTooLargeError,
    InvalidValueError,
    RateLimitError,
    RouteNotFoundError,
    RowlockError,
    ScopeError,
    StorageUnavailableError,
    UnauthenticatedError,
)
from rowlock.model.tokens import Scope
from rowlock.wire.routes import ROUTES
from rowlock.wire.routes.table import HEALTH, MAX_PAGE, PREFIX, Parameter, Route, full_path
from rowlock.wire.statuses import status_of

Json: TypeAlias = dict[str, Any]

NAMESPACE_HEADER = "Rowlock-Namespace"
IDEMPOTENCY_HEADER = "Idempotency-Key"

_DESCRIPTION = f"""\
The queue service of Rowlock. Errors are one shape everywhere. Durations are seconds or text such \
as `1h30m` in requests, and seconds in answers; times are RFC 3339. Unknown keys of bodies are \
ignored, unknown parameters are refused. A token of every namespace names the one it means by the \
header `{NAMESPACE_HEADER}`, or by writing `{PREFIX}/namespace/NAME/` in place of `{PREFIX}/`.\
"""
_TEXT: Json = {"text/plain": {"schema": {"type": "string"}}}
_STREAM: Json = {"text/event-stream": {"schema": {"type": "string"}}}
_DOCUMENT: Json = {"application/json": {"schema": {"type": "object"}}}
_BEFORE_ALL = (InvalidValueError, RouteNotFoundError, RateLimitError, StorageUnavailableError)
_WITH_TOKEN = (UnauthenticatedError, ScopeError)
_WITH_BODY = (BodyTooLargeError, BodyTimeoutError)
_SCHEMAS: dict[type, Json] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    bool: {"type": "boolean"},
    datetime: {"type": "string", "format": "date-time"},
    UUID: {"type": "string", "format": "uuid"},
}


def openapi_document(*, server: str = "") -> Json:
    """Return the document.

    Args:
        server: Where the service is mounted, such as `/queue`; empty for the root.
    """
    types: set[type] = set()
    for route in ROUTES:
        kinds = (route.request, route.response, route.door.error)
        types.update(one for one in kinds if one is not None)
        types.update(kind for _, kind in route.events)
    ordered = sorted(types, key=lambda one: one.__name__)
    schemas, components = msgspec.json.schema_components(
        ordered, ref_template="#/components/schemas/{name}"
    )
    refs: dict[type, Any] = dict(zip(ordered, schemas, strict=True))
    paths: dict[str, Json] = {}
    for route in ROUTES:
        operations = paths.setdefault(full_path(route), {})
        operations[route.method.lower()] = _operation(route, refs)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Rowlock",
            "version": __version__,
            "description": _DESCRIPTION,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": server or "/"}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def errors_of(route: Route) -> tuple[type[RowlockError], ...]:
    """Return everything that a route may refuse a request with."""
    guarded = () if route.is_public else _WITH_TOKEN
    with_body = _WITH_BODY if route.request is not None else ()
    return tuple(dict.fromkeys((*route.errors, *guarded, *with_body, *_BEFORE_ALL)))


def _operation(route: Route, refs: dict[type, Any]) -> Json:
    operation: Json = {
        "operationId": route.name,
        "summary": route.summary,
        "parameters": _parameters(route),
        "responses": _responses(route, refs),
        "security": [],
    }
    if not route.is_public:
        operation["security"] = [{"token": []}]
    if isinstance(route.scope, Scope):
        operation["x-rowlock-scope"] = route.scope.value
        if route.also:
            operation["x-rowlock-also"] = [scope.value for scope in route.also]
    if route.events:
        operation["x-rowlock-events"] = {name: refs[kind] for name, kind in route.events}
    if route.request is not None:
        operation["requestBody"] = {
            "required": route.body_needed,
            "content": {"application/json": {"schema": refs[route.request]}},
        }
    return operation


def _parameters(route: Route) -> list[Json]:
    in_path = [
        _parameter(one.name, "path", one.summary, _schema(one), required=True)
        for one in route.parameters
    ]
    in_query = [
        _parameter(one.name, "query", one.summary, _schema(one), one.required)
        for one in route.queries
    ]
    in_header: list[Json] = []
    if not route.is_public:
        text = "Which namespace, if the token is good for every one."
        in_header.append(_parameter(NAMESPACE_HEADER, "header", text, {"type": "string"}))
    if route.key:
        schema = {"type": "string", "format": "uuid"}
        in_header.append(_parameter(IDEMPOTENCY_HEADER, "header", route.key, schema))
    return [*in_path, *in_query, *in_header]


def _parameter(
    name: str,
    place: str,
    text: str,
    schema: Json,
    required: bool = False,  # noqa: FBT001,FBT002 - a value among others
) -> Json:
    return {"name": name, "in": place, "description": text, "required": required, "schema": schema}


def _schema(parameter: Parameter) -> Json:
    schema = dict(_SCHEMAS[parameter.kind])
    if parameter.name == "limit":
        schema |= {"minimum": 1, "default": MAX_PAGE}
    if parameter.name == "offset":
        schema |= {"minimum": 0, "default": 0}
    if parameter.required:
        schema |= {"minLength": 1}
    return {"type": "array", "items": schema} if parameter.repeated else schema


def _responses(route: Route, refs: dict[type, Any]) -> Json:
    content = _TEXT if route.door is HEALTH or route.text else _DOCUMENT
    if route.events:
        content = _STREAM
    if route.response is not None:
        content = {"application/json": {"schema": refs[route.response]}}
    done: Json = {"description": route.summary, "content": content}
    if route.gives:
        done["links"] = _links(route)
    responses: Json = {str(route.status): done}
    for status, kinds in _by_status(errors_of(route)).items():
        responses[str(status)] = {
            "description": " ".join(f"`{kind.__name__}`" for kind in kinds),
            "content": {"application/json": {"schema": refs[route.door.error]}},
        }
    return responses


def _links(route: Route) -> Json:
    """Return which operations can go on with what a route answers, and how."""
    told = {parameter: f"$response.body#/{field}" for parameter, field in route.gives}
    links: Json = {}
    for other in ROUTES:
        if other.parameters and set(other.parameters) <= set(told):
            values = {parameter.name: told[parameter] for parameter in other.parameters}
            link: Json = {"operationId": other.name, "parameters": values}
            if _has_token(route.response) and _has_token(other.request):
                link["requestBody"] = {"token": "$response.body#/token"}
            links[other.name] = link
    return links


def _has_token(kind: type[msgspec.Struct] | None) -> bool:
    return kind is not None and "token" in kind.__struct_fields__


def _by_status(errors: Iterable[type[RowlockError]]) -> dict[int, Sequence[type[RowlockError]]]:
    found: dict[int, list[type[RowlockError]]] = {}
    for kind in errors:
        found.setdefault(status_of(kind), []).append(kind)
    return dict(sorted(found.items()))
