"""Following a task in GraphQL, on every engine."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from rowlock.app import token_flows
from rowlock.app.flow import run_flow_async
from rowlock.http import Limits
from rowlock.http.application import Served
from tests.http.asking import EVENTS, FOLLOW, ask, following
from tests.http.conftest import Caller, Service
from tests.http.streams import LONG


@pytest.fixture
async def task_id(admin: Caller) -> str:
    """A task that waits in the queue `q`."""
    await admin.ok("POST", "queue", {"queue": "q"})
    return str((await admin.ok("POST", "task", {"queue": "q", "payload": "canary"}))["id"])


async def taken(service: Service, count: int) -> None:
    """Return once so many places are taken."""
    assert isinstance(service.asgi, Served)
    end = time.monotonic() + LONG
    while service.asgi.waits.taken != count:
        assert time.monotonic() < end
        await asyncio.sleep(0.01)


async def test_progress_is_followed_to_the_end(service: Service, admin, task_id):
    _, text = await service.token("tasks:read")
    async with following(service, text, id=task_id) as stream:
        first = {
            "taskId": task_id, "state": "QUEUED", "progress": 0, "message": None, "active": True
        }  # fmt: skip
        assert await stream.progress() == first
        await taken(service, 1)
        claim = await admin.ok("PUT", "task?worker=w")
        assert (await stream.progress())["state"] == "RUNNING"
        held: dict[str, Any] = {"token": claim["token"]}
        body = {**held, "percent": 45, "message": "rows"}
        await admin.ok("POST", f"task/{task_id}/progress", body)
        told = await stream.progress()
        assert (told["progress"], told["message"]) == (45, "rows")
        await admin.ok("PATCH", f"task/{task_id}", {**held, "result": "canary"})
        told = await stream.progress()
        assert (told["state"], told["progress"], told["active"]) == ("SUCCEEDED", 100, False)
        await stream.last()
    await taken(service, 0)


async def test_a_finished_task_is_told_of_once(service: Service, admin, task_id):
    await admin.ok("POST", f"task/{task_id}/cancel")
    _, text = await service.token("tasks:read")
    async with following(service, text, id=task_id) as stream:
        assert (await stream.progress())["state"] == "CANCELED"
        await stream.last()


async def test_a_task_purged_meanwhile_ends_it(service: Service, admin, task_id):
    _, text = await service.token("tasks:read")
    async with following(service, text, id=task_id) as stream:
        await stream.progress()
        await admin.ok("DELETE", f"task/{task_id}")
        name, document = await stream.next()
        assert (name, document["errors"][0]["extensions"]["code"]) == ("next", 404)
        await stream.last()


async def test_it_ends_when_the_token_is_revoked(service: Service, admin, task_id):
    service.serve(limits=Limits(recheck_seconds=0.2))
    token, text = await service.token("tasks:read")
    async with following(service, text, id=task_id) as stream:
        assert (await stream.progress())["active"]
        core = service.app.core
        await run_flow_async(core, token_flows.revoke_token(core, token.id))
        name, document = await stream.next()
        assert name == "next"
        assert document["errors"][0]["extensions"]["type"] == "UnauthenticatedError"
        await stream.last()
    await taken(service, 0)


async def test_a_client_that_goes_away_frees_its_place(service: Service, admin, task_id):
    _, text = await service.token("tasks:read")
    for _ in range(3):
        async with following(service, text, id=task_id) as stream:
            await stream.progress()
            await taken(service, 1)
        await taken(service, 0)
    assert (await admin.ok("GET", f"task/{task_id}"))["state"] == "queued"


async def test_only_so_many_are_followed_in_all_and_of_one_token(in_memory: Service):
    in_memory.serve(limits=Limits(waits=3, waits_each=2))
    caller = await in_memory.caller()
    await caller.ok("POST", "queue", {"queue": "q"})
    task = await caller.ok("POST", "task", {"queue": "q", "payload": 1})
    _, text = await in_memory.token("tasks:read")
    _, other = await in_memory.token("tasks:read")
    body = {"query": FOLLOW, "variables": {"id": task["id"]}}
    async with (
        following(in_memory, text, id=task["id"]) as one,
        following(in_memory, text, id=task["id"]) as two,
    ):
        await one.progress()
        await two.progress()
        refused = await in_memory.with_token(text).send("POST", "/graphql", body, headers=EVENTS)
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
        assert refused.json()["errors"][0]["extensions"]["type"] == "RateLimitError"
        async with following(in_memory, other, id=task["id"]) as three:
            await three.progress()
            refused = await caller.send("POST", "/graphql", body, headers=EVENTS)
            assert refused.status_code == 503
            assert (await ask(caller, "{ tasks { count } }"))["tasks"]["count"] == 1
    await taken(in_memory, 0)


async def test_a_service_that_stops_ends_it_and_does_not_call_it_complete(service, admin, task_id):
    _, text = await service.token("tasks:read")
    async with following(service, text, id=task_id) as stream:
        await stream.progress()
        service.asgi.end_waits()
        assert await stream.next() == ("", None)
    await taken(service, 0)


async def test_something_is_sent_while_there_is_no_news(in_memory: Service, monkeypatch):
    monkeypatch.setattr("rowlock.http.graphql.streaming.PING_SECONDS", 0.05)
    caller = await in_memory.caller()
    await caller.ok("POST", "queue", {"queue": "q"})
    task = await caller.ok("POST", "task", {"queue": "q", "payload": 1})
    _, text = await in_memory.token("tasks:read")
    async with following(in_memory, text, id=task["id"]) as stream:
        await stream.progress()
        assert await asyncio.wait_for(stream.frames.get(), LONG) == ": ping\n\n"


async def test_what_is_no_subscription_can_be_streamed_too(in_memory: Service):
    _, text = await in_memory.token("admin")
    async with following(in_memory, text, "{ tasks { count } }") as stream:
        assert await stream.next() == ("next", {"data": {"tasks": {"count": 0}}})
        await stream.last()


async def test_a_fault_of_ours_is_masked_in_a_stream(in_memory, monkeypatch, caplog):
    monkeypatch.setattr("rowlock.app.flows.get_task", None)
    _, text = await in_memory.token("admin")
    async with following(in_memory, text, id="x") as stream:
        _, document = await stream.next()
        assert document["errors"][0]["extensions"] == {"code": 500, "type": "InternalError"}
        assert "NoneType" not in str(document)
        await stream.last()
    assert "NoneType" in caplog.text
