"""GraphQL on every engine: the same tasks, under the same names, as over REST."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from graphql import build_schema, introspection_from_schema

from rowlock.http.graphql.schema import SCHEMA
from rowlock.model.states import TaskState
from rowlock.wire.bodies.tasks import NewTaskBody
from rowlock.wire.documents.observing import (
    DurationsDocument,
    QueueCountsDocument,
    StatsDocument,
    ThroughputDocument,
)
from rowlock.wire.documents.tasks import (
    CanceledDocument,
    EnqueuedDocument,
    ProgressDocument,
    TaskDocument,
    TaskList,
)
from rowlock.wire.routes.tasks import TASKS
from tests.http.asking import ask, field_refused
from tests.http.conftest import Caller, Service

TASK = """
    id namespace queue definition state status priority payload tags uniqueKey attempt maxAttempts
    retries crashes maxCrashes timeoutSeconds retry { backoff baseSeconds capSeconds jitter }
    worker cancelRequested progress progressMessage createdAt runAt delayedAt startedAt finishedAt
    leaseUntil expiresAt diesAt pausedUntil pauseReason deletedAt result
    error { type message traceback detail } reason hidden
"""
ENQUEUE = f"mutation ($task: NewTask!) {{ enqueue(task: $task) {{ {TASK} }} }}"
IF_NOT_EXISTS = """
    mutation ($task: NewTask!) {
        enqueueIfNotExists(task: $task) { id created status task { id payload } }
    }
