"""C122 and C123: queues over HTTP, on every engine."""

from __future__ import annotations

import asyncio

import pytest

from rowlock.http import Limits
from rowlock.ops import queue_deletion
from rowlock.worker.caretaking import looked_after
from tests.http.conftest import Caller, Service


async def make(admin: Caller, *names: str) -> None:
    for name in names:
        await admin.ok("POST", "queue", {"queue": name})


async def test_a_page_of_queues_has_the_count_of_all(admin):
    await make(admin, "c", "a", "b", "d")
    page = await admin.ok("GET", "queue?limit=2&offset=1")
    assert page["count"] == 4
    assert [queue["name"] for queue in page["body"]] == ["b", "c"]
    assert (await admin.ok("GET", "queue?offset=9"))["body"] == []


async def test_a_page_has_at_most_100_queues(in_memory):
    admin = await in_memory.caller()
    for number in range(103):
        await in_memory.app.register_queue(f"q{number:03}")
    page = await admin.ok("GET", "queue?limit=500")
    assert (page["count"], len(page["body"])) == (103, 100)


@pytest.mark.parametrize(
    "query", ["limit=x", "offset=x", "limit=0", "offset=-1", "limit=1&limit=2"]
)
async def test_a_page_that_makes_no_sense_is_refused(in_memory, query):
    admin = await in_memory.caller()
    refused = await admin.refused("GET", f"queue?{query}")
    assert refused["code"] == 400
    assert refused["detail"]["field"] == query.partition("=")[0]


async def test_the_life_of_a_queue(admin):
    body = {"queue": " Emails ", "ttl": "1h30m", "retries": 5, "retry_delay": "10s"}
    made = await admin.ok("POST", "queue", body)
    assert (made["name"], made["queue"], made["namespace"]) == ("emails", "emails", "default")
    assert (made["ttl"], made["retries"], made["retry_delay"]) == (5400.0, 5, 10.0)
    assert made["retry"] == {
        "backoff": "quadratic", "base_seconds": 10.0, "cap_seconds": 3153600000.0, "jitter": False
    }  # fmt: skip
    again = await admin.refused("POST", "queue", {"name": "emails"})
    assert (again["code"], again["type"]) == (409, "DuplicateQueueError")
    assert again["detail"] == {"queue": "emails"}
    assert await admin.ok("GET", "queue/emails") == made
    changed = await admin.ok("PATCH", "queue/emails", {"retries": 2, "lease": 90, "timeout": "1m"})
    assert (changed["max_attempts"], changed["lease_seconds"]) == (2, 90.0)
    assert (changed["timeout_seconds"], changed["ttl"]) == (60.0, 5400.0)
    assert await admin.ok("GET", "queue/emails") == changed


async def test_a_queue_is_deleted_with_its_tasks(admin, service: Service):
    await make(admin, "emails", "other")
    waiting = await admin.ok("POST", "task", {"queue": "emails", "payload": 1})
    finished = await admin.ok("POST", "task", {"queue": "emails", "payload": 2, "priority": 1})
    claim = await admin.ok("PUT", "task/emails?worker=w")
    assert claim["id"] == finished["id"]
    await admin.ok("PATCH", f"task/{claim['id']}", {"token": claim["token"], "result": 1})
    await admin.ok("POST", "task", {"queue": "other", "payload": 3})
    before = await admin.ok("GET", "queue/emails")
    deleted = await admin.ok("DELETE", "queue/emails?reason=moved")
    assert deleted == {**before, "deleted": True}
    for address in ("queue/emails", "queue/emails/count", f"task/{waiting['id']}",
                    f"task/{finished['id']}"):  # fmt: skip
        assert (await admin.refused("GET", address))["code"] == 404
    assert [one["name"] for one in (await admin.ok("GET", "queue"))["body"]] == ["other"]
    assert [one["queue"] for one in (await admin.ok("GET", "task"))["body"]] == ["other"]
    assert [one["queue"] for one in (await admin.ok("GET", "stats"))["queues"]] == ["other"]
    assert 'queue="emails"' not in (await admin.send("GET", "metrics")).text
    assert (await admin.refused("DELETE", "queue/emails"))["type"] == "QueueNotFoundError"
    [entry, _] = await service.app.audit(target="emails")
    assert (entry.action, entry.kind, entry.reason) == ("delete", "queue", "moved")
    assert (await admin.ok("POST", "queue", {"queue": "emails"}))["paused"] is False


