"""C124: storing, listing and steering tasks over HTTP, on every engine."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from rowlock.model.ids import new_task_id
from tests.http.conftest import Caller, Service


@pytest.fixture
async def queue(admin: Caller) -> str:
    """A queue that is there."""
    return str((await admin.ok("POST", "queue", {"queue": "q"}))["name"])


async def store(admin: Caller, payload: object = 1, **more: object) -> str:
    document = await admin.ok("POST", "task", {"queue": "q", "payload": payload, **more})
    return str(document["id"])


async def test_a_task_of_queue_and_payload(admin, queue):
    response = await admin.send("POST", "task", {"queue": "q", "payload": {"a": [1, None, "é"]}})
    task = response.json()
    assert response.status_code == 201
    assert response.headers["location"] == f"/api/v1/task/{task['id']}"
    assert (task["queue"], task["status"], task["retries"]) == ("q", "queued", 4)
    assert (task["payload"], task["delayed_at"], task["dies_at"]) == (
        {"a": [1, None, "é"]},
        None,
        None,
    )
    assert await admin.ok("GET", f"task/{task['id']}") == task


async def test_everything_that_can_be_said_of_a_task(admin, queue):
    later = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)
    task = await admin.ok("POST", "task", {
        "queue": "q", "payload": 1, "delayed_at": later.isoformat(), "ttl": "1h", "retries": 7,
        "retry_delay": 5, "priority": 3, "max_crashes": 2, "timeout": "10s", "tags": ["b", "a"],
        "unique": "only one",
    })  # fmt: skip
    shown = later.strftime("%Y-%m-%dT%H:%M:%S.000000Z")
    assert (task["state"], task["run_at"], task["delayed_at"]) == ("scheduled", shown, shown)
    assert task["dies_at"] == task["expires_at"] > shown
    assert (task["retries"], task["max_attempts"], task["priority"]) == (7, 7, 3)
    assert (task["max_crashes"], task["timeout_seconds"]) == (2, 10.0)
    assert (task["tags"], task["unique_key"]) == (["a", "b"], "only one")
    assert task["retry"]["backoff"] == "quadratic"
    again = await admin.refused("POST", "task", {"queue": "q", "payload": 2, "unique": "only one"})
    assert (again["code"], again["type"]) == (409, "DuplicateTaskError")
    assert again["detail"]["task_id"] == task["id"]


async def test_a_task_of_a_definition(service, admin):
    @service.app.task(queue="sums")
    def add(a: int, b: int = 2) -> int:
        return a + b

    task = await admin.ok("POST", "task", {"definition": "add", "arguments": {"a": 1}})
    assert (task["definition"], task["queue"], task["payload"]) == ("add", "sums", {"a": 1})
    assert (await admin.ok("POST", "task", {"definition": "ADD", "payload": {"a": 3}}))["id"]
    refused = await admin.refused("POST", "task", {"definition": "add", "arguments": {"a": "x"}})
    assert (refused["code"], refused["type"]) == (400, "PayloadError")
    refused = await admin.refused("POST", "task", {"definition": "nobody", "arguments": {}})
    assert (refused["code"], refused["type"]) == (404, "UnknownDefinitionError")


async def test_an_idempotency_key_stores_one_task(admin, queue):
    headers = {"Idempotency-Key": str(new_task_id())}
    body = {"queue": "q", "payload": {"a": 1}}
    first = await admin.ok("POST", "task", body, headers=headers)
    assert first["id"] == headers["Idempotency-Key"]
    assert await admin.ok("POST", "task", body, headers=headers) == first
    claimed = await admin.ok("PUT", "task?worker=w")
    settled = {"token": claimed["token"], "result": 5}
    await admin.ok("PATCH", f"task/{first['id']}", settled)
    again = await admin.ok("POST", "task", body, headers=headers)
    assert (again["id"], again["state"], again["result"]) == (first["id"], "succeeded", 5)
    other = await admin.refused("POST", "task", {"queue": "q", "payload": 2}, headers=headers)
    assert (other["code"], other["type"]) == (409, "IdConflictError")
    assert (await admin.ok("GET", "task"))["count"] == 1
    bad = await admin.refused("POST", "task", body, headers={"Idempotency-Key": "once"})
    assert (bad["code"], bad["detail"]["field"]) == (400, "Idempotency-Key")


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ({"queue": "q"}, 400, "payload"),
        ({"queue": "q", "payload": None}, 400, "payload"),
        ({"payload": 1}, 400, "queue"),
        ({"queue": "", "payload": 1}, 400, "queue"),
        ({"queue": "missing", "payload": 1}, 404, None),
        ({"queue": "q", "payload": 1, "delayed_at": "2020-01-01T00:00:00Z"}, 400, "delayed_at"),
        ({"queue": "q", "payload": 1, "delayed_at": "2099-01-01T00:00:00"}, 400, "delayed_at"),
        ({"queue": "q", "payload": 1, "run_at": "tomorrow"}, 400, "run_at"),
        ({"queue": "q", "payload": 1, "run_at": "2099-01-01T00:00:00Z", "delay": 1}, 400, "run_at"),
        ({"queue": "q", "payload": 1, "priority": 1.5}, 400, "priority"),
        ({"queue": "q", "payload": 1, "priority": 40_000}, 400, "priority"),
        ({"queue": "q", "payload": 1, "tags": "a"}, 400, "tags"),
        ({"queue": "q", "payload": 1, "tags": [1]}, 400, "tags[0]"),
        ({"queue": "q", "payload": 1, "arguments": {}}, 400, "arguments"),
        ({"queue": "q", "payload": 1, "unique": ["a", 1]}, 400, None),
    ],
)
async def test_a_task_that_makes_no_sense_is_refused(in_memory, body, code, field):
    admin = await in_memory.caller()
    await admin.ok("POST", "queue", {"queue": "q"})
    refused = await admin.refused("POST", "task", body)
    assert refused["code"] == code, refused
    assert field is None or refused["detail"]["field"] == field
    assert (await admin.ok("GET", "task"))["count"] == 0


async def test_lists_filter_by_status_in_every_spelling_and_queue(admin, queue):
    await admin.ok("POST", "queue", {"queue": "other"})
    ids = [await store(admin) for _ in range(3)]
    await admin.ok("POST", "task", {"queue": "other", "payload": 1})
    claimed = await admin.ok("PUT", "task/q?worker=w")
    waiting = sorted(set(ids) - {claimed["id"]}, reverse=True)
    for word in ("new", "NEW", "pending", "Queued"):
        page = await admin.ok("GET", f"task?status={word}&queue=q")
        assert [task["id"] for task in page["body"]] == waiting
        assert {task["status"] for task in page["body"]} == {"queued"}
        assert (page["count"], page["count_capped"], page["next"]) == (2, False, None)
    await store(admin, tags=["a", "b"])
    for query, count in (("tag=a", 1), ("tag=a&tag=b", 1), ("tag=a&tag=c", 0)):
        assert (await admin.ok("GET", f"task?{query}"))["count"] == count
    for query in ("status=retained", "state=running", "status=in_progress&state=done", "worker=w"):
        page = await admin.ok("GET", f"task?{query}")
        assert [task["id"] for task in page["body"]] == [claimed["id"]], query
    assert (await admin.ok("GET", "task"))["count"] == 5


async def test_lists_go_on_where_they_ended(admin, queue):
    ids = [await store(admin, number) for number in range(5)]
    newest = ids[::-1]
    first = await admin.ok("GET", "task?limit=2")
    assert ([task["id"] for task in first["body"]], first["count"]) == (newest[:2], 5)
    second = await admin.ok("GET", f"task?limit=2&before={first['next']}")
    assert [task["id"] for task in second["body"]] == newest[2:4]
    last = await admin.ok("GET", f"task?limit=2&before={second['next']}")
    assert ([task["id"] for task in last["body"]], last["next"]) == (newest[4:], None)
    page = await admin.ok("GET", "task?limit=2&offset=1")
    assert [task["id"] for task in page["body"]] == newest[1:3]
    assert (await admin.ok("GET", "task?limit=500"))["count"] == 5


async def test_a_list_is_counted_unless_it_goes_on_or_is_asked_not_to_be(admin, queue):
    ids = [await store(admin, number) for number in range(5)]
    for query, count in (
        ("", 5), ("offset=3", 5), ("count=true", 5), ("count=false", None),
        (f"before={ids[2]}", None), (f"before={ids[2]}&count=true", 5),
        ("count=false&offset=1&state=queued", None),
    ):  # fmt: skip
        page = await admin.ok("GET", f"task?{query}")
        assert (page["count"], page["count_capped"]) == (count, False), query
        assert page["body"], query
    assert (await admin.refused("GET", "task?count=5"))["detail"]["field"] == "count"


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("status=sleeping", "state"),
        ("limit=x", "limit"),
        ("offset=901", "offset"),
        ("before=x", "id"),
        ("queue=a%20b", "queue"),
        ("created_after=yesterday", "created_after"),
        ("created_after=2026-01-01T00:00:00", "created_after"),
        ("include_deleted=maybe", "include_deleted"),
        ("tag=%00", "tag"),
        ("colour=red", "colour"),
        ("token=rowlock_x_y", "token"),
    ],
)
async def test_a_filter_that_makes_no_sense_is_refused(in_memory, query, field):
    admin = await in_memory.caller()
    refused = await admin.refused("GET", f"task?{query}")
    assert (refused["code"], refused["detail"]["field"]) == (400, field)


async def test_times_filter(admin, queue):
    await store(admin)
    for query, count in (
        ("created_after=2020-01-01T00:00:00Z", 1),
        ("created_before=2020-01-01T00:00:00%2B02:00", 0),
        ("finished_after=2020-01-01T00:00:00Z", 0),
    ):
        assert (await admin.ok("GET", f"task?{query}"))["count"] == count, query


async def test_cancel_and_retry_are_in_the_audit_with_the_token_as_actor(service, queue):
    token, text = await service.token("tasks:cancel", "tasks:retry", "tasks:enqueue")
    caller = service.with_token(text)
    task_id = await store(caller)
    canceled = await caller.ok("POST", f"task/{task_id}/cancel", {"reason": "a typo"})
    assert canceled == {"id": task_id, "outcome": "canceled"}
    assert (await caller.refused("POST", f"task/{task_id}/cancel"))["type"] == "TaskConflictError"
    assert (await caller.ok("POST", f"task/{task_id}/retry"))["state"] == "queued"
    assert (await caller.refused("POST", f"task/{task_id}/retry"))["code"] == 409
    entries = await service.app.audit(target=task_id)
    assert [(one.action, one.reason) for one in entries] == [("retry", None), ("cancel", "a typo")]
    assert {entry.actor for entry in entries} == {f"token test ({token.id})"}


async def test_a_running_task_is_asked_to_cancel_and_force_does_not_wait(admin, queue):
    task_id = await store(admin)
    claimed = await admin.ok("PUT", "task?worker=w")
    asked = await admin.ok("POST", f"task/{task_id}/cancel")
    assert asked["outcome"] == "requested"
    beat = await admin.ok("POST", f"task/{task_id}/heartbeat", {"token": claimed["token"]})
    assert beat == {"cancel_requested": True}
    forced = await admin.ok("POST", f"task/{task_id}/cancel", {"force": True})
    assert forced["outcome"] == "canceled"
    lost = await admin.refused("PATCH", f"task/{task_id}", {"token": claimed["token"]})
    assert (lost["code"], lost["type"]) == (409, "LeaseLostError")


@pytest.mark.parametrize("path", ["task/{id}", "task/{id}/cancel", "task/{id}/retry"])
async def test_a_task_that_is_not_there(admin, path):
    method = "GET" if path == "task/{id}" else "POST"
    missing = path.format(id=new_task_id())
    assert (await admin.refused(method, missing))["type"] == "TaskNotFoundError"
    bad = await admin.refused(method, path.format(id="abc"))
    assert (bad["code"], bad["detail"]["field"]) == (400, "id")


async def test_payload_result_and_error_are_hidden_without_the_scope(
    service: Service, admin, queue
):
    canary = "canary-7f3a"
    reader = await service.caller("tasks:read", "tasks:enqueue", "tasks:retry")
    open_reader = await service.caller("tasks:read", "payload:read")
    for fail in (False, True):
        task_id = await store(admin, {"secret": canary}, max_attempts=1)
        claimed = await admin.ok("PUT", "task?worker=w")
        body = {"token": claimed["token"], "fail": fail, "result": canary}
        await admin.ok("PATCH", f"task/{task_id}", body)
        assert canary in (await open_reader.send("GET", f"task/{task_id}")).text
        for path in (f"task/{task_id}", "task"):
            shown = await reader.send("GET", path)
            assert (shown.status_code, canary in shown.text) == (200, False)
        task = await reader.ok("GET", f"task/{task_id}")
        assert task["hidden"] == ["payload", "result", "error"]
        again = await reader.send("POST", f"task/{task_id}/retry")
        assert (again.status_code, canary in again.text) == (200, False)
        await admin.ok("POST", f"task/{task_id}/cancel")
    made = await reader.send("POST", "task", {"queue": "q", "payload": canary})
    assert (made.status_code, canary in made.text) == (201, False)


async def test_lists_have_an_order_and_ask_for_errors_and_arguments(service: Service, admin, queue):
    failed = []
    for word in ("one", "two", "three"):
        failed.append(await store(admin, {"who": word}, retry="none"))
        claimed = await admin.ok("PUT", "task/q?worker=w")
        end = {"token": claimed["token"], "error": f"no {word}"}
        await admin.ok("PATCH", f"task/{claimed['id']}", end)
    await store(admin, {"who": "one"})
    first = await admin.ok("GET", "task?status=failed&order=finished_at&limit=2")
    assert [one["id"] for one in first["body"]] == failed[:0:-1]
    rest = await admin.ok("GET", f"task?order=finished_at&limit=2&before={first['next']}")
    assert [one["id"] for one in rest["body"]] == failed[:1]
    about = await admin.ok("GET", "task?error=NO%20TWO")
    assert [one["id"] for one in about["body"]] == failed[1:2]
    asked = 'task?queue=q&arguments={"who":"one"}'
    assert (await admin.ok("GET", asked))["count"] == 2
    blind = await service.caller("tasks:read")
    for query in ("task?error=x", asked):
        assert (await blind.refused("GET", query))["type"] == "ScopeError"
    for query, field in (("order=age", "order"), ("arguments={", "arguments"),
                         ("queue=q&arguments=1", "arguments")):  # fmt: skip
        refused = await admin.refused("GET", f"task?{query}")
        assert (refused["code"], refused["detail"]["field"]) == (400, field)


async def test_what_is_stuck_is_listed(service: Service, admin, queue):
    task_id = await store(admin, "canary-77")
    assert (await admin.ok("GET", "stuck")) == {"count": 0, "body": []}
    await admin.ok("PUT", "task/q?worker=w")
    assert (await admin.ok("GET", "stuck"))["count"] == 0
    [shown] = (await admin.ok("GET", "stuck?longer_than=0.001&limit=1000"))["body"]
    assert (shown["id"], shown["worker"]) == (task_id, "w")
    blind = await service.caller("tasks:read")
    assert "canary-77" not in (await blind.send("GET", "stuck?longer_than=0.001")).text
    theirs = await service.caller("tasks:read", namespace="theirs")
    assert (await theirs.ok("GET", "stuck?longer_than=0.001"))["count"] == 0
    for query, field in (("longer_than=soon", "longer_than"), ("limit=1001", "limit")):
        refused = await admin.refused("GET", f"stuck?{query}")
        assert (refused["code"], refused["detail"]["field"]) == (400, field)


async def test_a_unique_key_has_the_name_too_that_answers_have(service: Service):
    admin = await service.caller("admin")
    await admin.ok("POST", "queue", {"queue": "q"})
    body = {"queue": "q", "payload": 1, "unique_key": "u"}
    assert (await admin.ok("POST", "task", body))["unique_key"] == "u"
    refused = await admin.refused("POST", "task", body)
    assert (refused["code"], refused["type"]) == (409, "DuplicateTaskError")
    refused = await admin.refused("POST", "task", {**body, "unique": "v"})
    assert (refused["code"], refused["detail"]["field"]) == (400, "unique_key")
