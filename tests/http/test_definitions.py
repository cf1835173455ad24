"""Stored definitions over HTTP, on every engine."""

from __future__ import annotations

import msgspec
import pytest

from rowlock.wire.documents.definitions import (
    DefinitionDocument,
    DefinitionList,
    DefinitionTasksDocument,
)
from tests.http.conftest import Service


async def test_the_life_of_a_definition(service: Service, admin):
    body = {
        "alias": "Nightly-Export", "title": "Export", "memo": "Ask Ada.", "queue": "slow",
        "priority": 3, "max_attempts": 2, "lifetime": "1h30m",
    }  # fmt: skip
    made = await admin.ok("POST", "definition", body)
    assert msgspec.convert(made, DefinitionDocument).status == "active"
    assert (made["alias"], made["queue"], made["lifetime_seconds"]) == (
        "Nightly-Export", "slow", 5400.0
    )  # fmt: skip
    for name in ("nightly-export", "NIGHTLY_EXPORT", made["key"], made["id"]):
        assert await admin.ok("GET", f"definition/{name}") == made
    changed = await admin.ok(
        "PATCH", f"definition/{made['id']}", {"memo": "Ask Bob.", "priority": None}
    )
    assert (changed["memo"], changed["priority"], changed["title"]) == ("Ask Bob.", 0, "Export")
    back = await admin.ok("PATCH", "definition/nightly-export", {"lifetime": None, "queue": None})
    assert (back["lifetime_seconds"], back["queue"]) == (None, "default")
    assert await admin.ok("DELETE", "definition/nightly-export?reason=over") == back
    assert (await admin.refused("GET", f"definition/{made['id']}"))["code"] == 404
    assert (await admin.ok("GET", "definition"))["count"] == 0
    [hidden] = (await admin.ok("GET", "definition?include_deleted=true"))["body"]
    assert hidden["deleted_at"] is not None
    again = await admin.ok("POST", "definition", {"alias": "nightly_export"})
    assert again["id"] != made["id"]
    await admin.ok("DELETE", "definition/nightly-export?hard=true")
    assert await service.app.count_definitions(include_deleted=True) == 0


async def test_an_alias_is_given_once(admin):
    await admin.ok("POST", "definition", {"alias": "month-end"})
    refused = await admin.refused("POST", "definition", {"alias": "Month_End"})
    assert (refused["code"], refused["type"]) == (409, "DuplicateDefinitionError")


async def test_a_new_definition_says_where_it_is(admin):
    response = await admin.send("POST", "definition", {"alias": "a b"})
    assert response.status_code == 201
    assert await admin.ok("GET", response.headers["location"]) == response.json()


async def test_a_canceled_definition_takes_no_tasks_until_it_is_active_again(admin):
    await admin.ok("POST", "queue", {"queue": "default"})
    await admin.ok("POST", "definition", {"alias": "report"})
    await admin.ok("PATCH", "definition/report", {"status": "canceled"})
    refused = await admin.refused("POST", "task", {"definition": "report"})
    assert (refused["code"], refused["type"]) == (409, "DefinitionClosedError")
    await admin.ok("PATCH", "definition/report", {"status": "active"})
    await admin.ok("POST", "task", {"definition": "report"})
    counts = await admin.ok("GET", "definition/report/count")
    assert counts == {"waiting": 1, "running": 0, "finished": 0}
    msgspec.convert(counts, DefinitionTasksDocument)


async def test_definitions_are_listed_as_asked_for(admin):
    for alias, status in (("b-late", "canceled"), ("a-early", "active"), ("c-often", "active")):
        await admin.ok("POST", "definition", {"alias": alias, "status": status})
    created = (await admin.ok("GET", "definition/a-early"))["created_at"]

    async def aliases(query: str) -> list[str]:
        page = msgspec.convert(await admin.ok("GET", f"definition?{query}"), DefinitionList)
        return [one.alias for one in page.body]

    assert await aliases("") == ["a-early", "b-late", "c-often"]
    assert await aliases("order=-alias&limit=1&offset=1") == ["b-late"]
    assert await aliases("order=created") == ["b-late", "a-early", "c-often"]
    assert await aliases("alias=LATE") == ["b-late"]
    assert await aliases("status=active&limit=500") == ["a-early", "c-often"]
    assert await aliases(f"created_after={created}") == ["a-early", "c-often"]
    assert await aliases(f"created_before={created}") == ["b-late"]
    assert (await admin.ok("GET", "definition?limit=1&status=active"))["count"] == 2


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "alias"),
        ({"alias": ""}, "alias"),
        ({"alias": 7}, "alias"),
        ({"alias": "x" * 101}, "alias"),
        ({"alias": "a", "title": "x" * 256}, "title"),
        ({"alias": "a", "memo": 1}, "memo"),
        ({"alias": "a", "status": "asleep"}, "status"),
        ({"alias": "a", "queue": "1x"}, "queue"),
        ({"alias": "a", "priority": "high"}, "priority"),
        ({"alias": "a", "max_attempts": 0}, "max_attempts"),
        ({"alias": "a", "lifetime": "soon"}, "lifetime"),
        ({"alias": "a", "lifetime": 0}, "lifetime"),
    ],
)
async def test_a_definition_that_makes_no_sense_is_refused(in_memory: Service, body, field):
    caller = await in_memory.caller()
    refused = await caller.refused("POST", "definition", body)
    assert (refused["code"], refused["detail"]["field"]) == (400, field)
    assert (await caller.ok("GET", "definition"))["count"] == 0