async def test_a_queue_of_which_tasks_run_is_deleted_by_force_only(admin):
    await make(admin, "q")
    await admin.ok("POST", "task", {"queue": "q", "payload": 1})
    claim = await admin.ok("PUT", "task/q?worker=w")
    refused = await admin.refused("DELETE", "queue/q")
    assert (refused["code"], refused["type"]) == (409, "QueueBusyError")
    assert refused["detail"] == {"queue": "q", "running": 1}
    assert (await admin.ok("DELETE", "queue/q?force=true"))["deleted"] is True
    settled = await admin.refused("PATCH", f"task/{claim['id']}", {"token": claim["token"]})
    assert settled["code"] in {404, 409}


async def test_a_large_queue_is_deleted_as_far_as_a_request_goes(in_memory, monkeypatch):
    monkeypatch.setattr(queue_deletion, "BATCH", 2)
    in_memory.serve(limits=Limits(bulk_seconds=0))
    admin = await in_memory.caller()
    await make(admin, "q")
    await in_memory.app.enqueue_many(None, range(3), queue="q")
    first = await admin.ok("DELETE", "queue/q")
    assert (first["deleted"], first["paused"], first["pause_reason"]) == (
        False, True, "being deleted",
    )  # fmt: skip
    assert await admin.ok("GET", "queue/q") == {
        name: value for name, value in first.items() if name != "deleted"
    }
    async with looked_after(in_memory.app.core):
        while (await admin.send("GET", "queue/q")).status_code != 404:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    assert await in_memory.app.list_tasks(queue="q") == []


async def test_deleting_a_queue_takes_the_scopes_for_queues_and_tasks(in_memory):
    await in_memory.app.register_queue("q")
    for scopes in (("queues:read", "tasks:write"), ("queues:write",)):
        caller = await in_memory.caller(*scopes)
        assert (await caller.refused("DELETE", "queue/q"))["code"] == 403
    writer = await in_memory.caller("queues:write", "tasks:write")
    assert (await writer.ok("DELETE", "queue/q"))["name"] == "q"


async def test_a_queue_that_is_not_there(admin):
    for method, body in (("GET", None), ("PATCH", {"retries": 1}), ("DELETE", None)):
        refused = await admin.refused(method, "queue/nothing", body)
        assert (refused["code"], refused["type"]) == (404, "QueueNotFoundError")
    assert (await admin.ok("GET", "queue"))["count"] == 0


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"queue": ""}, "queue"),
        ({"queue": "1x"}, "queue"),
        ({"queue": "a b"}, "queue"),
        ({"queue": "x" * 65}, "queue"),
        ({"queue": 7}, "queue"),
        ({"queue": "q", "name": "q"}, "queue"),
        ({"queue": "q", "ttl": "soon"}, "lifetime"),
        ({"queue": "q", "ttl": -1}, "lifetime"),
        ({"queue": "q", "ttl": 1, "lifetime": 1}, "ttl"),
        ({"queue": "q", "retries": -1}, "max_attempts"),
        ({"queue": "q", "retries": 2**64}, "retries"),
        ({"queue": "q", "retry": "sometimes"}, "retry"),
        ({"queue": "q", "retry": {"backoff": "fixed", "bass_seconds": 1}}, "retry"),
        ({"queue": "q", "retry": "fixed", "retry_delay": 1}, "retry_delay"),
    ],
)
async def test_a_queue_that_makes_no_sense_is_refused(in_memory, body, field):
    admin = await in_memory.caller()
    refused = await admin.refused("POST", "queue", body)
    assert (refused["code"], refused["detail"]["field"]) == (400, field)
    assert (await admin.ok("GET", "queue"))["count"] == 0


async def test_a_patch_without_anything_known_is_refused(in_memory):
    admin = await in_memory.caller()
    await make(admin, "q")
    for body in ({}, {"unknown": 1}, {"ttl": None}):
        assert (await admin.refused("PATCH", "queue/q", body))["code"] == 400


async def test_retries_of_0_still_give_one_run(in_memory):
    admin = await in_memory.caller()
    assert (await admin.ok("POST", "queue", {"queue": "q", "retries": 0}))["max_attempts"] == 1


async def test_a_change_is_in_the_audit_with_the_token_as_actor(service: Service):
    token, text = await service.token("queues:write")
    caller = service.with_token(text)
    await caller.ok("POST", "queue", {"queue": "q"})
    await caller.ok("PATCH", "queue/q", {"lease": 7, "reason": "slow"})
    entries = await service.app.audit(target="q")
    told = [(entry.action, entry.reason) for entry in entries]
    assert told == [("set_policy", "slow"), ("create", None)]
    assert {entry.actor for entry in entries} == {f"token test ({token.id})"}
