"""The route table, and the document that is made from it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from openapi_spec_validator import validate

from rowlock.errors import ConfigError
from rowlock.http.handlers import HANDLERS
from rowlock.model.tokens import Scope
from rowlock.wire.documents.queues import QueueDocument
from rowlock.wire.documents.tasks import TaskDocument, TaskList
from rowlock.wire.documents.work import ClaimDocument
from rowlock.wire.openapi import openapi_document
from rowlock.wire.routes import ROUTES
from rowlock.wire.routes.table import ANY_TOKEN, PUBLIC, Route, full_path
from tests.http.conftest import Service


def route(**given: Any) -> Route:
    values = {
        "name": "x", "method": "GET", "path": "/x", "scope": PUBLIC, "summary": "X.",
        "response": None,
    }  # fmt: skip
    return Route(**{**values, **given})


@pytest.mark.parametrize("scope", [None, "", "tasks:read", False])
def test_a_route_without_a_scope_cannot_be_made(scope):
    with pytest.raises(ConfigError, match="is no scope"):
        route(scope=scope)


def test_a_route_with_a_parameter_that_nobody_explains_cannot_be_made():
    with pytest.raises(ConfigError, match="its parameters"):
        route(path="/x/{y}")


def test_names_and_addresses_are_unique_and_each_has_its_handler():
    assert len({route.name for route in ROUTES}) == len(ROUTES) == len(HANDLERS)
    assert len({(route.method, full_path(route)) for route in ROUTES}) == len(ROUTES)
    assert {route.name for route in ROUTES} == set(HANDLERS)


def test_what_is_open_to_everybody_is_health_and_the_document():
    assert {route.name for route in ROUTES if route.scope is PUBLIC} == {
        "live", "ready", "healthy", "openapi"
    }  # fmt: skip


def test_every_scope_but_those_for_all_routes_opens_one():
    used = {route.scope for route in ROUTES}
    assert set(Scope) - used == {Scope.PAYLOAD_READ}


def test_what_is_open_to_any_token_tells_of_the_service_and_of_the_token():
    assert {route.name for route in ROUTES if route.scope is ANY_TOKEN} == {"about", "whoami"}


def test_the_document_is_valid_openapi_and_names_every_route():
    document = openapi_document(server="/queue")
    validate(document)
    operations = [one for path in document["paths"].values() for one in path.values()]
    assert {one["operationId"] for one in operations} == {route.name for route in ROUTES}
    assert document["servers"] == [{"url": "/queue"}]


async def test_the_document_is_served_to_everybody(in_memory: Service):
    shown = await in_memory.with_token(None).ok("GET", "openapi.json")
    assert shown == openapi_document()


async def test_answers_are_of_the_types_that_the_table_names(service: Service, admin):
    body = {"queue": "q", "ttl": 60, "retry": "none"}
    for queue in (await admin.ok("POST", "queue", body), await admin.ok("GET", "queue/q")):
        assert msgspec.convert(queue, QueueDocument).ttl == 60
    body = {"queue": "q", "payload": {"a": 1}, "retry": "none", "tags": ["x"]}
    for task in (await admin.ok("POST", "task", body), (await admin.ok("GET", "task"))["body"][0]):
        assert msgspec.convert(task, TaskDocument).tags == ["x"]
    claimed = await admin.ok("PUT", "task?worker=w")
    assert msgspec.convert(claimed, ClaimDocument).worker == "w"
    failed = await admin.ok("PATCH", f"task/{claimed['id']}", {"fail": True, "result": [1]})
    assert msgspec.convert(failed, TaskDocument).error is not None
    reader = await service.caller("tasks:read")
    assert msgspec.convert(await reader.ok("GET", "task"), TaskList).body[0].hidden
