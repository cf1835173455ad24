"""Two namespaces with the same names: through no route is anything of one seen from the other."""

from __future__ import annotations

import pytest

from tests.http.conftest import Caller, Service


@pytest.fixture
async def mine(service: Service) -> Caller:
    """Whose namespace is `mine`."""
    caller = await service.caller("admin", namespace="mine")
    await caller.ok("POST", "queue", {"queue": "q"})
    return caller


@pytest.fixture
async def theirs(service: Service) -> Caller:
    """Whose namespace is `theirs`, with a queue of the same name."""
    caller = await service.caller("admin", namespace="theirs")
    await caller.ok("POST", "queue", {"queue": "q", "retries": 9})
    return caller


async def test_nothing_of_one_is_seen_settled_or_counted_by_the_other(mine, theirs):
    task = await mine.ok("POST", "task", {"queue": "q", "payload": "canary", "unique": "key"})
    assert (await theirs.ok("GET", "queue"))["body"][0]["retries"] == 9
    assert await theirs.ok("GET", "namespace") == {"count": 1, "body": ["theirs"]}
    assert (await theirs.ok("GET", "task"))["count"] == 0
    assert (await theirs.ok("GET", f"task?before={task['id']}"))["body"] == []
    for query in ("task?worker=w", "task/q?worker=w", "task?worker=w&queue=q"):
        assert (await theirs.refused("PUT", query))["type"] == "NoTaskError"
    claimed = await mine.ok("PUT", "task?worker=w")
    token = claimed["token"]
    held = {"token": token}
    for method, path, body in (
        ("GET", "", None),
        ("PATCH", "", held),
        ("PATCH", "", {"result": 1}),
        ("POST", "/heartbeat", held),
        ("POST", "/progress", {**held, "percent": 1}),
        ("POST", "/log", {**held, "lines": [{"message": "x"}]}),
        ("POST", "/release", held),
        ("POST", "/cancel", None),
        ("POST", "/cancel", {"force": True}),
        ("POST", "/retry", None),
    ):
        refused = await theirs.refused(method, f"task/{task['id']}{path}", body)
        assert (refused["code"], refused["type"]) == (404, "TaskNotFoundError"), path
        assert "canary" not in str(refused)
    assert (await mine.ok("PATCH", f"task/{task['id']}", held))["state"] == "succeeded"
    assert (await theirs.ok("POST", "task", {"queue": "q", "payload": 1, "unique": "key"}))["id"]


async def test_an_id_of_the_other_tells_nothing_of_its_task(mine, theirs):
    task = await mine.ok("POST", "task", {"queue": "q", "payload": "canary"})
    headers = {"Idempotency-Key": task["id"]}
    refused = await theirs.refused(
        "POST", "task", {"queue": "q", "payload": "canary"}, headers=headers
    )
    assert (refused["code"], refused["detail"]) == (409, {"task_id": task["id"]})


async def test_a_token_of_every_namespace_names_the_one_it_means(service, mine, theirs):
    every = await service.caller("admin", everywhere=True)
    assert (await every.ok("GET", "namespace"))["body"] == ["mine", "theirs"]
    assert (await every.ok("GET", "queue"))["count"] == 0
    for way in (
        {"path": "queue/q", "headers": {"Rowlock-Namespace": "theirs"}},
        {"path": "namespace/theirs/queue/q"},
        {"path": "namespace/theirs/queue/q", "headers": {"Rowlock-Namespace": " Theirs "}},
    ):
        path = str(way.pop("path"))
        assert (await every.ok("GET", path, **way))["retries"] == 9


async def test_token_header_and_path_that_disagree_are_404(service, mine, theirs):
    every = await service.caller("admin", everywhere=True)
    ways: tuple[tuple[Caller, str, dict[str, str]], ...] = (
        (mine, "queue", {"Rowlock-Namespace": "theirs"}),
        (mine, "namespace/theirs/queue", {}),
        (mine, "namespace/mine/queue", {"Rowlock-Namespace": "theirs"}),
        (every, "namespace/mine/queue", {"Rowlock-Namespace": "theirs"}),
    )
    for caller, path, headers in ways:
        refused = await caller.refused("GET", path, headers=headers)
        assert (refused["code"], refused["type"]) == (404, "RouteNotFoundError")
    same = await mine.ok("GET", "namespace/mine/queue", headers={"Rowlock-Namespace": "mine"})
    assert same["count"] == 1


@pytest.mark.parametrize("name", ["1x", "a b", "rowlock", "pgqueue", "x" * 65, "%00"])
async def test_what_is_no_name_of_a_namespace_is_refused(in_memory, name):
    every = await in_memory.caller("admin", everywhere=True)
    refused = await every.refused("GET", f"namespace/{name}/queue")
    assert (refused["code"], refused["detail"]["field"]) == (400, "namespace")


async def test_a_definition_is_enqueued_in_the_namespace_of_the_token(service, mine):
    @service.app.task
    def add(a: int) -> int:
        return a

    task = await mine.ok("POST", "task", {"definition": "add", "arguments": {"a": 1}})
    assert task["namespace"] == "mine"
    assert await service.app.list_tasks() == []


async def test_very_many_namespaces_are_not_all_remembered(in_memory, monkeypatch):
    monkeypatch.setattr("rowlock.http.guard.MOST_NAMESPACES", 2)
    in_memory.serve()
    every = await in_memory.caller("admin", everywhere=True)
    for _ in range(2):
        for number in range(4):
            await every.ok("GET", f"namespace/n{number}/queue")
