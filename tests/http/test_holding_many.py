"""Keeping many claims over HTTP, waiting for tasks, and bounded batches, on every engine."""

from __future__ import annotations

import asyncio
import time
from typing import Any
from uuid import uuid4

import pytest

from rowlock.http import Limits
from rowlock.model.ids import new_task_id
from tests.http.conftest import Caller, Service

LONG = 40


@pytest.fixture
async def held(admin: Caller) -> list[Any]:
    """Three claims of tasks in the queue `q`."""
    await admin.ok("POST", "queue", {"queue": "q"})
    tasks = [{"queue": "q", "payload": number} for number in range(3)]
    await admin.ok("POST", "enqueue", {"tasks": tasks})
    claims = await admin.ok("POST", "claim", {"worker": "w", "limit": 3, "lease": "20s"})
    return list(claims["body"])


def keys(held: list[Any], **more: Any) -> list[dict[str, Any]]:
    return [{"id": one["id"], "token": one["token"], **more} for one in held]


async def test_many_claims_are_extended_and_each_has_a_verdict(admin, held):
    await admin.ok("POST", f"task/{held[1]['id']}/cancel")
    lost, missing = {**keys(held)[2], "token": str(uuid4())}, str(new_task_id())
    claims = [
        *keys(held[:2]),
        lost,
        {"id": missing, "token": str(uuid4())},
        {"id": "x", "token": "y"},
    ]
    pulses = await admin.ok("POST", "heartbeat", {"claims": claims, "lease": "1h"})
    assert (pulses["count"], pulses["refused"]) == (5, 3)
    assert [(one["code"], one["cancel_requested"]) for one in pulses["body"]] == [
        (200, False), (200, True), (409, None), (404, None), (400, None),
    ]  # fmt: skip
    leases = [(await admin.ok("GET", f"task/{one['id']}"))["lease_until"] for one in held]
    assert [new > old["lease_until"] for new, old in zip(leases, held, strict=True)] == [
        True, True, False,
    ]  # fmt: skip


async def test_without_a_lease_each_claim_is_extended_as_its_queue_says(admin, held):
    await admin.ok("PATCH", "queue/q", {"timeout": "1h"})
    await admin.ok("POST", "heartbeat", {"claims": keys(held)})
    for one in held:
        assert (await admin.ok("GET", f"task/{one['id']}"))["lease_until"] > one["lease_until"]
    refused = await admin.refused("POST", "heartbeat", {"claims": keys(held), "lease": "1ms"})
    assert refused["detail"]["field"] == "lease"


async def test_a_claim_told_twice_is_judged_by_each_token(admin, held):
    wrong = {**keys(held)[0], "token": str(uuid4())}
    pulses = await admin.ok("POST", "heartbeat", {"claims": [wrong, *keys(held[:1]), wrong]})
    assert [one["code"] for one in pulses["body"]] == [409, 200, 409]


async def test_progress_and_lines_of_many_are_kept_with_their_times(admin, held):
    lines = [
        {"message": "first", "at": "2026-01-02T03:04:05+01:00"},
        {"message": "second", "level": "warning"},
    ]
    reports = [
        {**keys(held)[0], "percent": 40, "message": "reading", "lines": lines},
        {**keys(held)[1], "percent": 70},
        {**keys(held)[2], "token": str(uuid4()), "percent": 1},
        {**keys(held)[2], "percent": 101},
        {**keys(held)[2], "lines": [{"message": "x", "level": "loud"}]},
        {**keys(held)[2], "lines": [{"message": "x", "at": "0001-01-01T00:00:00+14:00"}]},
    ]
    told = await admin.ok("POST", "report", {"reports": reports})
    assert [one["code"] for one in told["body"]] == [200, 200, 409, 400, 400, 400]
    assert told["refused"] == 4
    first = await admin.ok("GET", f"task/{held[0]['id']}")
    assert (first["progress"], first["progress_message"]) == (40, "reading")
    assert (await admin.ok("GET", f"task/{held[1]['id']}"))["progress"] == 70
    assert (await admin.ok("GET", f"task/{held[2]['id']}"))["progress"] == 0
    log = (await admin.ok("GET", f"task/{held[0]['id']}/log"))["body"]
    assert [(one["level"], one["message"]) for one in log] == [
        ("INFO", "first"), ("WARNING", "second"),
    ]  # fmt: skip
    assert log[0]["at"] == "2026-01-02T02:04:05.000000Z"


