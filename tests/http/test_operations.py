"""Changing every task that passes a filter over HTTP, on every engine."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from rowlock.http import Limits
from rowlock.model.ids import new_task_id
from rowlock.ops.bulk import BATCH
from tests.http.conftest import Caller, Service

CANARY = "canary-e0b2"


@pytest.fixture
async def tasks(admin: Caller) -> list[str]:
    """Five tasks that wait in the queue `q`, two of them tagged, and one in `other`."""
    for name in ("q", "other"):
        await admin.ok("POST", "queue", {"queue": name})
    wanted: list[dict[str, Any]] = [
        {"queue": "q", "payload": {"n": n, "who": CANARY}} for n in range(3)
    ]
    wanted += [{"queue": "q", "payload": {"n": n}, "tags": ["x"]} for n in (3, 4)]
    wanted.append({"queue": "other", "payload": 5})
    return list((await admin.ok("POST", "enqueue", {"tasks": wanted}))["body"])


async def states(caller: Caller) -> list[str]:
    page = await caller.ok("GET", "task?include_deleted=true")
    return [task["state"] for task in page["body"]][::-1]


async def test_a_dry_run_counts_and_changes_nothing(service: Service, admin, tasks):
    body = {"action": "cancel", "filter": {"queue": "q"}, "dry_run": True, "reason": "looking"}
    planned = await admin.ok("POST", "operation", body)
    assert (planned["state"], planned["matched"], planned["done"]) == ("planned", 5, 0)
    assert (planned["matched_capped"], planned["filter"]) == (False, {"queue": "q"})
    assert await states(admin) == ["queued"] * 6
    assert await admin.ok("GET", "operation") == {"count": 0, "body": []}
    gone = await admin.refused("GET", f"operation/{planned['id']}")
    assert (gone["code"], gone["type"]) == (404, "OperationNotFoundError")
    assert await service.app.audit(action="cancel") == []


async def test_what_the_filter_chooses_is_changed_and_nothing_else(service, admin, tasks):
    token, text = await service.token("tasks:write", "tasks:read")
    caller = service.with_token(text)
    claimed = await admin.ok("PUT", "task?worker=w")
    body = {"action": "edit", "filter": {"queue": "q"}, "changes": {"priority": 7}, "reason": "why"}
    done = await caller.ok("POST", "operation", body)
    assert (done["state"], done["done"], done["refused"]) == ("done", 4, {"running": 1})
    page = await admin.ok("GET", "task")
    assert [task["priority"] for task in page["body"]][::-1] == [0, 7, 7, 7, 7, 0]
    assert (done["actor"], done["reason"]) == (f"token test ({token.id})", "why")
    [entry] = await service.app.audit(action="edit")
    assert (entry.actor, entry.target) == (done["actor"], done["id"])
    assert await caller.ok("GET", f"operation/{done['id']}") == done
    assert await caller.ok("GET", "operation") == {"count": 1, "body": [done]}
    assert await caller.ok("POST", f"operation/{done['id']}/resume") == done
    assert claimed["priority"] == 0


async def test_every_action(admin, tasks):
    async def act(action: str, **more: Any) -> tuple[int, dict[str, int]]:
        body = {"action": action, "filter": {"queue": "q"}, **more}
        done = await admin.ok("POST", "operation", body)
        assert done["state"] == "done"
        return done["done"], done["refused"]

    assert await act("pause", until="2099-01-01T00:00:00Z") == (5, {})
    assert await act("resume") == (5, {})
    assert await act("cancel", filter={"tags": ["x"]}) == (2, {})
    assert await act("retry", filter={"states": ["canceled"]}, attempts=2) == (2, {})
    assert await act("edit", set_arguments={"n": 9}) == (5, {})
    page = await admin.ok("GET", "task?queue=q")
    assert {task["payload"]["n"] for task in page["body"]} == {9}
    assert await act("requeue", filter={"tags": ["x"]}, changes={"tags": ["y"]}) == (2, {})
    assert (await admin.ok("GET", "task?tag=y"))["count"] == 2
    assert await act("delete") == (7, {})
    assert (await admin.ok("GET", "task"))["count"] == 1
    assert await act("restore") == (7, {})
    assert await act("purge", filter={"queue": "q", "states": ["canceled"]}) == (7, {})
    assert await states(admin) == ["queued"]
    assert await act("cancel", filter=None, all=True) == (1, {})
    assert await states(admin) == ["canceled"]


@pytest.mark.parametrize("filtered", [None, {}, {"queue": None}, {"states": []},
                                      {"include_deleted": True}])  # fmt: skip
@pytest.mark.parametrize("dry_run", [False, True])
async def test_a_filter_that_says_nothing_is_refused(admin, tasks, filtered, dry_run):
    body = {"action": "cancel", "filter": filtered, "dry_run": dry_run}
    refused = await admin.refused("POST", "operation", body)
    assert (refused["code"], refused["detail"]["field"]) == (400, "filter")
    assert '"all": true' in refused["reason"]
    assert await states(admin) == ["queued"] * 6


async def test_an_operation_that_takes_long_is_answered_and_goes_on(service: Service, admin):
    await admin.ok("POST", "queue", {"queue": "q"})
    total = 2 * BATCH + 50
    wanted = [{"queue": "q", "payload": n} for n in range(total)]
    await admin.ok("POST", "enqueue", {"tasks": wanted})
    service.serve(limits=Limits(bulk_seconds=0))
    caller = await service.caller("tasks:write", "tasks:read")
    now = await caller.ok("POST", "operation", {"action": "cancel", "filter": {"queue": "q"}})
    assert (now["state"], now["done"]) == ("running", BATCH)
    await admin.ok("POST", "task", {"queue": "q", "payload": "later"})
    seen = [now["done"]]
    while now["state"] == "running":
        assert len(seen) < 20
        several = await asyncio.gather(
            *(caller.ok("POST", f"operation/{now['id']}/resume") for _ in range(3))
        )
        now = await caller.ok("GET", f"operation/{now['id']}")
        assert max(one["done"] for one in several) <= now["done"]
        seen.append(now["done"])
    assert (now["done"], now["refused"], seen) == (total, {}, sorted(seen))
    assert (await admin.ok("GET", "task?status=canceled"))["count"] == total
    assert (await admin.ok("GET", "task?status=queued"))["count"] == 1


async def test_an_operation_of_another_namespace_is_not_there(service: Service, admin, tasks):
    theirs = await service.caller("admin", namespace="theirs")
    done = await theirs.ok("POST", "operation", {"action": "cancel", "all": True})
    assert (done["state"], done["done"]) == ("done", 0)
    assert await states(admin) == ["queued"] * 6
    mine = await admin.ok("POST", "operation", {"action": "pause", "filter": {"queue": "q"}})
    assert [one["id"] for one in (await theirs.ok("GET", "operation"))["body"]] == [done["id"]]
    for one in (mine["id"], str(new_task_id())):
        for method, path in (("GET", ""), ("POST", "/resume")):
            refused = await theirs.refused(method, f"operation/{one}{path}")
            assert (refused["code"], refused["type"]) == (404, "OperationNotFoundError")


async def test_payloads_and_errors_are_not_found_out_by_counting(service: Service, admin, tasks):
    blind = await service.caller("tasks:write", "tasks:read")
    seeing = await service.caller("tasks:write", "tasks:read", "payload:read")
    for dry_run in (True, False):
        for asked in ({"queue": "q", "arguments": {"who": CANARY}}, {"error": CANARY}):
            body = {"action": "pause", "filter": asked, "dry_run": dry_run}
            refused = await blind.refused("POST", "operation", body)
            assert (refused["code"], refused["detail"]) == (403, {"scope": "payload:read"})
            done = await seeing.ok("POST", "operation", body)
            assert done["matched"] == ((3 if "queue" in asked else 0) if dry_run else None)
    assert await states(admin) == ["paused"] * 3 + ["queued"] * 3
    shown = await blind.send("GET", "operation")
    assert CANARY not in shown.text
    hidden = [one["hidden"] for one in shown.json()["body"]]
    assert hidden == [["filter.error"], ["filter.arguments"]]
    assert CANARY in (await seeing.send("GET", "operation")).text


async def test_operations_are_listed_newest_first_in_pages(admin, tasks):
    ids = []
    for _ in range(3):
        done = await admin.ok("POST", "operation", {"action": "pause", "filter": {"queue": "q"}})
        ids.append(done["id"])
    page = await admin.ok("GET", "operation?offset=1&limit=1")
    assert (page["count"], [one["id"] for one in page["body"]]) == (3, [ids[1]])
    assert (await admin.refused("GET", "operation?limit=0"))["detail"]["field"] == "limit"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "action"),
        ({"action": "explode", "all": True}, "action"),
        ({"action": "cancel", "all": "yes"}, "all"),
        ({"action": "cancel", "filter": {"quue": "q"}, "all": True}, "filter"),
        ({"action": "cancel", "filter": {"queue": "q"}, "dryrun": True}, "body"),
        ({"action": "cancel", "filter": {"queue": "a b"}}, "queue"),
        ({"action": "cancel", "filter": {"states": ["sleeping"]}}, "state"),
        ({"action": "cancel", "filter": {"states": "queued"}}, "filter.states"),
        ({"action": "cancel", "filter": {"created_after": "x"}}, "filter.created_after"),
        ({"action": "cancel", "filter": {"arguments": {"a": 1}}}, "arguments"),
        ({"action": "retry", "filter": {"queue": "q"}, "attempts": 0}, "attempts"),
        ({"action": "retry", "filter": {"queue": "q"}, "force": True}, "force"),
        ({"action": "edit", "filter": {"queue": "q"}}, "changes"),
        ({"action": "edit", "filter": {"queue": "q"}, "changes": {"prio": 1}}, "changes"),
        ({"action": "edit", "filter": {"queue": "q"}, "set_arguments": {}}, "set_arguments"),
        ({"action": "pause", "filter": {"queue": "q"}, "until": "2099-01-01"}, "until"),
        ({"action": "pause", "filter": {"queue": "q"}, "until": "2020-01-01T00:00:00Z"}, "until"),
        ({"action": "pause", "filter": {"queue": "q"}, "reason": "x" * 5_000}, "reason"),
    ],
)
async def test_an_operation_that_makes_no_sense_is_refused(in_memory, body, field):
    admin = await in_memory.caller()
    await admin.ok("POST", "queue", {"queue": "q"})
    await admin.ok("POST", "task", {"queue": "q", "payload": 1})
    refused = await admin.refused("POST", "operation", body)
    assert (refused["code"], refused["detail"]["field"]) == (400, field)
    assert await states(admin) == ["queued"]
    assert (await admin.ok("GET", "operation"))["count"] == 0
    assert (await admin.refused("GET", "operation/abc"))["detail"]["field"] == "id"


async def test_old_finished_tasks_are_removed_by_pieces(service: Service, admin, tasks):
    await admin.ok("POST", "operation", {"action": "cancel", "filter": {"queue": "q"}})
    later = await admin.ok("POST", "cleanup", {"older_than": "1h"})
    assert later == {"removed": 0, "done": True}
    body = {"older_than": 0, "queue": "q", "states": ["canceled"], "reason": "old"}
    service.serve(limits=Limits(bulk_seconds=0))
    caller = await service.caller("tasks:write")
    answers = [await caller.ok("POST", "cleanup", body)]
    while not answers[-1]["done"]:
        assert len(answers) < 10
        answers.append(await caller.ok("POST", "cleanup", body))
    assert sum(one["removed"] for one in answers) == 5
    assert await states(admin) == ["queued"]
    assert "old" in {one.reason for one in await service.app.audit(action="cleanup")}


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ({}, 400, "older_than"),
        ({"older_than": "soon"}, 400, "older_than"),
        ({"older_than": 1, "states": ["queued"]}, 400, "states"),
        ({"older_than": 1, "ages": 1}, 400, None),
        ({"older_than": 1, "queue": "nowhere"}, 404, None),
    ],
)
async def test_a_cleanup_that_makes_no_sense_is_refused(in_memory, body, code, field):
    admin = await in_memory.caller("admin")
    refused = await admin.refused("POST", "cleanup", body)
    assert refused["code"] == code
    if field is not None:
        assert refused["detail"]["field"] == field
