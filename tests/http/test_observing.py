"""Figures, counts, pauses, load and the audit over HTTP, on every engine."""

from __future__ import annotations

import msgspec
import pytest

from rowlock.model.states import FINAL_STATES, TaskState
from rowlock.wire.documents.observing import (
    AuditList,
    QueueCountsDocument,
    ScaleDocument,
    StatsDocument,
)
from tests.http.conftest import Caller, Service

LATE = "2100-01-01T00:00:00Z"
PAST = "2020-01-01T00:00:00Z"


async def fill(caller: Caller, queue: str, tasks: int, **more) -> None:
    await caller.send("POST", "queue", {"queue": queue})
    for number in range(tasks):
        await caller.ok("POST", "task", {"queue": queue, "payload": number, **more})


async def end_one(caller: Caller, queue: str, *, fail: bool = False) -> None:
    claimed = await caller.ok("PUT", f"task/{queue}?worker=w")
    body = {"token": claimed["token"], "fail": fail}
    await caller.ok("PATCH", f"task/{claimed['id']}", body)


async def test_a_queue_is_counted_by_state(service: Service, admin: Caller):
    await fill(admin, "q", 3)
    await fill(admin, "other", 1)
    await admin.ok("PUT", "task/q?worker=w")
    await end_one(admin, "q")
    reader = await service.caller("queues:read")
    counts = await reader.ok("GET", "queue/Q/count")
    assert msgspec.convert(counts, QueueCountsDocument).queue == "q"
    busy = {"queued": 1, "running": 1, "succeeded": 1}
    assert counts["counts"] == {state.value: busy.get(state, 0) for state in TaskState}
    assert counts["oldest_wait_seconds"] >= 0
    assert (counts["paused"], counts["capped"]) == (False, False)
    theirs = await service.caller(namespace="theirs")
    for path in ("queue/q/count", "queue/nothing/count"):
        assert (await theirs.refused("GET", path))["type"] == "QueueNotFoundError"
    assert (await admin.refused("GET", "queue/1x/count"))["detail"]["field"] == "queue"


async def test_stats_tell_what_there_is_and_what_was_done(service: Service, admin: Caller):
    await fill(admin, "q", 4, max_attempts=1)
    await fill(admin, "other", 1)
    await end_one(admin, "q")
    await end_one(admin, "q", fail=True)
    reader = await service.caller("metrics:read")
    found = await reader.ok("GET", "stats")
    assert msgspec.convert(found, StatsDocument).definitions[0].count == 2
    assert [one["queue"] for one in found["queues"]] == ["other", "q"]
    rates = {one["queue"]: one["counts"] for one in found["throughput"]}
    done = {"succeeded": 1, "failed": 1}
    assert rates["q"] == {state.value: done.get(state, 0) for state in FINAL_STATES}
    assert found["definitions"][0]["failed"] == 1
    counted = await reader.ok("GET", "stats?window=0")
    assert [one["counts"] for one in counted["queues"]] == [
        one["counts"] for one in found["queues"]
    ]
    assert (counted["throughput"], counted["definitions"]) == ([], [])
    alone = await reader.ok("GET", "stats?queue=other&window=5m")
    assert [one["queue"] for one in alone["queues"]] == ["other"]
    assert alone["definitions"] == []
    theirs = await service.caller("metrics:read", namespace="theirs")
    assert await theirs.ok("GET", "stats") == {"queues": [], "throughput": [], "definitions": []}
    assert (await theirs.refused("GET", "stats?queue=q"))["type"] == "QueueNotFoundError"


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("stats?window=soon", "window"),
        ("stats?window=-1", "window"),
        ("stats?queue=1x", "queue"),
        ("stats?queue=q&queue=r", "queue"),
        ("scale?tasks_per_worker=0", "tasks_per_worker"),
        ("scale?tasks_per_worker=x", "tasks_per_worker"),
        ("scale?tasks_per_worker=10001", "tasks_per_worker"),
        ("scale?within=soon", "within"),
        ("scale?within=-1", "within"),
        ("scale?queue=", "queue"),
        ("scale?" + "&".join(["queue=q"] * 101), "queue"),
        ("audit?limit=0", "limit"),
        ("audit?before=x", "id"),
        ("audit?actor=" + "x" * 1_001, "actor"),
        ("audit?nothing=x", "nothing"),
    ],
)
async def test_what_makes_no_sense_is_refused(in_memory: Service, query: str, field: str):
    admin = await in_memory.caller()
    refused = await admin.refused("GET", query)
    assert (refused["code"], refused["detail"]["field"]) == (400, field)


async def test_an_autoscaler_is_told_what_can_start_and_what_runs(service: Service, admin: Caller):
    await fill(admin, "a", 5)
    await fill(admin, "b", 3)
    await fill(admin, "a", 2, delay="40s")
    await admin.ok("PUT", "task/a?worker=w")
    scaler = await service.caller("metrics:read")
    told = await scaler.ok("GET", "scale?queue=a&tasks_per_worker=2")
    assert told == {
        "runnable": 4, "running": 1, "tasks_per_worker": 2, "wanted_workers": 3,
        "queues": [
            {"queue": "a", "paused": False, "runnable": 4, "running": 1, "capped": False}
        ],
    }  # fmt: skip
    every = msgspec.convert(await scaler.ok("GET", "scale?within=50s"), ScaleDocument)
    assert (every.runnable, every.running, every.wanted_workers) == (9, 1, 1)
    assert [one.queue for one in every.queues] == ["a", "b"]
    twice = await scaler.ok("GET", "scale?queue=b&queue=B&queue=a&tasks_per_worker=8")
    assert (twice["runnable"], twice["wanted_workers"]) == (7, 1)
    theirs = await service.caller("metrics:read", namespace="theirs")
    assert (await theirs.ok("GET", "scale"))["wanted_workers"] == 0
    assert (await theirs.refused("GET", "scale?queue=a"))["type"] == "QueueNotFoundError"


