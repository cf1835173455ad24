"""Claims that are sent again because their answer was lost, on every engine."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from rowlock import Rowlock
from rowlock.client import Client, HttpWorker
from rowlock.ops.upkeep import RESCUE_GRACE
from rowlock.wire.bodies.tasks import NewTaskBody
from tests.app.conftest import app, opened
from tests.chaos.proxy import Proxy
from tests.http.conftest import Caller, Service
from tests.http.listening import served
from tests.worker.steps import finished, until

__all__ = ["app", "opened"]


@pytest.fixture
async def waiting(admin: Caller) -> list[str]:
    """Three tasks in the queue `q`."""
    await admin.ok("POST", "queue", {"queue": "q", "retry": "immediate"})
    tasks = [{"queue": "q", "payload": number} for number in range(3)]
    return list((await admin.ok("POST", "enqueue", {"tasks": tasks}))["body"])


async def claims(caller: Caller, key: object, **more: Any) -> dict[str, Any]:
    """Claim under a key; returns the claims by their ids."""
    body = {"worker": "w", **more}
    found = await caller.ok("POST", "claim", body, headers={"Idempotency-Key": str(key)})
    return {one["id"]: one for one in found["body"]}


def tokens(found: dict[str, Any]) -> dict[str, str]:
    return {name: one["token"] for name, one in found.items()}


async def test_a_claim_that_is_sent_again_answers_with_what_it_took(admin, waiting):
    key = uuid4()
    first = await claims(admin, key, limit=2)
    again = await claims(admin, key, limit=2)
    assert (list(again), tokens(again)) == (waiting[:2], tokens(first))
    assert {one["attempt"] for one in again.values()} == {1}
    assert all(again[one]["lease_until"] > first[one]["lease_until"] for one in first)
    other = await claims(admin, uuid4(), limit=2)
    assert list(other) == waiting[2:]


async def test_the_claims_of_one_task_can_be_sent_again(admin, waiting):
    headers = {"Idempotency-Key": str(uuid4())}
    for path in ("task?worker=w", "task/q?worker=w"):
        first = await admin.ok("PUT", path, headers=headers)
        again = await admin.ok("PUT", path, headers=headers)
        assert (again["id"], again["token"]) == (first["id"], first["token"]) == (
            waiting[0], first["token"],
        )  # fmt: skip
    assert len((await admin.ok("GET", "task?state=running"))["body"]) == 1


async def test_what_ended_meanwhile_is_not_claimed_again(admin, waiting):
    key = uuid4()
    first = await claims(admin, key, limit=2)
    done, held = waiting[:2]
    await admin.ok("PATCH", f"task/{done}", {"token": first[done]["token"]})
    assert list(await claims(admin, key, limit=2)) == [held]
    await admin.ok("PATCH", f"task/{held}", {"token": first[held]["token"]})
    assert list(await claims(admin, key, limit=2)) == waiting[2:]


async def test_a_key_that_is_used_for_ever_has_another_token_for_each_claim(
    service: Service, admin, waiting
):
    key = uuid4()
    old = await claims(admin, key)
    storage = service.app.core.storage
    await storage.async_runner.run(storage.upkeep.end_leases, "default", "w")
    await storage.async_runner.run(storage.upkeep.rescue_tasks, grace=RESCUE_GRACE, limit=10)
    new = await claims(admin, key)
    assert new.keys() == old.keys()
    assert new[waiting[0]]["attempt"] == 2
    frozen = await admin.refused("PATCH", f"task/{waiting[0]}", {"token": tokens(old)[waiting[0]]})
    assert (frozen["code"], frozen["type"]) == (409, "LeaseLostError")


async def test_nobody_else_gets_a_claim_by_its_key(service: Service, admin, waiting):
    key = uuid4()
    mine = await claims(admin, key)
    colleague = await service.caller("admin")
    assert mine.keys().isdisjoint(await claims(colleague, key))
    assert mine.keys().isdisjoint(await claims(admin, key, worker="v"))
    assert (await claims(admin, key)).keys() == mine.keys()
    everywhere = await service.caller("admin", everywhere=True)
    for namespace in ("default", "theirs"):
        everywhere.client.headers["Rowlock-Namespace"] = namespace
        assert await claims(everywhere, key) == {}


async def test_without_a_key_nothing_is_found_again(admin, waiting):
    found = [(await admin.ok("PUT", "task?worker=w"))["id"] for _ in range(3)]
    assert found == waiting


@pytest.mark.parametrize("key", ["", "again", "x" * 5_000, "1234"])
async def test_a_key_that_is_no_uuid_is_refused_and_nothing_claimed(admin, waiting, key):
    headers = {"Idempotency-Key": key}
    for method, path, body in (
        ("POST", "claim", {"worker": "w"}),
        ("PUT", "task?worker=w", None),
        ("PUT", "task/q?worker=w", None),
    ):
        refused = await admin.refused(method, path, body, headers=headers)
        assert (refused["code"], refused["detail"]["field"]) == (400, "Idempotency-Key")
    assert (await admin.ok("GET", "task?state=running"))["body"] == []


async def test_a_claim_in_many_pieces_is_found_whole(service: Service, admin):
    await admin.ok("POST", "queue", {"queue": "q"})
    long = "x" * 9_000
    tasks = [{"queue": "q", "payload": f"{number} {long}"} for number in range(60)]
    ids = (await admin.ok("POST", "enqueue", {"tasks": tasks}))["body"]
    key = uuid4()
    first = await claims(admin, key, limit=50)
    assert len(set(tokens(first).values())) > 1
    again = await claims(admin, key, limit=50)
    assert (list(again), tokens(again)) == (ids[:50], tokens(first))
    assert [one["payload"] for one in again.values()] == [one["payload"] for one in tasks[:50]]


async def test_the_same_claim_at_the_same_time_takes_nothing_twice(admin, waiting):
    key = uuid4()
    found = await asyncio.gather(*(claims(admin, key, limit=1) for _ in range(5)))
    assert {tuple(tokens(one).items()) for one in found} == {tuple(tokens(found[0]).items())}
    assert list(found[0]) == waiting[:1]


@pytest.fixture
def proxy(app: Rowlock):
    """A way to a server of the app that loses answers."""
    with served(app) as address, Proxy(urlsplit(address).port or 0) as between:
        yield between


async def test_a_worker_runs_what_a_claim_took_whose_answer_was_lost(app: Rowlock, proxy: Proxy):
    @app.task
    def echo(value: int) -> int:
        return value

    app.register_queue("default", lease="1h")
    tasks = [echo.enqueue(number) for number in range(5)]
    proxy.cut_after(b"POST /api/v1/claim")
    worker = HttpWorker(app, f"http://127.0.0.1:{proxy.port}", queues={"default": 3})
    await worker.start()
    try:
        await until(proxy.cut.is_set)
        done = await finished(app, *tasks)
    finally:
        await worker.stop()
    assert [task.result for task in done] == list(range(5))
    assert {(task.attempt, task.crashes) for task in done} == {(1, 0)}


@pytest.mark.parametrize("method", ["claim_any", "claim_from", "claim_many"])
async def test_the_client_sends_a_claim_again(app: Rowlock, proxy: Proxy, method: str):
    app.register_queue("default")
    tasks = app.enqueue_many(None, [1, 2], queue="default")
    proxy.cut_after(b" /api/v1/claim" if method == "claim_many" else b"PUT /api/v1/task")
    with Client(f"http://127.0.0.1:{proxy.port}") as client:
        named = ["default"] if method == "claim_from" else []
        found: Any = await asyncio.to_thread(getattr(client, method), *named, worker="w")
    assert proxy.cut.is_set()
    [taken] = found.body if method == "claim_many" else [found]
    assert taken.id == str(tasks[0])
    [held] = app.list_tasks(states=("running",))
    assert (held.id, held.attempt) == (tasks[0], 1)


async def test_the_client_stores_a_batch_once_whose_answer_was_lost(app: Rowlock, proxy: Proxy):
    @app.task
    def echo(value: int) -> int:
        return value

    app.register_queue("default")
    bodies = [NewTaskBody(definition="echo", arguments={"value": n}) for n in range(20)]
    echo.enqueue(0)
    proxy.cut_after(b"POST /api/v1/enqueue")
    with Client(f"http://127.0.0.1:{proxy.port}") as client:
        stored = await asyncio.to_thread(client.enqueue_many, tasks=bodies)
    assert proxy.cut.is_set()
    assert stored.count == len(set(stored.body)) == 20
    assert app.count().count == 21


async def test_a_handler_stores_a_batch_once_whose_answer_was_lost(app: Rowlock, proxy: Proxy):
    @app.task
    def echo(value: int) -> int:
        return value

    @app.task(max_attempts=1)
    def stores() -> int:
        return len(echo.enqueue_many([{"value": number} for number in range(20)]))

    app.register_queue("default")
    echo.enqueue(0)
    task = stores.enqueue()
    proxy.cut_after(b"POST /api/v1/enqueue")
    worker = HttpWorker(app, f"http://127.0.0.1:{proxy.port}")
    await asyncio.to_thread(worker.run_once)
    assert proxy.cut.is_set()
    assert app.get_task(task).result == 20
    assert app.count().count == 22