async def test_nothing_of_another_namespace_is_extended_or_reported(service: Service, admin, held):
    theirs = await service.caller("admin", namespace="theirs")
    pulses = await theirs.ok("POST", "heartbeat", {"claims": keys(held)})
    told = await theirs.ok("POST", "report", {"reports": keys(held, percent=50)})
    assert {one["code"] for one in (*pulses["body"], *told["body"])} == {404}
    for one in held:
        assert (await admin.ok("GET", f"task/{one['id']}"))["progress"] == 0


async def test_a_claim_waits_for_a_task(admin, held):
    for method, path, body in (
        ("PUT", "task/q?worker=w&wait=30s", None),
        ("POST", "claim", {"worker": "w", "queues": ["q"], "limit": 5, "wait": 30}),
    ):
        waiting = asyncio.ensure_future(admin.ok(method, path, body))
        await asyncio.sleep(0.2)
        assert not waiting.done()
        began = time.monotonic()
        task = await admin.ok("POST", "task", {"queue": "q", "payload": "new"})
        found = await asyncio.wait_for(waiting, LONG)
        assert time.monotonic() - began < 5
        [claimed] = found.get("body", [found])
        assert (claimed["id"], claimed["payload"]) == (task["id"], "new")


async def test_a_claim_that_waited_in_vain_is_empty(admin, held):
    assert (await admin.refused("PUT", "task?worker=w&wait=50ms"))["type"] == "NoTaskError"
    empty = await admin.ok("POST", "claim", {"worker": "w", "wait": "0.1"})
    assert empty == {"count": 0, "body": []}
    for wait in ("2m", "x"):
        refused = await admin.refused("PUT", f"task?worker=w&wait={wait}")
        assert (refused["code"], refused["detail"]["field"]) == (400, "wait")


async def test_of_claims_that_wait_one_gets_the_task(admin, held):
    body = {"worker": "w", "queues": ["q"], "wait": "2s"}
    waiting = [asyncio.ensure_future(admin.ok("POST", "claim", body)) for _ in range(4)]
    await asyncio.sleep(0.1)
    await admin.ok("POST", "task", {"queue": "q", "payload": 1})
    counts = [one["count"] for one in await asyncio.gather(*waiting)]
    assert sorted(counts) == [0, 0, 0, 1]


async def test_looking_for_work_claims_nothing(service: Service, admin, held):
    @service.app.task(queue="sums")
    def add(a: int) -> int:
        return a

    worker = await service.caller("tasks:work")
    empty = await worker.ok("GET", "work?queue=q&queue=missing")
    assert (empty["namespace"], empty["found"]) == ("default", False)
    assert [one["name"] for one in empty["queues"]] == ["q"]
    add_one = {"definition": "add", "arguments": {"a": 1}}
    await admin.ok("POST", "enqueue", {"tasks": [add_one, add_one]})
    for query, found in (
        ("", True), ("?queue=sums", True), ("?queue=q", False), ("?definition=ADD", True),
        ("?definition=other", False), ("?queue=q&definition=add", False),
    ):  # fmt: skip
        assert (await worker.ok("GET", f"work{query}"))["found"] is found, query
    assert (await admin.ok("GET", "task?queue=sums&state=queued"))["count"] == 2


async def test_who_looks_for_work_hears_of_it(admin, held):
    waiting = asyncio.ensure_future(admin.ok("GET", "work?queue=q&wait=30s"))
    await asyncio.sleep(0.1)
    await admin.ok("POST", "task", {"queue": "q", "payload": 1})
    assert (await asyncio.wait_for(waiting, LONG))["found"] is True


async def test_a_batch_ends_early_where_payloads_are_long(service: Service, admin):
    service.serve(limits=Limits(claim_bytes=100_000))
    admin = await service.caller("admin")
    await admin.ok("POST", "queue", {"queue": "q"})
    for first in range(0, 60, 20):
        tasks = [{"queue": "q", "payload": f"{first + n:02}" + "x" * 10_000} for n in range(20)]
        await admin.ok("POST", "enqueue", {"tasks": tasks})
    sizes = []
    found: list[str] = []
    while claims := (await admin.ok("POST", "claim", {"worker": "w", "limit": 1_000}))["body"]:
        sizes.append(len(claims))
        found += [one["payload"][:2] for one in claims]
    assert sizes == [16, 16, 16, 12]
    assert found == [f"{number:02}" for number in range(60)]


async def test_short_payloads_are_claimed_in_one_answer(admin, held):
    tasks = [{"queue": "q", "payload": number} for number in range(300)]
    await admin.ok("POST", "enqueue", {"tasks": tasks})
    claims = (await admin.ok("POST", "claim", {"worker": "w", "limit": 290}))["body"]
    assert [one["payload"] for one in claims] == list(range(290))
