"""Storing, claiming and settling many tasks at once over HTTP, on every engine."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest

from rowlock.model.ids import new_task_id
from tests.http.conftest import Caller, Service


@pytest.fixture
async def queues(admin: Caller) -> None:
    """The queues `q` and `other`."""
    for name in ("q", "other"):
        await admin.ok("POST", "queue", {"queue": name, "retry": "immediate"})


def batch(*payloads: Any, **more: Any) -> dict[str, Any]:
    return {"tasks": [{"queue": "q", "payload": payload, **more} for payload in payloads]}


async def claims(caller: Caller, limit: int = 1_000, **more: Any) -> list[Any]:
    found = await caller.ok("POST", "claim", {"worker": "w", "limit": limit, **more})
    assert found["count"] == len(found["body"])
    return list(found["body"])


async def test_a_batch_is_stored_in_its_order(service: Service, admin, queues):
    @service.app.task(queue="sums")
    def add(a: int) -> int:
        return a

    body = {"tasks": [
        {"queue": "q", "payload": {"a": [1]}, "priority": 3, "tags": ["x"]},
        {"definition": "add", "arguments": {"a": 1}},
        {"queue": "other", "payload": "text", "delay": "1h", "retries": 2},
        {"definition": "ADD", "arguments": {"a": 2}, "queue": "q", "unique": "key"},
    ]}  # fmt: skip
    response = await admin.send("POST", "enqueue", body)
    stored = response.json()
    assert (response.status_code, stored["count"]) == (201, 4)
    shown = [await admin.ok("GET", f"task/{one}") for one in stored["body"]]
    assert [task["queue"] for task in shown] == ["q", "sums", "other", "q"]
    assert [task["payload"] for task in shown] == [{"a": [1]}, {"a": 1}, "text", {"a": 2}]
    assert [task["definition"] for task in shown] == [None, "add", None, "add"]
    assert (shown[0]["priority"], shown[0]["tags"]) == (3, ["x"])
    assert (shown[2]["state"], shown[2]["max_attempts"]) == ("scheduled", 2)
    assert shown[3]["unique_key"] == "key"


async def test_a_thousand_tasks_are_stored_claimed_and_settled(admin, queues):
    stored = await admin.ok("POST", "enqueue", batch(*range(1_000)))
    assert len(set(stored["body"])) == stored["count"] == 1_000
    held = await claims(admin)
    assert [one["payload"] for one in held] == list(range(1_000))
    assert [one["id"] for one in held] == stored["body"]
    ends = [{"id": one["id"], "token": one["token"], "result": 1} for one in held[:200]]
    done = await admin.ok("POST", "settle", {"ends": ends})
    assert (done["count"], done["refused"]) == (200, 0)
    assert {(one["code"], one["state"]) for one in done["body"]} == {(201, "succeeded")}
    assert (await admin.ok("GET", "task?status=succeeded"))["count"] == 200
    refused = await admin.refused("POST", "enqueue", batch(*range(1_001)))
    assert (refused["code"], refused["detail"]["field"]) == (400, "tasks")


@pytest.mark.parametrize(
    ("wrong", "code", "field"),
    [
        ({"queue": "q"}, 400, "tasks[1].payload"),
        ({"queue": "q", "payload": None}, 400, "tasks[1].payload"),
        ({"queue": "q", "payload": 1, "priority": 99_999}, 400, "tasks[1].priority"),
        ({"queue": "q", "payload": 1, "priority": "x"}, 400, "tasks[1].priority"),
        ({"queue": "q", "payload": 1, "ttl": 1, "lifetime": 1}, 400, "tasks[1].ttl"),
        ({"payload": 1}, 400, "tasks[1].queue"),
        ({"queue": "missing", "payload": 1}, 404, None),
        ({"definition": "nobody", "arguments": {}}, 404, None),
        ({"definition": "add", "arguments": {"a": "x"}}, 400, None),
        (1, 400, "tasks[1]"),
    ],
)
async def test_of_a_batch_with_one_wrong_task_nothing_is_stored(in_memory, wrong, code, field):
    @in_memory.app.task(queue="sums")
    def add(a: int) -> int:
        return a

    admin = await in_memory.caller()
    await admin.ok("POST", "queue", {"queue": "q"})
    good = {"queue": "q", "payload": 1}
    refused = await admin.refused("POST", "enqueue", {"tasks": [good, wrong, good]})
    assert refused["code"] == code, refused
    assert field is None or refused["detail"]["field"] == field
    assert code != 400 or refused["detail"]["field"].startswith("tasks[1]")
    assert (await admin.ok("GET", "task"))["count"] == 0


async def keyed(caller: Caller, key: object, body: Any) -> list[str]:
    stored = await caller.ok("POST", "enqueue", body, headers={"Idempotency-Key": str(key)})
    assert stored["count"] == len(stored["body"])
    return list(stored["body"])


async def test_a_batch_that_is_sent_again_is_stored_once(admin, queues):
    key, body = new_task_id(), batch(*range(5), unique=None)
    first = await keyed(admin, key, body)
    assert await keyed(admin, key, body) == first
    assert (await admin.ok("GET", "task"))["count"] == 5
    held = await claims(admin)
    assert [one["id"] for one in held] == first == sorted(first)
    for one in held:
        await admin.ok("PATCH", f"task/{one['id']}", {"token": one["token"]})
    assert await keyed(admin, key, body) == first
    await admin.ok("POST", f"task/{first[0]}/purge", {})
    headers = {"Idempotency-Key": str(key)}
    refused = await admin.refused("POST", "enqueue", body, headers=headers)
    assert (refused["code"], refused["type"]) == (409, "IdConflictError")
    assert (await admin.ok("GET", "task"))["count"] == 4


async def test_a_batch_that_is_sent_twice_at_once_is_stored_once(admin, queues):
    key, body = uuid4(), batch(*range(20))
    answers = await asyncio.gather(*(keyed(admin, key, body) for _ in range(6)))
    assert [answer == answers[0] for answer in answers] == [True] * 6
    assert (await admin.ok("GET", "task"))["count"] == 20


@pytest.mark.parametrize("other", [batch(1, 3), batch(1), batch(1, 2, 3), batch("1", 2)])
async def test_another_batch_with_the_same_key_is_refused(admin, queues, other):
    key = uuid4()
    await keyed(admin, key, batch(1, 2))
    refused = await admin.refused("POST", "enqueue", other, headers={"Idempotency-Key": str(key)})
    assert (refused["code"], refused["type"]) == (409, "IdConflictError")
    assert refused["detail"] == {"task_id": str(key)}
    assert (await admin.ok("GET", "task"))["count"] == 2


async def test_keys_that_follow_each_other_are_of_different_batches(admin, queues):
    key = uuid4()
    first = await keyed(admin, key, batch(*range(3)))
    second = await keyed(admin, UUID(int=key.int ^ 1), batch(*range(3)))
    assert not set(first) & set(second)
    assert (await admin.ok("GET", "task"))["count"] == 6


async def test_a_batch_with_unique_keys_is_sent_again_too(admin, queues):
    body = {"tasks": [{"queue": "q", "payload": n, "unique": f"key {n}"} for n in range(3)]}
    key = uuid4()
    assert await keyed(admin, key, body) == await keyed(admin, key, body)
    mixed = {"tasks": [{"queue": "q", "payload": 9, "unique": "new"}, body["tasks"][1]]}
    for again in (body, mixed):
        refused = await admin.refused(
            "POST", "enqueue", again, headers={"Idempotency-Key": str(uuid4())}
        )
        assert (refused["code"], refused["type"]) == (409, "DuplicateTaskError")
    assert (await admin.ok("GET", "task"))["count"] == 3


async def test_a_key_that_is_no_uuid_is_refused(admin, queues):
    headers = {"Idempotency-Key": "again"}
    refused = await admin.refused("POST", "enqueue", batch(1), headers=headers)
    assert (refused["code"], refused["detail"]["field"]) == (400, "Idempotency-Key")


async def test_a_unique_key_that_is_held_refuses_the_whole_batch(admin, queues):
    body = {"tasks": [{"queue": "q", "payload": n, "unique": f"key {n % 2}"} for n in range(3)]}
    refused = await admin.refused("POST", "enqueue", body)
    assert (refused["code"], refused["type"]) == (409, "DuplicateTaskError")
    assert (await admin.ok("GET", "task"))["count"] == 0
    await admin.ok("POST", "enqueue", {"tasks": body["tasks"][:2]})
    assert (await admin.refused("POST", "enqueue", {"tasks": body["tasks"][2:]}))["code"] == 409
    assert (await admin.ok("GET", "task"))["count"] == 2


async def test_of_batches_with_the_same_keys_at_once_one_is_stored(admin, queues):
    tasks = [{"queue": "q", "payload": n, "unique": f"key {n}"} for n in range(20)]
    ways = [{"tasks": tasks}, {"tasks": tasks[::-1]}] * 3
    answers = await asyncio.gather(*(admin.send("POST", "enqueue", body) for body in ways))
    codes = sorted(answer.status_code for answer in answers)
    assert codes == [201, 409, 409, 409, 409, 409], [answer.text for answer in answers]
    assert (await admin.ok("GET", "task"))["count"] == 20


async def test_claims_are_of_the_queues_and_definitions_named(service: Service, admin, queues):
    @service.app.task(queue="q")
    def add(a: int) -> int:
        return a

    await admin.ok("POST", "enqueue", {"tasks": [
        {"queue": "q", "payload": 1},
        {"queue": "other", "payload": 2, "priority": 5},
        {"definition": "add", "arguments": {"a": 3}},
    ]})  # fmt: skip
    assert [one["payload"] for one in await claims(admin, definitions=["Add"])] == [{"a": 3}]
    assert [one["payload"] for one in await claims(admin, queues=["q"])] == [1]
    [last] = await claims(admin, lease="90s")
    assert (last["payload"], last["worker"], last["lease_seconds"]) == (2, "w", 90.0)
    assert await claims(admin) == []
    missing = await admin.refused("POST", "claim", {"worker": "w", "queues": ["q", "missing"]})
    assert (missing["code"], missing["type"]) == (404, "QueueNotFoundError")


async def test_no_task_is_claimed_twice_by_many_at_once(admin, queues):
    stored = await admin.ok("POST", "enqueue", batch(*range(60)))
    found: list[str] = []
    for _ in range(20):
        several = await asyncio.gather(*(claims(admin, limit=7) for _ in range(4)))
        found += [one["id"] for part in several for one in part]
        if len(found) == 60:
            break
    assert sorted(found) == sorted(stored["body"])


async def test_each_end_has_a_verdict_of_its_own(service: Service, admin, queues):
    await admin.ok("POST", "enqueue", batch(*range(5), max_attempts=2))
    held = await claims(admin)
    wrong, missing = str(uuid4()), str(new_task_id())
    ends = [
        {"id": held[0]["id"], "token": held[0]["token"], "result": {"n": 1}},
        {"id": held[1]["id"], "token": wrong},
        {"id": held[2]["id"], "token": held[2]["token"], "fail": True, "error": "no route"},
        {"id": missing, "token": wrong},
        {"id": "abc", "token": wrong},
        {"id": held[3]["id"], "token": "not a uuid"},
        {"id": held[4]["id"], "token": held[4]["token"], "fail": True, "result": [7]},
        {"id": held[0]["id"], "token": held[0]["token"], "result": {"n": 1}},
    ]
    done = await admin.ok("POST", "settle", {"ends": ends})
    assert (done["count"], done["refused"]) == (8, 4)
    assert [(one["code"], one["state"]) for one in done["body"]] == [
        (201, "succeeded"), (409, None), (201, "queued"), (404, None), (400, None), (400, None),
        (201, "queued"), (201, "succeeded"),
    ]  # fmt: skip
    assert [one["id"] for one in done["body"]] == [one["id"] for one in ends]
    errors = [one["error"]["type"] for one in done["body"] if one["error"]]
    assert errors == [
        "LeaseLostError", "TaskNotFoundError", "InvalidValueError", "InvalidValueError",
    ]  # fmt: skip
    assert (await admin.ok("GET", f"task/{held[0]['id']}"))["result"] == {"n": 1}
    assert (await admin.ok("GET", f"task/{held[2]['id']}"))["error"]["message"] == "no route"
    assert (await admin.ok("GET", f"task/{held[4]['id']}"))["error"]["detail"] == [7]
    for one in (held[1], held[3]):
        assert (await admin.ok("GET", f"task/{one['id']}"))["state"] == "running"


async def test_the_same_ends_sent_twice_at_once_are_recorded_once(admin, queues):
    await admin.ok("POST", "enqueue", batch(*range(10), max_attempts=1))
    held = await claims(admin)
    ends = [
        {"id": one["id"], "token": one["token"], "fail": number % 2 == 0, "result": number}
        for number, one in enumerate(held)
    ]
    answers = await asyncio.gather(
        admin.ok("POST", "settle", {"ends": ends}), admin.ok("POST", "settle", {"ends": ends[::-1]})
    )
    for answer in answers:
        assert answer["refused"] == 0, answer
    for one in held:
        assert (await admin.ok("GET", f"task/{one['id']}/attempt"))["count"] == 1


async def test_nothing_of_another_namespace_is_stored_claimed_or_settled(service, admin, queues):
    theirs = await service.caller("admin", namespace="theirs")
    refused = await theirs.refused("POST", "enqueue", batch("canary"))
    assert (refused["code"], refused["type"]) == (404, "QueueNotFoundError")
    await theirs.ok("POST", "queue", {"queue": "q"})
    await admin.ok("POST", "enqueue", batch("canary"))
    assert await claims(theirs) == []
    assert await claims(theirs, queues=["q"]) == []
    [held] = await claims(admin)
    ends = {"ends": [{"id": held["id"], "token": held["token"]}]}
    [verdict] = (await theirs.ok("POST", "settle", ends))["body"]
    assert (verdict["code"], verdict["error"]["type"]) == (404, "TaskNotFoundError")
    assert "canary" not in str(verdict)
    assert (await admin.ok("POST", "settle", ends))["refused"] == 0


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("enqueue", {}, "tasks"),
        ("enqueue", {"tasks": []}, "tasks"),
        ("enqueue", {"tasks": {}}, "tasks"),
        ("claim", {}, "worker"),
        ("claim", {"worker": ""}, "worker"),
        ("claim", {"worker": "w", "limit": 0}, "limit"),
        ("claim", {"worker": "w", "limit": 1_001}, "limit"),
        ("claim", {"worker": "w", "limit": True}, "limit"),
        ("claim", {"worker": "w", "queues": []}, "queues"),
        ("claim", {"worker": "w", "queues": ["a b"]}, "queue"),
        ("claim", {"worker": "w", "definitions": []}, "definitions"),
        ("claim", {"worker": "w", "lease": "1ms"}, "lease"),
        ("settle", {}, "ends"),
        ("settle", {"ends": []}, "ends"),
        ("settle", {"ends": [{"id": "x"}]}, "ends[0]"),
        ("settle", {"ends": [{"id": "x", "token": "y"}] * 1_001}, "ends"),
    ],
)
async def test_a_batch_that_makes_no_sense_is_refused(in_memory, path, body, field):
    admin = await in_memory.caller()
    refused = await admin.refused("POST", path, body)
    assert (refused["code"], refused["detail"]["field"]) == (400, field)
