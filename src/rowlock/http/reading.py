"""What a request says, read strictly: its parameters and its body."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, cast
from uuid import UUID

import msgspec
from starlette.requests import Request

from rowlock.errors import BodyTimeoutError, BodyTooLargeError, InvalidValueError
from rowlock.http.answers import refused_body
from rowlock.http.limits import Limits
from rowlock.model import json_text
from rowlock.wire.bodies.common import Moment
from rowlock.wire.routes.table import Parameter, Route

_INTEGER = re.compile(r"-?[0-9]{1,18}")
_ID = re.compile(r"[0-9a-fA-F]{8}(-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}")
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}
_PLACE = re.compile(r"(?s)(?P<problem>.*) - at `(?:\$\.?)?(?P<field>.*)`")
_JSON = "application/json"
MAX_SHOWN = 100


def read_queries(route: Route, request: Request) -> dict[str, Any]:
    """Return the values of a request's parameters by name; a list of those that repeat.

    Raises:
        InvalidValueError: One is unknown, missing, given twice, or not what it should be.
    """
    known = {query.name: query for query in route.queries}
    found: dict[str, Any] = {}
    for name, text in request.query_params.multi_items():
        query = known.get(name)
        if query is None:
            names = ", ".join(known) or "none"
            raise InvalidValueError(name[:MAX_SHOWN], f"is no parameter here; there are {names}")
        value = read_text(query, text)
        if query.repeated:
            found.setdefault(name, []).append(value)
        elif name in found:
            raise InvalidValueError(name, "is given twice")
        else:
            found[name] = value
    missing = [
        query.name for query in route.queries if query.required and not found.get(query.name)
    ]
    if missing:
        raise InvalidValueError(missing[0], "is missing")
    return found


def read_text(query: Parameter, text: str) -> Any:
    """Return the value of a parameter.

    Raises:
        InvalidValueError: It is not what it should be.
    """
    json_text.encode(query.name, text)
    return _READERS[query.kind](query.name, text)


def _read_text(name: str, text: str) -> str:
    del name
    return text


def _read_integer(name: str, text: str) -> int:
    if not _INTEGER.fullmatch(text):
        raise InvalidValueError(name, f"must be an integer, not {text[:MAX_SHOWN]!r}")
    return int(text)


def _read_boolean(name: str, text: str) -> bool:
    if text.lower() not in _BOOLEANS:
        raise InvalidValueError(name, f"must be true or false, not {text[:MAX_SHOWN]!r}")
    return _BOOLEANS[text.lower()]


def _read_moment(name: str, text: str) -> datetime:
    try:
        return msgspec.convert(text, Moment)
    except msgspec.ValidationError as error:
        example = "2026-12-31T23:59:00Z, with + written as %2B"
        raise InvalidValueError(
            name, f"{text[:MAX_SHOWN]!r} is no time such as {example}"
        ) from error


def _read_id(name: str, text: str) -> UUID:
    if not _ID.fullmatch(text):
        raise InvalidValueError(name, f"{text[:MAX_SHOWN]!r} is no UUID")
    return UUID(text)


_READERS: dict[type, Callable[[str, str], Any]] = {
    str: _read_text,
    int: _read_integer,
    bool: _read_boolean,
    datetime: _read_moment,
    UUID: _read_id,
}


async def read_body(route: Route, request: Request, limits: Limits) -> Any:
    """Return the body of a request as the type that its route says; None if it takes none.

    Raises:
        InvalidValueError: No JSON, or not of that type.
        BodyTooLargeError: It is too long.
        BodyTimeoutError: It did not come.
    """
    if route.request is None:
        return None
    content = await read_json(request, limits, needed=route.body_needed)
    if not content and not route.body_needed:
        return route.request()
    return body_from(content, route.request)


async def read_json(request: Request, limits: Limits, *, needed: bool = True) -> bytes:
    """Return the body of a request, which says that it is JSON.

    Args:
        request: Whose.
        limits: How long it may be, and take.
        needed: Whether it has to say so even if it is empty.

    Raises:
        InvalidValueError: It says that it is something else.
        BodyTooLargeError: It is too long.
        BodyTimeoutError: It did not come.
    """
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise InvalidValueError("content-encoding", "must be left out: bodies are not compressed")
    try:
        async with asyncio.timeout(limits.body_seconds):
            content = await _bytes_of(request, limits.body_bytes)
    except TimeoutError as error:
        raise BodyTimeoutError(limits.body_seconds) from error
    if not content and not needed:
        return content
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != _JSON:
        raise InvalidValueError("content-type", f"must be {_JSON}, not {kind[:MAX_SHOWN]!r}")
    return content


async def _bytes_of(request: Request, limit: int) -> bytes:
    length = request.headers.get("content-length", "0")
    if length.isascii() and length.isdigit() and int(length[:20]) > limit:
        raise BodyTooLargeError(limit)
    content = bytearray()
    async for part in request.stream():
        content += part
        if len(content) > limit:
            raise BodyTooLargeError(limit)
    return bytes(content)


def body_from(content: bytes, kind: type[msgspec.Struct]) -> Any:
    """Return JSON text as a type.

    Raises:
        InvalidValueError: No JSON, or not of that type; the error names the field.
    """
    if not content.strip():
        raise refused_body("must not be empty")
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise refused_body("is not UTF-8") from error
    value = json_text.parse("body", text)
    if not isinstance(value, dict):
        raise refused_body("must be a JSON object")
    return body_of(cast("dict[str, Any]", value), kind)


def body_of(value: Mapping[str, Any], kind: type[msgspec.Struct]) -> Any:
    """Return values by name as a type.

    Raises:
        InvalidValueError: Not of that type; the error names the field.
    """
    for name, one in value.items():
        json_text.encode("body", name)
        json_text.encode(name[:MAX_SHOWN] or "body", one)
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        placed = _PLACE.fullmatch(str(error))
        if placed is None:
            missing = re.search(r"required field `(\w+)`", str(error))
            if missing is not None:
                raise InvalidValueError(missing[1], "is missing") from error
            raise refused_body(str(error)) from error
        problem = placed["problem"]
        raise InvalidValueError(placed["field"], problem[:1].lower() + problem[1:]) from error
