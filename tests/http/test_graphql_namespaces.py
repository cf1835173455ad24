"""Two namespaces in GraphQL: nothing of one is seen, changed or counted by the other."""

from __future__ import annotations

import json

import pytest

from tests.http.asking import FOLLOW, answered, ask, following, refused
from tests.http.conftest import Caller, Service

STATS = "{ stats { queues { queue } } tasks { count } }"


@pytest.fixture
async def mine(service: Service) -> Caller:
    """Whose namespace is `mine`."""
    caller = await service.caller("admin", namespace="mine")
    await caller.ok("POST", "queue", {"queue": "q"})
    return caller


async def test_nothing_of_one_is_seen_changed_or_counted_by_the_other(service: Service, mine):
    def export(project_id: str) -> None:
        """What is asked for."""

    service.app.task(export)
    _, text = await service.token("admin", namespace="theirs")
    theirs = service.with_token(text)
    await theirs.ok("POST", "queue", {"queue": "q"})
    task = {"queue": "q", "definition": "export", "arguments": {"project_id": "canary"}}
    query = """
        mutation ($task: NewTask!) { enqueueIfNotExists(task: $task) { id created } }
    """
    own = (await ask(mine, query, task=task))["enqueueIfNotExists"]
    document = await answered(
        theirs,
        """query ($id: ID!) {
            task(id: $id) { id }
            tasks(before: $id) { body { id } }
            all: tasks { count }
            one: taskProgress(type: "export") { taskId }
            two: taskProgress(type: "export", payload: {project_id: "canary"}) { taskId }
        }""",
        id=own["id"],
    )
    assert document["data"] == {
        "task": None, "tasks": {"body": []}, "all": {"count": 0}, "one": None, "two": None
    }  # fmt: skip
    changed = await answered(
        theirs,
        "mutation ($id: ID!) { cancel(id: $id, force: true) { id } retry(id: $id) { id } }",
        id=own["id"],
    )
    assert set(changed["data"].values()) == {None}
    kinds = [one["extensions"]["type"] for one in (*document["errors"], *changed["errors"])]
    assert kinds == ["TaskNotFoundError"] * 3
    assert "canary" not in json.dumps([document, changed])
    async with following(service, text, FOLLOW, id=own["id"]) as stream:
        _, followed = await stream.next()
        assert followed["errors"][0]["extensions"]["type"] == "TaskNotFoundError"
        await stream.last()
    assert (await ask(theirs, query, task=task))["enqueueIfNotExists"]["created"]
    assert (await ask(mine, STATS))["tasks"]["count"] == 1


async def test_a_token_of_every_namespace_names_the_one_it_means(service: Service, mine):
    every = await service.caller("admin", everywhere=True)
    assert (await ask(every, STATS))["stats"]["queues"] == []
    body = {"query": STATS}
    header = {"Rowlock-Namespace": "mine"}
    found = await every.ok("POST", "/graphql", body, headers=header)
    assert found["data"]["stats"]["queues"] == [{"queue": "q"}]
    response = await mine.send("POST", "/graphql", body, headers={"Rowlock-Namespace": "theirs"})
    assert (response.status_code, response.json()["errors"][0]["extensions"]["type"]) == (
        404,
        "RouteNotFoundError",
    )
    assert (await refused(mine, "{"))["extensions"]["code"] == 400
