"""C138 and C139: what clients of a queue in memory ask for, on every engine."""

from __future__ import annotations

import pytest

from rowlock.http import Limits
from tests.http.conftest import Caller, Service

NOBODY = "01a2281b-b423-716b-be02-53c5c5a7c4f2"
STATUS = {"id", "name", "status", "progress", "result", "error", "createdAt", "completedAt"}
LINE = {"id", "name", "status", "createdAt", "completedAt"}


async def store(admin: Caller, payload: object = None, **more: object) -> str:
    body = {"queue": "mail", "payload": {"to": payload}, **more}
    task: str = (await admin.ok("POST", "task", body))["id"]
    return task


async def end(admin: Caller, **how: object) -> str:
    """Claim a task and end it."""
    claim = await admin.ok("PUT", "task/mail?worker=w")
    task: str = claim["id"]
    await admin.ok("PATCH", f"task/{task}", {"token": claim["token"], **how})
    return task


@pytest.fixture
async def admin(service: Service) -> Caller:
    caller = await service.caller()
    await caller.ok("POST", "queue", {"queue": "mail", "retries": 1})
    return caller


async def status_of(caller: Caller, task: str):
    shown = await caller.ok("GET", f"/api/tasks/status/{task}")
    assert set(shown) == STATUS
    return shown


async def test_the_status_of_a_task_through_its_life(admin):
    task = await store(admin)
    shown = await status_of(admin, task)
    assert shown["createdAt"].endswith("Z")
    assert shown == {
        "id": task, "name": "mail", "status": "pending", "progress": 0, "result": None,
        "error": None, "createdAt": shown["createdAt"], "completedAt": None,
    }  # fmt: skip
    claim = await admin.ok("PUT", "task/mail?worker=w")
    running = await status_of(admin, task)
    assert (running["status"], running["progress"]) == ("in_progress", 50)
    await admin.ok("PATCH", f"task/{task}", {"token": claim["token"], "result": {"sent": True}})
    done = await status_of(admin, task)
    assert (done["status"], done["progress"], done["error"]) == ("completed", 100, None)
    assert (done["result"], done["completedAt"] is None) == ({"sent": True}, False)


async def test_a_failed_task_says_why_and_one_that_is_tried_again_does_not(admin):
    failed = await store(admin)
    await end(admin, fail=True, result="no such mailbox")
    shown = await status_of(admin, failed)
    assert (shown["status"], shown["progress"], shown["result"]) == ("failed", 0, None)
    assert shown["error"]
    again = await store(admin, max_attempts=2)
    await end(admin, fail=True)
    retried = await status_of(admin, again)
    assert (retried["status"], retried["progress"], retried["error"]) == ("pending", 0, None)


async def test_a_canceled_task_has_failed_there(admin):
    task = await store(admin, max_attempts=2)
    await end(admin, fail=True, result="no such mailbox")
    await admin.ok("POST", f"task/{task}/cancel", {})
    shown = await status_of(admin, task)
    assert (shown["status"], shown["error"]) == ("failed", "canceled")


async def test_the_name_is_the_definition_if_there_is_one(admin, service):
    await service.app.create_definition("send-email")
    body = {"definition": "send-email", "arguments": {}}
    task = (await admin.ok("POST", "task", body))["id"]
    assert (await status_of(admin, task))["name"] == "send-email"


@pytest.mark.parametrize("task", [NOBODY, "send-email-1700000000000-abc", "%00"])
async def test_an_unknown_task_is_404_in_its_words(admin, task):
    response = await admin.send("GET", f"/api/tasks/status/{task}")
    assert (response.status_code, response.json()) == (404, {"message": "Task not found"})


async def test_all_lists_five_fields_of_each_in_the_order_of_storing(admin):
    tasks = [await store(admin, n) for n in range(3)]
    await end(admin)
    shown = await admin.ok("GET", "/api/tasks/all")
    assert set(shown) == {"tasks"}
    assert [one["id"] for one in shown["tasks"]] == tasks
    assert [set(one) for one in shown["tasks"]] == [LINE] * 3
    assert [one["status"] for one in shown["tasks"]] == ["completed", "pending", "pending"]


async def test_stats_add_up(admin):
    tasks = [await store(admin, n) for n in range(6)]
    await end(admin)
    await end(admin, fail=True)
    await admin.ok("PUT", "task/mail?worker=w")
    await admin.ok("POST", f"task/{tasks[5]}/cancel", {})
    await admin.ok("POST", f"task/{tasks[4]}/pause", {})
    assert await admin.ok("GET", "/api/tasks/stats") == {
        "total": 6, "pending": 2, "inProgress": 1, "completed": 1, "failed": 2
    }  # fmt: skip


@pytest.mark.parametrize("path", ["status/x", "all", "stats"])
async def test_without_a_token_it_is_401(in_memory, path):
    response = await in_memory.with_token(None).send("GET", f"/api/tasks/{path}")
    assert (response.status_code, set(response.json())) == (401, {"message"})
    assert response.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("path", ["status/x", "all", "stats"])
async def test_it_takes_the_scope_for_reading_tasks(in_memory, path):
    caller = await in_memory.caller("queues:read")
    response = await caller.send("GET", f"/api/tasks/{path}")
    assert (response.status_code, response.json()) == (
        403, {"message": "the token lacks the scope tasks:read"},
    )  # fmt: skip


async def test_results_and_errors_take_the_scope_for_payloads(admin, service):
    done, failed = await store(admin), await store(admin)
    await end(admin, result=7)
    await end(admin, fail=True)
    reader = await service.caller("tasks:read")
    assert (await status_of(reader, done))["result"] is None
    assert (await status_of(reader, failed))["error"] is None
    revealing = await service.caller("tasks:read", "payload:read")
    assert (await status_of(revealing, done))["result"] == 7


async def test_other_namespaces_are_not_seen(admin, service):
    task = await store(admin)
    other = await service.caller(namespace="other")
    assert (await other.send("GET", f"/api/tasks/status/{task}")).status_code == 404
    assert await other.ok("GET", "/api/tasks/all") == {"tasks": []}
    assert (await other.ok("GET", "/api/tasks/stats"))["total"] == 0


async def test_other_refusals_are_messages_too(in_memory):
    in_memory.serve(limits=Limits(rate=0.001, burst=1))
    caller = await in_memory.caller()
    assert (await caller.send("GET", "/api/tasks/all?x=1")).json().keys() == {"message"}
    limited = await caller.send("GET", "/api/tasks/all")
    assert (limited.status_code, set(limited.json())) == (429, {"message"})
    assert int(limited.headers["retry-after"]) > 0