"""
GET = f"query ($id: ID!) {{ task(id: $id) {{ {TASK} }} }}"


@pytest.fixture
async def caller(admin: Caller) -> Caller:
    """A client that may do all, beside a queue `q`."""
    await admin.ok("POST", "queue", {"queue": "q"})
    return admin


def export(project_id: Any, n: int = 1) -> None:
    """What is asked for."""


def camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def shown_types() -> Any:
    """The types of the schema, as clients are told."""
    told = introspection_from_schema(build_schema(SCHEMA.as_str()))
    return told["__schema"]["types"]


def in_camel(document: Any) -> Any:
    """A document of REST as GraphQL names it."""
    left_out = {"unfenced"}
    return {camel(name): value for name, value in document.items() if name not in left_out}


async def stored(caller: Caller, **task: Any) -> Any:
    return (await ask(caller, ENQUEUE, task={"queue": "q", "payload": 1, **task}))["enqueue"]


async def test_a_task_is_stored_and_shown_as_over_rest(caller):
    task = await stored(
        caller, payload={"to": "ann", "n": [1, None]}, priority=7, tags=["a", "b"], delay="1h",
        unique="key", maxAttempts=3, timeout=2.5, ttl="1d",
        retry={"backoff": "fixed", "base_seconds": 5},
    )  # fmt: skip
    assert (task["state"], task["status"], task["priority"]) == ("SCHEDULED", "SCHEDULED", 7)
    assert (task["tags"], task["uniqueKey"], task["timeoutSeconds"]) == (["a", "b"], "key", 2.5)
    over_rest = in_camel(await caller.ok("GET", f"task/{task['id']}"))
    over_rest |= {name: over_rest[name].upper() for name in ("state", "status")}
    over_rest["retry"] = in_camel(over_rest["retry"])
    assert task == {**over_rest, "hidden": None}
    assert (await ask(caller, GET, id=task["id"]))["task"] == task


async def test_a_task_of_a_definition_is_checked_and_stored(service: Service, caller):
    @service.app.task
    def add(a: int) -> int:
        return a

    query = (
        'mutation { enqueue(task: {definition: "add", arguments: {a: 2}}) { definition payload } }'
    )
    assert await ask(caller, query) == {"enqueue": {"definition": "add", "payload": {"a": 2}}}
    wrong = await field_refused(caller, query.replace("{a: 2}", "{b: 2}"))
    assert wrong["extensions"]["type"] == "PayloadError"
    assert wrong["path"] == ["enqueue"]


async def test_a_repeated_key_answers_with_the_task_that_is_there(caller):
    query = """
        mutation ($key: ID) {
            enqueue(task: {queue: "q", payload: 1}, idempotencyKey: $key) { id }
        }
    """
    key = str(uuid4())
    for _ in range(2):
        assert await ask(caller, query, key=key) == {"enqueue": {"id": key}}
    assert (await caller.ok("GET", "task"))["count"] == 1
    wrong = await field_refused(caller, query, key="x")
    assert wrong["extensions"]["detail"]["field"] == "idempotencyKey"


async def test_a_twin_of_a_live_task_is_not_stored_and_after_its_end_it_is(caller):
    task = {"queue": "q", "payload": {"project_id": "p"}, "unique": "p"}
    first = (await ask(caller, IF_NOT_EXISTS, task=task))["enqueueIfNotExists"]
    assert (first["created"], first["status"]) == (True, "QUEUED")
    twin = (await ask(caller, IF_NOT_EXISTS, task=task))["enqueueIfNotExists"]
    assert twin == {**first, "created": False, "status": "ALREADY_PROCESSING"}
    await caller.ok("POST", f"task/{first['id']}/cancel")
    again = (await ask(caller, IF_NOT_EXISTS, task=task))["enqueueIfNotExists"]
    assert again["created"]
    assert again["id"] != first["id"]


async def test_twins_of_a_definition_are_those_with_equal_arguments(service: Service, caller):
    service.app.task(export)
    task = {"definition": "export", "arguments": {"project_id": "p"}}
    found = [
        (await ask(caller, IF_NOT_EXISTS, task=one))["enqueueIfNotExists"]["created"]
        for one in (task, task, {**task, "arguments": {"project_id": "other"}})
    ]
    assert found == [True, False, True]


async def test_a_twin_without_a_key_is_refused_and_not_stored(caller):
    error = await field_refused(caller, IF_NOT_EXISTS, task={"queue": "q", "payload": 1})
    assert error["extensions"]["detail"]["field"] == "unique"
    assert (await caller.ok("GET", "task"))["count"] == 0


async def test_of_a_twin_only_readers_see_more_than_its_id(service: Service, caller):
    task = {"queue": "q", "payload": "canary", "unique": "p"}
    first = (await ask(caller, IF_NOT_EXISTS, task=task))["enqueueIfNotExists"]
    assert first["task"]["payload"] == "canary"
    producer = await service.caller("tasks:enqueue")
    twin = (await ask(producer, IF_NOT_EXISTS, task=task))["enqueueIfNotExists"]
    assert (twin["id"], twin["created"], twin["task"]) == (first["id"], False, None)
    own = (await ask(producer, IF_NOT_EXISTS, task={**task, "unique": "own"}))["enqueueIfNotExists"]
    assert own["task"] == {"id": own["id"], "payload": None}


async def test_tasks_are_listed_by_filter_and_page(caller):
    ids = [(await stored(caller, tags=[f"t{number % 2}"]))["id"] for number in range(5)]
    query = """
        query ($filter: TaskFilter, $before: ID, $limit: Int! = 100) {
            tasks(filter: $filter, before: $before, limit: $limit) {
                count countCapped next body { id }
            }
        }
    """
    page = (await ask(caller, query, limit=2))["tasks"]
    assert [one["id"] for one in page["body"]] == ids[:2:-1]
    assert (page["count"], page["countCapped"], page["next"]) == (5, False, ids[3])
    page = (await ask(caller, query, limit=9, before=page["next"]))["tasks"]
    assert ([one["id"] for one in page["body"]], page["next"]) == (ids[2::-1], None)
    found = await ask(caller, query, filter={"tag": ["t0"], "queue": "q", "state": ["NEW"]})
    assert [one["id"] for one in found["tasks"]["body"]] == ids[::-2]
    long_ago = "2001-02-03T04:05:06+07:00"
    for name, count in (("createdAfter", 5), ("createdBefore", 0), ("finishedAfter", 0)):
        past = {name: long_ago, "includeDeleted": False}
        assert (await ask(caller, query, filter=past))["tasks"]["count"] == count
    assert (await ask(caller, query, filter={"state": ["running"]}))["tasks"]["body"] == []
    for given, field in (
        ({"filter": {"state": ["nothing"]}}, "state"),
        ({"filter": {"createdAfter": "yesterday"}}, "createdAfter"),
        ({"filter": {"worker": ""}}, "worker"),
        ({"limit": 0}, "limit"),
        ({"before": "x"}, "id"),
    ):
        error = await field_refused(caller, query, **given)
        assert error["extensions"]["detail"]["field"] == field


async def test_progress_is_that_of_the_unfinished_task_with_these_values(service, caller):
    service.app.task(export)
    query = """
        query ($type: String!, $payload: JSON) {
            taskProgress(type: $type, payload: $payload) { taskId state progress message active }
        }
    """
    given = {"type": "export", "payload": {"project_id": "p"}}
    assert await ask(caller, query, **given) == {"taskProgress": None}
    body = {"definition": "export", "arguments": {"project_id": "p", "n": 2}}
    task = await caller.ok("POST", "task", body)
    expected = {
        "taskId": task["id"], "state": "QUEUED", "progress": 0, "message": None, "active": True
    }  # fmt: skip
    assert (await ask(caller, query, **given))["taskProgress"] == expected
    claim = await caller.ok("PUT", "task?worker=w")
    held = {"token": claim["token"]}
    await caller.ok(
        "POST", f"task/{task['id']}/progress", {**held, "percent": 45, "message": "rows"}
    )
    expected |= {"state": "RUNNING", "progress": 45, "message": "rows"}
    assert (await ask(caller, query, **given))["taskProgress"] == expected
    assert (await ask(caller, query, type="export"))["taskProgress"] == expected
    other = {"type": "export", "payload": {"project_id": "other"}}
    assert await ask(caller, query, **other) == {"taskProgress": None}
    await caller.ok("PATCH", f"task/{task['id']}", held)
    assert await ask(caller, query, **given) == {"taskProgress": None}
    for wrong, field in (
        ({"type": ""}, "type"),
        ({"type": "export", "payload": [1]}, "payload"),
        ({"type": "export", "payload": {"a": {}}}, "payload"),
    ):
        error = await field_refused(caller, query, **wrong)
        assert error["extensions"]["detail"]["field"] == field


async def test_stats_count_by_queue_and_state(caller):
    await stored(caller)
    await stored(caller, delay="1h")
    query = """
        query ($queue: String, $window: Duration) {
            stats(queue: $queue, window: $window) {
                queues { queue paused capped oldestWaitSeconds counts }
                throughput { queue counts perSecond capped }
                definitions { definition averageSeconds }
            }
        }
    """
    for given in ({}, {"queue": "q"}, {"window": "1h"}, {"window": 60}):
        [counted] = (await ask(caller, query, **given))["stats"]["queues"]
        counts = {state.value: 0 for state in TaskState} | {"queued": 1, "scheduled": 1}
        assert (counted["queue"], counted["paused"], counted["counts"]) == ("q", False, counts)
        assert counted["oldestWaitSeconds"] >= 0
    for wrong, field in (
        ({"window": "x"}, "window"),
        ({"window": -1}, "window"),
        ({"queue": ""}, "queue"),
        ({"queue": "\u00e9"}, "queue"),
    ):
        error = await field_refused(caller, query, **wrong)
        assert error["extensions"]["detail"]["field"] == field


async def test_a_task_is_canceled_and_run_again(caller):
    task = await stored(caller)
    cancel = 'mutation ($id: ID!) { cancel(id: $id, reason: "late") { id outcome } }'
    assert await ask(caller, cancel, id=task["id"]) == {
        "cancel": {"id": task["id"], "outcome": "canceled"}
    }
    again = await field_refused(caller, cancel, id=task["id"])
    assert (again["extensions"]["type"], again["extensions"]["code"]) == ("TaskConflictError", 409)
    retry = "mutation ($id: ID!, $n: Int) { retry(id: $id, attempts: $n) { id state maxAttempts } }"
    wrong = await field_refused(caller, retry, id=task["id"], n=0)
    assert wrong["extensions"]["detail"]["field"] == "attempts"
    run_again = (await ask(caller, retry, id=task["id"], n=2))["retry"]
    assert (run_again["id"], run_again["state"]) == (task["id"], "QUEUED")


async def test_what_is_done_is_in_the_audit_under_the_name_of_the_token(service, caller):
    task = await stored(caller)
    await ask(caller, f'mutation {{ cancel(id: "{task["id"]}", reason: "late") {{ id }} }}')
    entry = (await service.app.audit())[0]
    assert (entry.action, entry.reason) == ("cancel", "late")
    assert entry.actor.startswith("token test (")


async def test_mutations_are_done_in_order_and_one_that_fails_leaves_the_others(caller):
    document = (
        await caller.send(
            "POST",
            "/graphql",
            {
                "query": """mutation {
                    first: enqueue(task: {queue: "q", payload: 1, unique: "k"}) { queue }
                    twin: enqueue(task: {queue: "q", payload: 2, unique: "k"}) { queue }
                    last: enqueue(task: {queue: "q", payload: 3}) { payload }
                }"""
            },
        )
    ).json()
    assert document["data"] == {"first": {"queue": "q"}, "twin": None, "last": {"payload": 3}}
    [error] = document["errors"]
    assert (error["path"], error["extensions"]["type"]) == (["twin"], "DuplicateTaskError")
    assert (await caller.ok("GET", "task"))["count"] == 2


async def test_a_task_that_is_not_there_is_null_and_said_to_be_missing(caller):
    for query in (
        "query ($id: ID!) { task(id: $id) { id } }",
        "mutation ($id: ID!) { cancel(id: $id) { id } }",
        "mutation ($id: ID!) { retry(id: $id) { id } }",
    ):
        error = await field_refused(caller, query, id=str(uuid4()))
        assert (error["extensions"]["type"], error["extensions"]["code"]) == (
            "TaskNotFoundError",
            404,
        )
        error = await field_refused(caller, query, id="nothing")
        assert error["extensions"]["detail"]["field"] == "id"


async def test_payload_result_and_error_are_null_without_the_scope(service: Service, caller):
    task = await stored(caller, payload="canary")
    claim = await caller.ok("PUT", "task?worker=w")
    failed = {"token": claim["token"], "error": "canary", "result": "canary"}
    await caller.ok("PATCH", f"task/{task['id']}", failed)
    reader = await service.caller("tasks:read", "tasks:retry")
    shown = (await ask(reader, GET, id=task["id"]))["task"]
    assert [shown["payload"], shown["result"], shown["error"]] == [None] * 3
    assert shown["hidden"] == ["payload", "result", "error"]
    listed = await ask(reader, f"{{ tasks {{ body {{ {TASK} }} }} }}")
    assert "canary" not in json.dumps([shown, listed])
    trusted = await service.caller("tasks:read", "payload:read")
    shown = (await ask(trusted, GET, id=task["id"]))["task"]
    assert (shown["payload"], shown["error"]["message"]) == ("canary", "canary")
    assert shown["hidden"] is None


async def test_values_of_a_payload_are_not_to_be_guessed_without_the_scope(service, caller):
    service.app.task(export)
    await caller.ok("POST", "task", {"definition": "export", "arguments": {"project_id": 1234}})
    reader = await service.caller("tasks:read")
    error = await field_refused(
        reader, '{ taskProgress(type: "export", payload: {project_id: 1234}) { state } }'
    )
    assert (error["extensions"]["code"], error["extensions"]["detail"]) == (
        403,
        {"scope": "payload:read"},
    )
    assert (await ask(reader, '{ taskProgress(type: "export") { state } }'))["taskProgress"]


@pytest.mark.parametrize(
    ("document", "name"),
    [
        (TaskDocument, "Task"),
        (TaskList, "TaskList"),
        (CanceledDocument, "Canceled"),
        (EnqueuedDocument, "Enqueued"),
        (ProgressDocument, "Progress"),
        (StatsDocument, "Stats"),
        (QueueCountsDocument, "QueueCounts"),
        (ThroughputDocument, "Throughput"),
        (DurationsDocument, "Durations"),
        (NewTaskBody, "NewTask"),
    ],
)
def test_types_have_the_fields_of_rest(document: type[msgspec.Struct], name: str):
    shown = next(one for one in shown_types() if one["name"] == name)
    fields = [one["name"] for one in shown["fields"] or shown["inputFields"]]
    assert fields == [camel(one) for one in document.__struct_fields__ if one != "unfenced"]


def test_tasks_are_filtered_by_what_rest_filters_by():
    [shown] = [one for one in shown_types() if one["name"] == "TaskFilter"]
    [route] = [one for one in TASKS if one.name == "list_tasks"]
    paging = {"count", "before", "offset", "limit"}
    wanted = [camel(one.name) for one in route.queries if one.name not in paging]
    assert [one["name"] for one in shown["inputFields"]] == wanted
