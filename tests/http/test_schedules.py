"""Schedules over HTTP, on every engine."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from rowlock.wire.documents.schedules import (
    BackfillDocument,
    ExplanationDocument,
    FiringList,
    OccurrenceList,
    ScheduleDocument,
    ScheduleList,
)
from tests.http.conftest import Caller, Service

HOUR = timedelta(hours=1)


@pytest.fixture
async def planner(service: Service) -> Caller:
    """A client that may do all, and a definition to plan."""
    await service.app.create_definition("report")
    await service.app.register_queue("q")
    return await service.caller("admin")


async def plan(caller: Caller, name: str = "nightly", **more: Any) -> dict[str, Any]:
    body = {"name": name, "rule": "0 3 * * *", "definition": "report", **more}
    made: dict[str, Any] = await caller.ok("POST", "schedule", body)
    return made


def at(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def last_hour() -> datetime:
    return datetime.now(UTC).replace(minute=0, second=0, microsecond=0)


async def test_the_life_of_a_schedule(planner):
    made = await plan(
        planner, zone="Europe/Berlin", arguments={"day": 1}, queue="q", jitter="5m",
        retry={"backoff": "fixed", "base_seconds": 3}, tags=["x"], timeout="1m", overlap="skip",
    )  # fmt: skip
    assert msgspec.convert(made, ScheduleDocument).status == "active"
    assert (made["rule"]["cron"], made["rule"]["zone"]) == ("0 3 * * *", "Europe/Berlin")
    assert (made["arguments"], made["queue"], made["jitter_seconds"]) == ({"day": 1}, "q", 300.0)
    assert (made["options"]["timeout"], made["options"]["tags"]) == (60.0, ["x"])
    assert made["options"]["retry"]["backoff"] == "fixed"
    for name in ("nightly", "NIGHTLY", made["id"]):
        assert await planner.ok("GET", f"schedule/{name}") == made
    changed = await planner.ok(
        "PATCH", "schedule/nightly",
        {"rule": "0 4 * * *", "set_arguments": {"to": "ops"}, "max_runs": 5, "timeout": None},
    )  # fmt: skip
    assert (changed["rule"]["cron"], changed["rule"]["zone"]) == ("0 4 * * *", "Europe/Berlin")
    assert (changed["arguments"], changed["max_runs"]) == ({"day": 1, "to": "ops"}, 5)
    assert "timeout" not in changed["options"]
    back = await planner.ok("PATCH", "schedule/nightly", {"max_runs": None, "queue": None})
    assert (back["max_runs"], back["queue"], back["overlap"]) == (None, None, "skip")
    assert (await planner.ok("POST", "schedule/nightly/pause"))["next_at"] is None
    resumed = await planner.ok("POST", "schedule/nightly/resume", {"reason": "it works again"})
    assert (resumed["status"], resumed["next_at"]) == ("active", back["next_at"])


async def test_a_name_is_given_once(planner):
    await plan(planner, "month-end")
    body = {"name": "Month_End", "rule": "1h", "definition": "report"}
    refused = await planner.refused("POST", "schedule", body)
    assert (refused["code"], refused["type"]) == (409, "DuplicateScheduleError")
    assert (await planner.ok("GET", "schedule"))["count"] == 1


async def test_a_new_schedule_says_where_it_is(planner):
    body = {"name": "a b", "rule": "1h", "definition": "report"}
    response = await planner.send("POST", "schedule", body)
    assert response.status_code == 201
    assert await planner.ok("GET", response.headers["location"]) == response.json()
    assert await planner.ok("GET", "schedule/a%20b") == response.json()


async def test_a_deleted_schedule_is_restored_paused_unless_it_is_gone_for_good(planner):
    made = await plan(planner)
    deleted = await planner.ok("DELETE", "schedule/nightly?reason=not%20needed")
    assert deleted == made
    assert (await planner.refused("GET", "schedule/nightly"))["code"] == 404
    assert (await planner.ok("GET", "schedule"))["count"] == 0
    [hidden] = (await planner.ok("GET", "schedule?include_deleted=true"))["body"]
    assert hidden["deleted_at"] is not None
    restored = await planner.ok("POST", f"schedule/{made['id']}/restore")
    assert (restored["status"], restored["deleted_at"]) == ("paused", None)
    await planner.ok("DELETE", "schedule/nightly?hard=1")
    assert (await planner.refused("POST", "schedule/nightly/restore"))["code"] == 404
    assert (await planner.ok("GET", "schedule?include_deleted=true"))["count"] == 0


async def test_schedules_are_listed_as_asked_for(planner):
    await plan(planner, "b-late", rule="0 4 * * *", status="draft")
    await plan(planner, "a-early", rule="0 3 1 1 *", queue="q")
    await plan(planner, "c-often", rule="1h")

    async def names(query: str) -> list[str]:
        page = msgspec.convert(await planner.ok("GET", f"schedule?{query}"), ScheduleList)
        return [one.name for one in page.body]

    assert await names("") == ["a-early", "b-late", "c-often"]
    assert await names("order=-name&limit=1&offset=1") == ["b-late"]
    assert await names("order=next&status=active") == ["c-often", "a-early"]
    assert await names("name=LATE") == ["b-late"]
    assert await names("queue=q") == ["a-early"]
    assert await names("definition=REPORT&declared=false") == ["a-early", "b-late", "c-often"]
    assert await names("declared=true") == []
    assert (await planner.ok("GET", "schedule?limit=1&status=active"))["count"] == 2
    assert await names("limit=500") == ["a-early", "b-late", "c-often"]


async def test_what_code_declares_is_told_from_what_people_made(service: Service, planner):
    @service.app.task
    def clean(days: int) -> None:
        """Clean."""

    clean.every("1h", arguments={"days": 3})
    await service.app.sync_schedules()
    await plan(planner)
    [one] = (await planner.ok("GET", "schedule?declared=true"))["body"]
    assert (one["name"], one["declared"]["arguments"]) == ("clean", {"days": 3})


async def test_arguments_are_shown_to_those_who_may_read_payloads(service: Service, planner):
    await plan(planner, arguments={"secret": "canary"})
    reader = await service.caller("schedules:read")
    writer = await service.caller("schedules:read", "schedules:write", "tasks:enqueue")
    shown = [
        await reader.ok("GET", "schedule/nightly"),
        (await reader.ok("GET", "schedule"))["body"][0],
        await writer.ok("POST", "schedule/nightly/pause"),
        await writer.ok("PATCH", "schedule/nightly", {"set_arguments": {"to": "me"}}),
        await writer.ok("DELETE", "schedule/nightly"),
    ]
    for one in shown:
        assert (one["arguments"], one["hidden"]) == (None, ["arguments", "declared"])
        assert "canary" not in str(one)
        msgspec.convert(one, ScheduleDocument)
    full = await service.caller("schedules:write", "tasks:enqueue", "payload:read")
    restored = await full.ok("POST", "schedule/nightly/restore")
    assert restored["arguments"] == {"secret": "canary", "to": "me"}


async def test_a_run_by_hand_stores_one_task(service: Service, planner):
    made = await plan(planner, status="draft", arguments={"secret": "canary"})
    response = await planner.send("POST", "schedule/nightly/run", {"reason": "now"})
    task = response.json()
    assert (response.status_code, task["payload"]) == (201, {"secret": "canary"})
    assert response.headers["location"] == f"/api/v1/task/{task['id']}"
    after = await planner.ok("GET", "schedule/nightly")
    assert (after["last_task"], after["status"], after["runs"]) == (task["id"], "draft", 0)
    [firing] = (await planner.ok("GET", "schedule/nightly/firing"))["body"]
    assert (firing["schedule"], firing["task"]) == (made["id"], task["id"])
    assert (firing["outcome"], firing["reason"]) == ("fired", "manual")
    runner = await service.caller("schedules:write", "tasks:enqueue")
    assert (await runner.ok("POST", "schedule/nightly/run"))["payload"] is None


async def test_a_run_that_cannot_be_is_refused_and_stores_nothing(service: Service, planner):
    await plan(planner, unique="key")
    await planner.ok("POST", "schedule/nightly/run")
    again = await planner.refused("POST", "schedule/nightly/run")
    assert (again["code"], again["type"]) == (409, "DuplicateTaskError")
    await service.app.update_definition("report", status="canceled")
    closed = await planner.refused("POST", "schedule/nightly/run")
    assert (closed["code"], closed["type"]) == (409, "DefinitionClosedError")
    assert (await service.app.count()).count == 1


async def test_a_backfill_goes_on_where_the_last_request_ended(service: Service, planner):
    await plan(planner, rule="1h", status="draft")
    end = last_hour()
    start = end - 1_005 * HOUR
    body = {"start": at(start), "end": at(end)}
    counted = await planner.ok("POST", "schedule/nightly/backfill", {**body, "dry_run": True})
    first = await planner.ok("POST", "schedule/nightly/backfill", body)
    assert counted == first == {"fired": 1_000, "known": 0, "next_at": at(start + 1_000 * HOUR)}
    msgspec.convert(first, BackfillDocument)
    rest = {**body, "start": first["next_at"]}
    assert await planner.ok("POST", "schedule/nightly/backfill", rest) == {
        "fired": 5, "known": 0, "next_at": None
    }  # fmt: skip
    again = await planner.ok("POST", "schedule/nightly/backfill", rest)
    assert (again["fired"], again["known"]) == (0, 5)
    assert (await service.app.count(definition="report")).count == 1_005


async def test_firings_are_paged_by_time(planner):
    await plan(planner, rule="1h", status="draft")
    end = last_hour()
    body = {"start": at(end - 5 * HOUR), "end": at(end)}
    await planner.ok("POST", "schedule/nightly/backfill", body)
    seen: list[str] = []
    query: str | None = "limit=2"
    while query is not None:
        page = await planner.ok("GET", f"schedule/nightly/firing?{query}")
        msgspec.convert(page, FiringList)
        seen += [one["occurrence"] for one in page["body"]]
        query = page["next"] and f"limit=2&before={page['next']}"
    assert seen == [at(end - ago * HOUR) for ago in range(1, 6)]


async def test_a_schedule_says_when_it_would_fire(planner):
    await plan(planner, rule="30 2 * * *", zone="Europe/Berlin", gap="move", max_runs=3)
    query = "start=2027-03-27T00:00:00Z"
    found = await planner.ok("GET", f"schedule/nightly/occurrence?{query}")
    msgspec.convert(found, OccurrenceList)
    assert [one["local"] for one in found["body"]] == [
        "2027-03-27T02:30:00+01:00", "2027-03-28T03:30:00+02:00", "2027-03-29T02:30:00+02:00"
    ]  # fmt: skip
    assert [one["change"] for one in found["body"]] == [None, "shifted", None]
    one_day = await planner.ok(
        "GET", f"schedule/nightly/occurrence?{query}&end=2027-03-28T00:00:00Z"
    )
    assert len(one_day["body"]) == 1
    await plan(planner, "often", rule="1m", status="draft")
    for limit, count in (("", 100), ("?limit=7", 7), ("?limit=99999", 1_000)):
        found = await planner.ok("GET", f"schedule/often/occurrence{limit}")
        assert len(found["body"]) == count


async def test_the_end_of_time_is_no_error_of_ours(planner):
    await plan(planner)
    for start in ("9999-12-31T23:59:59Z", "9999-12-31T00:00:00Z", "0001-01-01T00:00:00Z"):
        response = await planner.send("GET", f"schedule/nightly/occurrence?start={start}")
        assert response.status_code in {200, 400}
        response = await planner.send("POST", "recurrence", {"rule": "1h", "start": start})
        assert response.status_code in {200, 400}
    body = {"start": "0001-01-01T00:00:00+01:00", "end": "2026-01-01T00:00:00Z"}
    assert (await planner.refused("POST", "schedule/nightly/backfill", body))["code"] == 400


async def test_a_rule_is_explained_without_being_stored(planner):
    body = {
        "rule": "30 2 * * *", "zone": "Europe/Berlin", "start": "2027-03-27T00:00:00Z", "limit": 2
    }  # fmt: skip
    found = await planner.ok("POST", "recurrence", body)
    msgspec.convert(found, ExplanationDocument)
    assert found["explanation"] == "At 02:30 every day, Europe/Berlin time"
    assert [one["change"] for one in found["occurrences"]] == [None, "shifted"]
    assert (await planner.ok("POST", "recurrence", {"rule": "1h"}))["occurrences"]
    again = await planner.ok("POST", "recurrence", {**body, "rule": found["rule"], "zone": None})
    assert again == found
    few = await planner.ok("POST", "recurrence", {**body, "end": "2027-03-27T12:00:00Z"})
    assert len(few["occurrences"]) == 1
    assert (await planner.ok("GET", "schedule"))["count"] == 0


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"rule": None}, "rule"),
        ({"definition": None}, "definition"),
        ({"name": ""}, "name"),
        ({"name": 7}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"rule": "0 25 * * *"}, "hour"),
        ({"rule": 5}, "rule"),
        ({"rule": {"cron": "1 1 1 1 1", "x": 1}}, "recurrence"),
        ({"rule": "0 0 30 2 *"}, "cron"),
        ({"rule": "@every 500ms"}, "@every"),
        ({"rule": "500ms"}, "rule"),
        ({"zone": "Mars/Olympus"}, "zone"),
        ({"gap": "jump"}, "gap"),
        ({"starts_at": "2027-01-01T00:00:00"}, "starts_at"),
        ({"ends_at": "2020-01-01T00:00:00Z"}, "rule"),
        ({"starts_at": "2027-02-01T00:00:00Z", "ends_at": "2027-01-01T00:00:00Z"}, "ends_at"),
        ({"catch_up": "some"}, "catch_up"),
        ({"catch_up_limit": 0}, "catch_up_limit"),
        ({"overlap": "maybe"}, "overlap"),
        ({"jitter": "2d"}, "jitter"),
        ({"max_runs": -1}, "max_runs"),
        ({"status": "asleep"}, "status"),
        ({"queue": "1x"}, "queue"),
        ({"priority": "high"}, "priority"),
        ({"retry": "sometimes"}, "retry"),
        ({"arguments": [1]}, "arguments"),
        ({"unique": ["nothing"]}, "unique"),
        ({"description": "x" * 10_001}, "description"),
    ],
)
async def test_a_schedule_that_makes_no_sense_is_refused(in_memory: Service, body, field):
    await in_memory.app.create_definition("report")
    caller = await in_memory.caller()
    full = {"name": "n", "rule": "1h", "definition": "report", **body}
    refused = await caller.refused("POST", "schedule", full if body else {})
    assert (refused["code"], refused["detail"]["field"].partition(".")[0]) == (400, field)
    assert (await caller.ok("GET", "schedule"))["count"] == 0
    assert await in_memory.app.audit(target="n") == []


@pytest.mark.parametrize(
    ("method", "path", "body", "field"),
    [
        ("GET", "schedule?order=age", None, "order"),
        ("GET", "schedule?status=x", None, "status"),
        ("GET", "schedule?declared=perhaps", None, "declared"),
        ("GET", "schedule?colour=red", None, "colour"),
        ("PATCH", "schedule/n", {}, "schedule"),
        ("PATCH", "schedule/n", {"unknown": 1}, "schedule"),
        ("PATCH", "schedule/n", {"max_runs": 0}, "max_runs"),
        ("PATCH", "schedule/n", {"rule": "x"}, "cron"),
        ("GET", "schedule/n/occurrence?limit=0", None, "limit"),
        ("GET", "schedule/n/occurrence?start=soon", None, "start"),
        ("GET", "schedule/n/occurrence?start=2027-01-01T00:00:00Z&end=2026-01-01T00:00:00Z",
         None, "end"),
        ("GET", "schedule/n/firing?before=now", None, "before"),
        ("POST", "schedule/n/backfill", {}, "start"),
        ("POST", "schedule/n/backfill",
         {"start": "2026-01-01T00:00:00Z", "end": "9000-01-01T00:00:00Z"}, "end"),
        ("POST", "schedule/n/pause", {"reason": "x" * 10_001}, "reason"),
        ("POST", "recurrence", {"rule": "every day"}, "cron"),
        ("POST", "recurrence", {"rule": "1h", "limit": 0}, "limit"),
    ],
)  # fmt: skip
async def test_a_request_that_makes_no_sense_is_refused(
    in_memory: Service, method, path, body, field
):
    await in_memory.app.create_definition("report")
    before = await in_memory.app.create_schedule("n", "1h", "report")
    refused = await (await in_memory.caller()).refused(method, path, body)
    assert (refused["code"], refused["detail"]["field"]) == (400, field)
    assert await in_memory.app.get_schedule("n") == before


async def test_what_a_schedule_names_has_to_be_there(planner):
    body = {"name": "n", "rule": "1h", "definition": "nothing"}
    assert (await planner.refused("POST", "schedule", body))["type"] == "UnknownDefinitionError"
    body = {"name": "n", "rule": "1h", "definition": "report", "queue": "nowhere"}
    refused = await planner.refused("POST", "schedule", body)
    assert (refused["code"], refused["type"]) == (404, "QueueNotFoundError")
    assert (await planner.ok("GET", "schedule"))["count"] == 0


ROUTES = (
    ("GET", "", None),
    ("PATCH", "", {"priority": 1}),
    ("DELETE", "", None),
    ("DELETE", "?hard=true", None),
    ("POST", "/restore", None),
    ("POST", "/pause", None),
    ("POST", "/resume", None),
    ("POST", "/run", None),
    ("POST", "/backfill", {"start": "2026-01-01T00:00:00Z", "end": "2026-01-02T00:00:00Z"}),
    ("GET", "/occurrence", None),
    ("GET", "/firing", None),
)


async def test_a_schedule_that_is_not_there(planner):
    for method, path, body in ROUTES:
        refused = await planner.refused(method, f"schedule/nothing{path}", body)
        assert (refused["code"], refused["type"]) == (404, "ScheduleNotFoundError"), path


async def test_a_schedule_of_another_namespace_is_not_there(service: Service, planner):
    made = await plan(planner, arguments={"secret": "canary"})
    theirs = await service.caller("admin", namespace="theirs")
    for name in ("nightly", made["id"]):
        for method, path, body in ROUTES:
            refused = await theirs.refused(method, f"schedule/{name}{path}", body)
            assert (refused["code"], refused["type"]) == (404, "ScheduleNotFoundError"), path
            assert "canary" not in str(refused)
    assert await theirs.ok("GET", "schedule?include_deleted=true") == {"count": 0, "body": []}
    body = {"name": "nightly", "rule": "1h", "definition": "report"}
    assert (await theirs.refused("POST", "schedule", body))["type"] == "UnknownDefinitionError"
    assert await planner.ok("GET", "schedule/nightly") == made


async def test_a_change_is_in_the_audit_with_the_token_as_actor(service: Service, planner):
    token, text = await service.token("schedules:write", "tasks:enqueue")
    caller = service.with_token(text)
    await plan(caller, reason="asked for")
    await caller.ok("PATCH", "schedule/nightly", {"priority": 3, "reason": "first"})
    for action in ("pause", "resume", "run"):
        await caller.ok("POST", f"schedule/nightly/{action}", {"reason": action})
    end = last_hour()
    body = {"start": at(end - 48 * HOUR), "end": at(end), "reason": "late"}
    await caller.ok("POST", "schedule/nightly/backfill", body)
    await caller.ok("DELETE", "schedule/nightly?reason=over")
    entries = await service.app.audit(target="nightly")
    assert [(entry.action, entry.reason) for entry in reversed(entries)] == [
        ("create", "asked for"), ("edit", "first"), ("pause", "pause"), ("resume", "resume"),
        ("run", "run"), ("backfill", "late"), ("delete", "over"),
    ]  # fmt: skip
    assert {entry.actor for entry in entries} == {f"token test ({token.id})"}


async def test_a_completed_schedule_is_not_paused(planner):
    await plan(planner, status="canceled")
    refused = await planner.refused("POST", "schedule/nightly/pause")
    assert (refused["code"], refused["detail"]["field"]) == (400, "status")


async def test_what_code_declares_is_stored_and_pruned(service: Service, admin: Caller):
    await admin.ok("POST", "definition", {"alias": "report"})

    def declared(name: str, rule: str = "1h", **more: Any) -> dict[str, Any]:
        return {"name": name, "rule": rule, "definition": "report", **more}

    async def declare(*schedules: dict[str, Any], **more: Any) -> Any:
        done = await admin.ok("POST", "declaration", {"schedules": schedules, **more})
        return {word: names for word, names in done.items() if names}

    first = await declare(
        declared("a", arguments={"x": 1}), declared("b"), declared("B"),
        declared("c", rule="0 25 * * *"), declared("d", queue="nowhere"),
        {**declared("e"), "definition": "nothing"},
    )  # fmt: skip
    assert first["created"] == ["a", "b"]
    assert set(first["problems"]) == {"B", "c", "d", "e"}
    again = await declare(declared("a", rule="2h", arguments={"x": 1}))
    assert again == {"changed": ["a"], "undeclared": ["b"]}
    assert (await admin.ok("GET", "schedule/a"))["arguments"] == {"x": 1}

    gone = (await admin.ok("GET", "schedule/b"))["id"]
    theirs = await service.caller("admin", namespace="theirs")
    body = {"schedules": [], "prune": [gone]}
    assert (await theirs.ok("POST", "declaration", body))["pruned"] == []
    kept = await declare(declared("b"), prune=[gone])
    assert kept == {"unchanged": ["b"], "undeclared": ["a"]}, "it is declared"
    done = await declare(declared("a", rule="2h", arguments={"x": 1}), prune=[gone], reason="old")
    assert done == {"unchanged": ["a"], "undeclared": ["b"], "pruned": ["b"]}
    assert [one["name"] for one in (await admin.ok("GET", "schedule"))["body"]] == ["a"]
    entry = (await admin.ok("GET", "audit?action=delete"))["body"][0]
    assert (entry["target"], entry["reason"]) == ("b", "old")