async def test_what_is_paused_wants_no_worker_but_for_what_runs(service: Service, admin: Caller):
    await fill(admin, "q", 3)
    await admin.ok("PUT", "task/q?worker=w")
    await admin.ok("POST", "queue/q/pause", {"until": LATE})
    told = await admin.ok("GET", "scale?tasks_per_worker=1")
    assert (told["runnable"], told["running"], told["wanted_workers"]) == (0, 1, 1)
    assert told["queues"][0]["paused"] is True
    within = await admin.ok("GET", "scale?tasks_per_worker=1&within=36000d")
    assert (within["runnable"], within["queues"][0]["paused"]) == (2, False)


async def test_nothing_to_do_wants_nobody(service: Service, admin: Caller):
    await admin.ok("POST", "queue", {"queue": "q"})
    assert (await admin.ok("GET", "scale"))["wanted_workers"] == 0


async def test_a_queue_is_paused_and_resumed(service: Service):
    token, text = await service.token("queues:write", "tasks:enqueue", "tasks:work")
    caller = service.with_token(text)
    await fill(caller, "q", 1)
    paused = await caller.ok("POST", "queue/Q/pause", {"reason": "a flood", "until": LATE})
    assert (paused["paused"], paused["pause_reason"]) == (True, "a flood")
    assert paused["paused_until"].startswith("2100-01-01T00:00:00")
    assert (await caller.refused("PUT", "task/q?worker=w"))["type"] == "NoTaskError"
    resumed = await caller.ok("POST", "queue/q/resume")
    assert (resumed["paused"], resumed["pause_reason"]) == (False, None)
    assert (await caller.ok("PUT", "task/q?worker=w"))["queue"] == "q"
    entries = await service.app.audit(target="q")
    assert [entry.action for entry in entries] == ["resume", "pause", "create"]
    assert {entry.actor for entry in entries} == {f"token test ({token.id})"}
    assert entries[1].reason == "a flood"


async def test_a_queue_of_another_namespace_is_not_paused(service: Service, admin: Caller):
    await fill(admin, "q", 0)
    theirs = await service.caller(namespace="theirs")
    for path in ("queue/q/pause", "queue/q/resume"):
        refused = await theirs.refused("POST", path)
        assert (refused["code"], refused["type"]) == (404, "QueueNotFoundError")
    assert (await admin.ok("GET", "queue/q"))["paused"] is False


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"until": "soon"}, "until"),
        ({"until": 7}, "until"),
        ({"until": PAST}, "until"),
        ({"reason": 7}, "reason"),
    ],
)
async def test_a_pause_that_makes_no_sense_is_refused(in_memory: Service, body, field):
    admin = await in_memory.caller()
    await fill(admin, "q", 0)
    refused = await admin.refused("POST", "queue/q/pause", body)
    assert (refused["code"], refused["detail"]["field"]) == (400, field)
    assert (await admin.ok("GET", "queue/q"))["paused"] is False


async def test_the_audit_is_read_page_by_page(service: Service, admin: Caller):
    for name in ("a", "b", "c"):
        await admin.ok("POST", "queue", {"queue": name})
    first = await admin.ok("GET", "audit?limit=2")
    assert msgspec.convert(first, AuditList).count == 2
    assert [one["target"] for one in first["body"]] == ["c", "b"]
    last = await admin.ok("GET", f"audit?limit=2&before={first['next']}")
    # The test's own token was made before.
    assert [one["kind"] for one in last["body"]] == ["queue", "token"]
    rest = await admin.ok("GET", f"audit?limit=2&before={last['next']}")
    assert (rest["body"], rest["next"]) == ([], None)
    await admin.ok("POST", "queue/a/pause", {"reason": "why"})
    chosen = await admin.ok("GET", "audit?action=pause&target=a")
    assert [one["reason"] for one in chosen["body"]] == ["why"]
    assert (await admin.ok("GET", "audit?actor=nobody"))["body"] == []
    theirs = await service.caller(namespace="theirs")
    assert [one["kind"] for one in (await theirs.ok("GET", "audit"))["body"]] == ["token"]
    assert (await theirs.ok("GET", f"audit?before={first['next']}"))["body"] == []


async def test_the_workers_are_those_that_run_something(admin, service):
    for name in ("a", "b"):
        await admin.ok("POST", "queue", {"queue": name})
        tasks = [{"queue": name, "payload": number} for number in range(3)]
        await admin.ok("POST", "enqueue", {"tasks": tasks})
    assert await admin.ok("GET", "workers") == {"count": 0, "body": []}
    for worker, queues, limit in (("w1", ["a"], 1), ("w2", ["a"], 2), ("w2", ["b"], 1)):
        body = {"worker": worker, "queues": queues, "limit": limit}
        await admin.ok("POST", "claim", body)
    workers = await admin.ok("GET", "workers")
    shown = [(one["worker"], one["tasks"], one["queues"]) for one in workers["body"]]
    assert (workers["count"], shown) == (2, [("w2", 3, ["a", "b"]), ("w1", 1, ["a"])])
    assert {one["overdue"] for one in workers["body"]} == {0}
    assert all(one["longest_seconds"] >= 0 for one in workers["body"])
    page = await admin.ok("GET", "workers?offset=1&limit=1")
    assert (page["count"], [one["worker"] for one in page["body"]]) == (2, ["w1"])
    theirs = await service.caller("admin", namespace="theirs")
    assert (await theirs.ok("GET", "workers"))["count"] == 0
