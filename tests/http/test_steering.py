"""Changing one task over HTTP, and what became of its runs; on every engine."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from rowlock.model.ids import new_task_id
from tests.http.conftest import Caller, Service

CANARY = "canary-51d0"
LATER = "2099-01-01T00:00:00Z"


@pytest.fixture
async def task_id(admin: Caller) -> str:
    """A task that waits in the queue `q`."""
    await admin.ok("POST", "queue", {"queue": "q", "retry": "immediate"})
    return await store(admin)


async def store(caller: Caller, payload: object = CANARY, **more: object) -> str:
    document = await caller.ok("POST", "task", {"queue": "q", "payload": payload, **more})
    return str(document["id"])


async def fail(caller: Caller, task_id: str) -> Any:
    claimed = await caller.ok("PUT", "task?worker=w")
    assert claimed["id"] == task_id
    lines = [{"message": f"{CANARY} {number}"} for number in range(3)]
    held = {"token": claimed["token"]}
    await caller.ok("POST", f"task/{task_id}/log", {**held, "lines": lines})
    return await caller.ok("PATCH", f"task/{task_id}", {**held, "error": CANARY})


async def test_a_paused_task_is_not_claimed_until_it_is_resumed(admin, task_id):
    body = {"until": LATER, "reason": "on hold"}
    paused = await admin.ok("POST", f"task/{task_id}/pause", body)
    assert (paused["state"], paused["pause_reason"]) == ("paused", "on hold")
    assert paused["paused_until"] == "2099-01-01T00:00:00.000000Z"
    assert (await admin.refused("PUT", "task?worker=w"))["type"] == "NoTaskError"
    resumed = await admin.ok("POST", f"task/{task_id}/resume")
    assert (resumed["state"], resumed["paused_until"]) == ("queued", None)
    again = await admin.refused("POST", f"task/{task_id}/resume")
    assert (again["code"], again["type"]) == (409, "TaskConflictError")


async def test_an_edit_changes_what_is_given_and_nothing_else(admin, task_id):
    before = await admin.ok("GET", f"task/{task_id}")
    body = {"priority": 7, "tags": ["b", "a"], "max_attempts": 2}
    after = await admin.ok("POST", f"task/{task_id}/edit", body)
    assert after == {**before, "priority": 7, "tags": ["a", "b"], "max_attempts": 2, "retries": 2}
    later = await admin.ok("POST", f"task/{task_id}/edit", {"run_at": LATER})
    assert (later["state"], later["delayed_at"]) == ("scheduled", "2099-01-01T00:00:00.000000Z")
    arguments = await admin.ok("POST", f"task/{task_id}/edit", {"arguments": {"a": 1}})
    assert (arguments["payload"], arguments["run_at"]) == ({"a": 1}, later["run_at"])


async def test_a_running_task_cannot_be_edited_and_keeps_what_it_has(admin, task_id):
    await admin.ok("PUT", "task?worker=w")
    before = await admin.ok("GET", f"task/{task_id}")
    for action in ("edit", "pause", "resume", "restore", "purge"):
        body = {"priority": 9} if action == "edit" else None
        refused = await admin.refused("POST", f"task/{task_id}/{action}", body)
        assert (refused["code"], refused["type"]) == (409, "TaskConflictError"), action
    assert (await admin.refused("DELETE", f"task/{task_id}"))["code"] == 409
    assert await admin.ok("GET", f"task/{task_id}") == before


async def test_arguments_of_a_definition_are_checked_when_they_are_edited(service, admin):
    @service.app.task(queue="sums")
    def add(a: int) -> int:
        return a

    task = await admin.ok("POST", "task", {"definition": "add", "arguments": {"a": 1}})
    for action in ("edit", "requeue"):
        path = f"task/{task['id']}/{action}"
        refused = await admin.refused("POST", path, {"arguments": {"a": "x"}})
        assert (refused["code"], refused["type"]) == (400, "PayloadError")
    assert (await admin.ok("GET", "task"))["count"] == 1
    assert (await admin.ok("GET", f"task/{task['id']}"))["payload"] == {"a": 1}
    changed = await admin.ok("POST", f"task/{task['id']}/edit", {"arguments": {"a": 2}})
    assert changed["payload"] == {"a": 2}


async def test_a_requeued_task_is_a_new_one_and_the_old_one_stays(admin, task_id):
    await fail(admin, task_id)
    before = await admin.ok("GET", f"task/{task_id}")
    response = await admin.send("POST", f"task/{task_id}/requeue", {"priority": 4})
    new = response.json()
    assert response.status_code == 201
    assert response.headers["location"] == f"/api/v1/task/{new['id']}"
    assert new["id"] != task_id
    assert (new["payload"], new["priority"], new["attempt"]) == (CANARY, 4, 0)
    assert await admin.ok("GET", f"task/{task_id}") == before
    other = await admin.refused("POST", f"task/{task_id}/requeue", {"queue": "missing"})
    assert (other["code"], other["type"]) == (404, "QueueNotFoundError")
    held = await store(admin, unique="key")
    twice = await admin.refused("POST", f"task/{held}/requeue")
    assert (twice["code"], twice["type"]) == (409, "DuplicateTaskError")


async def test_a_deleted_task_is_hidden_restored_and_purged(admin, task_id):
    deleted = await admin.ok("DELETE", f"task/{task_id}?reason=a%20typo")
    assert (deleted["state"], deleted["deleted_at"] is None) == ("canceled", False)
    assert (await admin.ok("GET", "task"))["count"] == 0
    assert (await admin.ok("GET", "task?include_deleted=true"))["count"] == 1
    restored = await admin.ok("POST", f"task/{task_id}/restore")
    assert (restored["state"], restored["deleted_at"]) == ("canceled", None)
    assert (await admin.refused("POST", f"task/{task_id}/restore"))["code"] == 409
    assert await admin.ok("POST", f"task/{task_id}/purge") == {"id": task_id}
    for method, path in (("GET", ""), ("POST", "/purge"), ("GET", "/attempt"), ("GET", "/log")):
        gone = await admin.refused(method, f"task/{task_id}{path}")
        assert (gone["code"], gone["type"]) == (404, "TaskNotFoundError")


async def test_force_deletes_a_running_task_and_its_worker_loses_the_claim(admin, task_id):
    claimed = await admin.ok("PUT", "task?worker=w")
    deleted = await admin.ok("DELETE", f"task/{task_id}?force=true")
    assert (deleted["state"], deleted["deleted_at"] is None) == ("canceled", False)
    lost = await admin.refused("PATCH", f"task/{task_id}", {"token": claimed["token"]})
    assert (lost["code"], lost["type"]) == (404, "TaskNotFoundError")
    restored = await admin.ok("POST", f"task/{task_id}/restore")
    assert (restored["state"], restored["result"]) == ("canceled", None)


async def test_runs_and_log_lines_are_listed_oldest_first_in_pages(admin, task_id):
    for _ in range(2):
        await fail(admin, task_id)
    runs = await admin.ok("GET", f"task/{task_id}/attempt")
    assert (runs["count"], [run["attempt"] for run in runs["body"]]) == (2, [1, 2])
    assert {run["error"]["message"] for run in runs["body"]} == {CANARY}
    page = await admin.ok("GET", f"task/{task_id}/attempt?offset=1&limit=1")
    assert (page["count"], page["body"]) == (2, runs["body"][1:])
    lines = await admin.ok("GET", f"task/{task_id}/log")
    assert lines["count"] == 6
    assert [line["message"] for line in lines["body"]] == [f"{CANARY} {n}" for n in (0, 1, 2)] * 2
    page = await admin.ok("GET", f"task/{task_id}/log?offset=2&limit=3")
    assert (page["count"], page["body"]) == (6, lines["body"][2:5])
    assert (await admin.refused("GET", f"task/{task_id}/log?limit=0"))["code"] == 400


async def test_payloads_errors_and_lines_are_hidden_without_the_scope(
    service: Service, admin, task_id
):
    await fail(admin, task_id)
    caller = await service.caller("tasks:read", "tasks:write")
    steps = (
        ("GET", "/attempt", None), ("GET", "/log", None), ("POST", "/pause", None),
        ("POST", "/edit", {"priority": 2}), ("POST", "/resume", None), ("POST", "/requeue", None),
        ("DELETE", "", None), ("POST", "/restore", None), ("POST", "/purge", None),
    )  # fmt: skip
    for method, path, body in steps:
        response = await caller.send(method, f"task/{task_id}{path}", body)
        assert response.status_code in {200, 201}, response.text
        assert CANARY not in response.text, path
        shown = response.json()
        for one in shown.get("body", [shown] if "state" in shown else []):
            assert one["hidden"]


async def test_every_change_is_in_the_audit_with_the_token_as_actor(service, admin, task_id):
    token, text = await service.token("tasks:write")
    caller = service.with_token(text)
    why = {"reason": "asked to"}
    for action in ("pause", "resume", "edit", "requeue"):
        body = {**why, "priority": 1} if action == "edit" else why
        await caller.ok("POST", f"task/{task_id}/{action}", body)
    await caller.ok("DELETE", f"task/{task_id}?reason=asked%20to")
    for action in ("restore", "purge"):
        await caller.ok("POST", f"task/{task_id}/{action}", why)
    entries = await service.app.audit(target=task_id)
    assert [entry.action for entry in entries] == [
        "purge", "restore", "delete", "requeue", "edit", "resume", "pause",
    ]  # fmt: skip
    assert {entry.actor for entry in entries} == {f"token test ({token.id})"}
    assert {entry.reason for entry in entries} == {"asked to"}


async def test_of_a_claim_and_an_edit_at_once_the_edit_wins_whole_or_not_at_all(admin, task_id):
    await admin.ok("POST", f"task/{task_id}/pause")
    for number in range(10):
        one = await store(admin)
        claimed, edited = await asyncio.gather(
            admin.send("PUT", "task/q?worker=w"),
            admin.send("POST", f"task/{one}/edit", {"arguments": {"n": number}}),
        )
        # A claim passes over a task that is just being changed: then it is claimed later.
        assert {claimed.status_code, edited.status_code} <= {200, 201, 404, 409}
        if claimed.status_code == 404:
            claimed = await admin.send("PUT", "task/q?worker=w")
        assert claimed.json()["id"] == one
        wanted = {"n": number} if edited.status_code == 200 else CANARY
        assert claimed.json()["payload"] == wanted


async def test_only_one_of_many_purges_succeeds(admin, task_id):
    await admin.ok("DELETE", f"task/{task_id}")
    path = f"task/{task_id}/purge"
    answers = await asyncio.gather(*(admin.send("POST", path) for _ in range(5)))
    assert sorted(one.status_code for one in answers) == [200, 404, 404, 404, 404]


@pytest.mark.parametrize(
    ("action", "body", "field"),
    [
        ("edit", {}, "edit"),
        ("edit", {"priority": None}, "edit"),
        ("edit", {"priority": "x"}, "priority"),
        ("edit", {"priority": 40_000}, "priority"),
        ("edit", {"run_at": "2099-01-01T00:00:00"}, "run_at"),
        ("edit", {"run_at": LATER, "delay": 1}, "run_at"),
        ("edit", {"max_attempts": 0}, "max_attempts"),
        ("edit", {"arguments": [1]}, "arguments"),
        ("edit", {"priority": 1, "reason": "x" * 5_000}, "reason"),
        ("pause", {"until": "tomorrow"}, "until"),
        ("pause", {"until": "2020-01-01T00:00:00Z"}, "until"),
        ("resume", {"reason": 1}, "reason"),
        ("requeue", {"delay": -1}, "delay"),
        ("requeue", {"queue": "a b"}, "queue"),
        ("requeue", {"ttl": 1, "lifetime": 2}, "ttl"),
        ("restore", {"reason": []}, "reason"),
    ],
)
async def test_a_change_that_makes_no_sense_is_refused(in_memory, action, body, field):
    admin = await in_memory.caller()
    await admin.ok("POST", "queue", {"queue": "q"})
    one = await store(admin)
    before = await admin.ok("GET", f"task/{one}")
    refused = await admin.refused("POST", f"task/{one}/{action}", body)
    assert (refused["code"], refused["detail"]["field"]) == (400, field)
    assert (await admin.ok("GET", "task"))["body"] == [before]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/requeue", None),
        ("POST", "/edit", {"priority": 1}),
        ("POST", "/edit", {"arguments": {"a": 1}}),
        ("POST", "/pause", None),
        ("POST", "/resume", None),
        ("DELETE", "", None),
        ("DELETE", "?force=true", None),
        ("POST", "/restore", None),
        ("POST", "/purge", None),
        ("GET", "/attempt", None),
        ("GET", "/log", None),
    ],
)
async def test_a_task_of_another_namespace_is_not_there(
    service, admin, task_id, method, path, body
):
    theirs = await service.caller("admin", namespace="theirs")
    await theirs.ok("POST", "queue", {"queue": "q"})
    before = await admin.ok("GET", f"task/{task_id}")
    for missing in (task_id, str(new_task_id())):
        refused = await theirs.refused(method, f"task/{missing}{path}", body)
        assert (refused["code"], refused["type"]) == (404, "TaskNotFoundError")
        assert CANARY not in str(refused)
    assert (await admin.refused(method, f"task/abc{path}", body))["detail"]["field"] == "id"
    assert await admin.ok("GET", f"task/{task_id}") == before


async def test_an_edit_sets_single_arguments_and_leaves_the_others(admin, task_id):
    one = await store(admin, {"a": 1, "b": 2})
    edited = await admin.ok("POST", f"task/{one}/edit", {"set_arguments": {"b": 3}})
    assert edited["payload"] == {"a": 1, "b": 3}
    both = {"set_arguments": {"b": 3}, "arguments": {"b": 3}}
    refused = await admin.refused("POST", f"task/{one}/edit", both)
    assert (refused["code"], refused["detail"]["field"]) == (400, "set_arguments")
    plain = await admin.refused("POST", f"task/{task_id}/edit", {"set_arguments": {"b": 3}})
    assert (plain["code"], plain["detail"]["field"]) == (400, "arguments")
