"""C125: being a worker over HTTP, on every engine."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest

from rowlock.model.ids import new_task_id
from rowlock.ops.upkeep import RESCUE_GRACE
from tests.http.conftest import Caller, Service


@pytest.fixture
async def task_id(admin: Caller) -> str:
    """A task that waits in the queue `q`."""
    await admin.ok("POST", "queue", {"queue": "q", "retry": "immediate"})
    return str((await admin.ok("POST", "task", {"queue": "q", "payload": {"n": 1}}))["id"])


async def claim(admin: Caller, query: str = "task?worker=w") -> Any:
    return await admin.ok("PUT", query)


async def lose_claim(service: Service) -> None:
    """Let the lease of every claim run out, and rescue."""
    storage = service.app.core.storage
    for claimed in await service.app.list_tasks(states=("running",)):
        assert claimed.worker is not None
        await storage.async_runner.run(storage.upkeep.end_leases, claimed.namespace, claimed.worker)
    await storage.async_runner.run(storage.upkeep.rescue_tasks, grace=RESCUE_GRACE, limit=10)


async def test_a_claim_names_its_worker(admin, task_id):
    for query in ("task", "task?worker=", "task/q"):
        refused = await admin.refused("PUT", query)
        assert (refused["code"], refused["detail"]["field"]) == (400, "worker")
    response = await admin.send("PUT", "task?worker=w")
    claimed = response.json()
    assert response.status_code == 201
    assert (claimed["id"], claimed["worker"], claimed["queue"]) == (task_id, "w", "q")
    assert (claimed["payload"], claimed["attempt"], claimed["retries"]) == ({"n": 1}, 1, 3)
    assert str(UUID(claimed["token"])) == claimed["token"]
    assert claimed["lease_seconds"] == 300.0
    empty = await admin.refused("PUT", "task?worker=w")
    assert (empty["code"], empty["reason"]) == (404, "no task available")


async def test_a_claim_takes_only_from_the_queues_it_names(admin, task_id):
    await admin.ok("POST", "queue", {"queue": "other"})
    assert (await admin.refused("PUT", "task/other?worker=w"))["type"] == "NoTaskError"
    assert (await admin.refused("PUT", "task?worker=w&queue=other"))["type"] == "NoTaskError"
    missing = await admin.refused("PUT", "task/missing?worker=w")
    assert (missing["code"], missing["type"]) == (404, "QueueNotFoundError")
    assert (await admin.refused("PUT", "task/a%20b?worker=w"))["code"] == 400
    claimed = await claim(admin, "task?worker=w&queue=other&queue=q")
    assert claimed["id"] == task_id


async def test_a_lease_is_as_long_as_said_or_as_the_queues_timeout(admin, task_id):
    claimed = await claim(admin, "task?worker=w&lease=1m30s")
    assert claimed["lease_seconds"] == 90.0
    await admin.ok("POST", f"task/{task_id}/release", {"token": claimed["token"]})
    await admin.ok("PATCH", "queue/q", {"timeout": "20s"})
    assert (await claim(admin))["lease_seconds"] == 20.0
    assert (await admin.refused("PUT", "task?worker=w&lease=1ms"))["detail"]["field"] == "lease"


async def test_the_right_token_settles_and_once_more_answers_the_same(admin, task_id):
    claimed = await claim(admin)
    body = {"token": claimed["token"], "result": {"sum": 3}}
    response = await admin.send("PATCH", f"task/{task_id}", body)
    done = response.json()
    assert response.status_code == 201
    assert (done["state"], done["result"]) == ("succeeded", {"sum": 3})
    assert "unfenced" not in done
    assert await admin.ok("PATCH", f"task/{task_id}", body) == done
    other = await admin.refused("PATCH", f"task/{task_id}", {**body, "token": str(uuid4())})
    assert (other["code"], other["type"]) == (409, "LeaseLostError")


async def test_a_failure_is_tried_again_and_is_final_in_the_end(admin, task_id):
    await admin.ok("PATCH", "queue/q", {"max_attempts": 2})
    task_id = (await admin.ok("POST", "task", {"queue": "q", "payload": 1, "priority": 9}))["id"]
    claimed = await claim(admin)
    body = {"token": claimed["token"], "fail": True, "result": {"code": 7}, "error": "no route"}
    first = await admin.ok("PATCH", f"task/{task_id}", body)
    assert (first["state"], first["retries"]) == ("queued", 1)
    assert (first["error"]["message"], first["error"]["detail"]) == ("no route", {"code": 7})
    assert await admin.ok("PATCH", f"task/{task_id}", body) == first
    claimed = await claim(admin)
    body = {"token": claimed["token"], "fail": True, "result": "again"}
    last = await admin.ok("PATCH", f"task/{task_id}", body)
    assert (last["state"], last["error"]["message"], last["retries"]) == ("failed", "again", 0)


async def test_without_a_token_what_this_route_claimed_is_settled_and_marked(admin, task_id):
    nothing = await admin.refused("PATCH", f"task/{task_id}", {"result": 1})
    assert (nothing["code"], nothing["type"]) == (404, "NotRunningError")
    await claim(admin)
    done = await admin.ok("PATCH", f"task/{task_id}", {"result": 1})
    assert (done["state"], done["result"], done["unfenced"]) == ("succeeded", 1, True)
    again = await admin.refused("PATCH", f"task/{task_id}", {"result": 1})
    assert (again["code"], again["type"]) == (404, "NotRunningError")
    unknown = await admin.refused("PATCH", f"task/{new_task_id()}", {})
    assert (unknown["code"], unknown["type"]) == (404, "TaskNotFoundError")
    assert (await admin.refused("PATCH", "task/abc", {}))["detail"]["field"] == "id"


async def test_without_a_token_nothing_is_settled_that_others_claimed(service, admin, task_id):
    [held] = await service.app.claim("library")
    refused = await admin.refused("PATCH", f"task/{task_id}", {"result": 1})
    assert (refused["code"], refused["type"]) == (409, "LeaseLostError")
    assert (await service.app.complete(held, held.token, 2)).result == 2


async def test_without_a_token_nothing_is_settled_that_crashed_before(service, admin, task_id):
    await claim(admin)
    await lose_claim(service)
    assert (await claim(admin))["crashes"] == 1
    refused = await admin.refused("PATCH", f"task/{task_id}", {"result": 1})
    assert (refused["code"], refused["type"]) == (409, "LeaseLostError")


async def test_a_lost_claim_can_do_nothing_more(service, admin, task_id):
    old = (await claim(admin))["token"]
    await lose_claim(service)
    new = (await claim(admin))["token"]
    bodies: dict[str, dict[str, Any]] = {
        "heartbeat": {}, "progress": {"percent": 5}, "log": {"lines": [{"message": "x"}]},
        "release": {},
    }  # fmt: skip
    for action, body in bodies.items():
        path = f"task/{task_id}/{action}"
        refused = await admin.refused("POST", path, {**body, "token": old})
        assert (refused["code"], refused["type"]) == (409, "LeaseLostError"), action
    assert (await admin.refused("PATCH", f"task/{task_id}", {"token": old}))["code"] == 409
    assert (await admin.ok("PATCH", f"task/{task_id}", {"token": new}))["state"] == "succeeded"


async def test_a_heartbeat_extends_the_lease(admin, task_id):
    claimed = await claim(admin, "task?worker=w&lease=10s")
    path, token = f"task/{task_id}/heartbeat", claimed["token"]
    assert await admin.ok("POST", path, {"token": token}) == {"cancel_requested": False}
    longer = (await admin.ok("GET", f"task/{task_id}"))["lease_until"]
    assert longer > claimed["lease_until"]
    await admin.ok("POST", path, {"token": token, "lease": "1h"})
    assert (await admin.ok("GET", f"task/{task_id}"))["lease_until"] > longer


async def test_progress_and_log_lines_are_kept(service, admin, task_id):
    token = (await claim(admin))["token"]
    body = {"token": token, "percent": 40, "message": "halfway é"}
    assert await admin.ok("POST", f"task/{task_id}/progress", body) == {"id": task_id}
    lines = [{"message": "one"}, {"level": "warning", "message": "two"}]
    await admin.ok("POST", f"task/{task_id}/log", {"token": token, "lines": lines})
    shown = await admin.ok("GET", f"task/{task_id}")
    assert (shown["progress"], shown["progress_message"]) == (40.0, "halfway é")
    kept = await service.app.task_log(task_id)
    assert [(line.level, line.message) for line in kept] == [("INFO", "one"), ("WARNING", "two")]


async def test_a_released_task_waits_again_and_lost_no_attempt(admin, task_id):
    token = (await claim(admin))["token"]
    released = await admin.ok("POST", f"task/{task_id}/release", {"token": token, "delay": "1h"})
    assert (released["state"], released["retries"]) == ("scheduled", 4)
    assert (await admin.refused("PUT", "task?worker=w"))["type"] == "NoTaskError"


@pytest.mark.parametrize(
    ("action", "body", "field"),
    [
        ("heartbeat", {}, "token"),
        ("heartbeat", {"token": "x"}, "token"),
        ("heartbeat", {"token": 1}, "token"),
        ("heartbeat", {"token": str(uuid4()), "lease": "x"}, "lease"),
        ("progress", {"token": str(uuid4())}, "percent"),
        ("progress", {"token": str(uuid4()), "percent": 101}, "percent"),
        ("progress", {"token": str(uuid4()), "percent": "1"}, "percent"),
        ("log", {"token": str(uuid4()), "lines": []}, "lines"),
        ("log", {"token": str(uuid4()), "lines": [{"message": 1}]}, "lines[0].message"),
        ("log", {"token": str(uuid4()), "lines": [{"message": "", "level": "LOUD"}]}, "level"),
        ("release", {"token": str(uuid4()), "delay": -1}, "delay"),
    ],
)
async def test_a_report_that_makes_no_sense_is_refused(in_memory, action, body, field):
    admin = await in_memory.caller()
    await admin.ok("POST", "queue", {"queue": "q"})
    task_id = (await admin.ok("POST", "task", {"queue": "q", "payload": 1}))["id"]
    refused = await admin.refused("POST", f"task/{task_id}/{action}", body)
    assert (refused["code"], refused["detail"]["field"]) == (400, field)


@pytest.mark.parametrize("result", ["\x00", {"a": [[float(2**70)]], "b": 2**70}])
async def test_a_result_that_cannot_be_stored_leaves_the_task_running(admin, task_id, result):
    token = (await claim(admin))["token"]
    for fail in (False, True):
        body = {"token": token, "fail": fail, "result": result, "error": "x" if fail else None}
        assert (await admin.refused("PATCH", f"task/{task_id}", body))["code"] == 400
    assert (await admin.ok("GET", f"task/{task_id}"))["state"] == "running"
