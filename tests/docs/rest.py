"""The reference of the REST API, written from its OpenAPI document."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Any

from rowlock.wire.openapi import openapi_document

INTRODUCTION = """\
# REST API

<!-- Written by `python -m tests.docs.reference`; do not edit. -->

Every route of the [server](../guides/server.md), from the OpenAPI 3.1 document that it has at
`/api/v1/openapi.json`. Routes below `/api/v1` are also found below `/api/v1/namespace/NAME`. Errors
are an `ErrorDocument`, whose classes are explained in [Errors](errors.md); below `/api/tasks` they
are a `MessageDocument`.

| Route | Scope | |
|---|---|---|
"""
WIDTH = 100
HEADERS = ("Rowlock-Namespace",)


def rest_page() -> str:
    """Every route, then every type."""
    document = openapi_document()
    operations = [
        (path, method.upper(), one)
        for path, methods in document["paths"].items()
        for method, one in methods.items()
    ]
    rows = [
        f"| `{method} {path}` | {scope_of(one)} | {one['summary']} |"
        for path, method, one in operations
    ]
    lines = [INTRODUCTION + "\n".join(rows), "", "## Routes"]
    for path, method, one in operations:
        lines += ["", f"### `{method} {path}`", "", *entry(one)]
    lines += ["", "## Types"]
    for name, schema in document["components"]["schemas"].items():
        lines += ["", f"### `{name}`", "", *fields(schema)]
    return "\n".join(lines) + "\n"


def scope_of(operation: dict[str, Any]) -> str:
    """What a token needs for it."""
    scopes = [operation.get("x-rowlock-scope"), *operation.get("x-rowlock-also", ())]
    known = ", ".join(f"`{scope}`" for scope in scopes if scope)
    return known or ("any token" if operation["security"] else "open")


def entry(operation: dict[str, Any]) -> Iterator[str]:
    """What a route takes and answers."""
    yield operation["summary"]
    shown = [one for one in operation["parameters"] if one["name"] not in HEADERS]
    if shown:
        yield from ("", "| Parameter | In | |", "|---|---|---|")
    for one in shown:
        notes = [one["description"]]
        if one["in"] == "query" and one["required"]:
            notes.append("Required.")
        if one["schema"].get("type") == "array":
            notes.append("May be repeated.")
        yield f"| `{one['name']}` | {one['in']} | {' '.join(notes)} |"
    if "requestBody" in operation:
        needed = "" if operation["requestBody"]["required"] else " It may be left out."
        yield from ("", f"Body: {type_of(content_of(operation['requestBody']))}.{needed}")
    done, *refused = operation["responses"].items()
    told = operation.get("x-rowlock-events", {})
    events = ", ".join(f"`{name}` with a {type_of(kind)}" for name, kind in told.items())
    answer = f"events: {events}" if events else type_of(content_of(done[1]))
    yield from ("", *textwrap.wrap(f"Answers {done[0]} with {answer}.", WIDTH))
    if refused:
        words = "; ".join(f"{code} {one['description']}" for code, one in refused)
        yield textwrap.fill(f"Refuses with {words}.", WIDTH, break_on_hyphens=False)


def content_of(part: dict[str, Any]) -> Any:
    """The schema of a body."""
    [content] = part["content"].values()
    return content["schema"]


def fields(schema: dict[str, Any]) -> Iterator[str]:
    """A type's fields."""
    yield schema.get("description", "")
    yield from ("", "| Field | Type | |", "|---|---|---|")
    required = schema.get("required", ())
    answer = not any("default" in one for one in schema["properties"].values())
    for name, one in schema["properties"].items():
        needed = " Required." if name in required and not answer else ""
        yield f"| `{name}` | {type_of(one)} | {one.get('description', '')}{needed} |"


def type_of(schema: dict[str, Any]) -> str:
    """A type in a few words."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[`{name}`](#{name.lower()})"
    if "anyOf" in schema:
        words = dict.fromkeys(type_of(one) for one in schema["anyOf"])
        return " or ".join(word for word in words if not (word == "integer" and "number" in words))
    if schema.get("type") == "array":
        return f"list of {type_of(schema['items'])}"
    shown: str = schema.get("format") or schema.get("type") or "any JSON"
    return shown