@pytest.mark.parametrize(
    ("method", "path", "body", "field"),
    [
        ("GET", "definition?order=age", None, "order"),
        ("GET", "definition?status=x", None, "status"),
        ("GET", "definition?created_after=today", None, "created_after"),
        ("GET", "definition?colour=red", None, "colour"),
        ("PATCH", "definition/d", {}, "definition"),
        ("PATCH", "definition/d", {"unknown": 1}, "definition"),
        ("PATCH", "definition/d", {"status": "x"}, "status"),
        ("DELETE", "definition/d?hard=perhaps", None, "hard"),
    ],
)
async def test_a_request_that_makes_no_sense_is_refused(
    in_memory: Service, method, path, body, field
):
    before = await in_memory.app.create_definition("d")
    refused = await (await in_memory.caller()).refused(method, path, body)
    assert (refused["code"], refused["detail"]["field"]) == (400, field)
    assert await in_memory.app.get_definition("d") == before


async def test_a_definition_of_another_namespace_is_not_there(service: Service, admin):
    made = await admin.ok("POST", "definition", {"alias": "report", "memo": "canary"})
    theirs = await service.caller("admin", namespace="theirs")
    for name in ("report", made["id"]):
        for method, path, body in (
            ("GET", "", None),
            ("PATCH", "", {"priority": 1}),
            ("DELETE", "", None),
            ("DELETE", "?hard=1", None),
            ("GET", "/count", None),
        ):
            refused = await theirs.refused(method, f"definition/{name}{path}", body)
            assert (refused["code"], refused["type"]) == (404, "DefinitionNotFoundError"), path
            assert "canary" not in str(refused)
    assert await theirs.ok("GET", "definition?include_deleted=1") == {"count": 0, "body": []}
    await theirs.ok("POST", "definition", {"alias": "report", "memo": "theirs"})
    assert await admin.ok("GET", "definition/report") == made


async def test_a_change_is_in_the_audit_with_the_token_as_actor(service: Service):
    token, text = await service.token("definitions:write")
    caller = service.with_token(text)
    await caller.ok("POST", "definition", {"alias": "report", "reason": "asked for"})
    await caller.ok("PATCH", "definition/report", {"priority": 3, "reason": "first"})
    await caller.ok("DELETE", "definition/report?reason=over")
    entries = await service.app.audit(target="report")
    assert [(entry.action, entry.reason) for entry in reversed(entries)] == [
        ("create", "asked for"), ("edit", "first"), ("delete", "over")
    ]  # fmt: skip
    assert {entry.actor for entry in entries} == {f"token test ({token.id})"}


async def test_code_says_what_it_runs_and_leaves_alone_what_people_said(admin):
    made = await admin.ok("POST", "definition", {"alias": "Send", "memo": "ask", "queue": "old"})
    await admin.ok("PATCH", "definition/send", {"status": "canceled"})
    said = {"definitions": [
        {"alias": "send", "title": "Send", "queue": "mail", "lifetime": "1h", "memo": "no"},
        {"alias": "other"},
    ]}  # fmt: skip
    for _ in range(2):
        assert await admin.ok("PUT", "definition", said) == {"count": 2}
    found = await admin.ok("GET", "definition/send")
    assert (found["id"], found["memo"], found["status"]) == (made["id"], "ask", "canceled")
    assert (found["alias"], found["title"], found["queue"]) == ("send", "Send", "mail")
    assert found["lifetime_seconds"] == 3_600
    assert (await admin.ok("GET", "definition"))["count"] == 2
    await admin.ok("DELETE", "definition/other")
    await admin.ok("PUT", "definition", said)
    assert (await admin.ok("GET", "definition"))["count"] == 1


@pytest.mark.parametrize(
    ("one", "field"),
    [
        ({"alias": ""}, "definitions[1].alias"),
        ({"alias": "x", "queue": "1x"}, "definitions[1].queue"),
        ({"alias": "x", "max_attempts": 0}, "definitions[1].max_attempts"),
        ({"queue": "x"}, "definitions[1]"),
    ],
)
async def test_what_code_says_is_stored_whole_or_not_at_all(in_memory, one, field):
    admin = await in_memory.caller("admin")
    refused = await admin.refused("PUT", "definition", {"definitions": [{"alias": "a"}, one]})
    assert (refused["code"], refused["type"]) == (400, "InvalidValueError")
    assert refused["detail"]["field"] == field
    assert (await admin.ok("GET", "definition"))["count"] == 0
