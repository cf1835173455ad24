"""Every end that an attempt can have, told over HTTP, on every engine."""

from __future__ import annotations

from typing import Any

import pytest

from tests.http.conftest import Caller

FAILURE = {"type": "OSError", "message": "disk full", "traceback": "line 3", "detail": {"n": 1}}
WITHOUT_DATABASE: list[tuple[dict[str, Any], str]] = [
    ({"outcome": "done"}, "outcome"),
    ({"outcome": "succeeded", "fail": True}, "fail"),
    ({"outcome": "snoozed"}, "delay"),
    ({"outcome": "snoozed", "delay": "x"}, "delay"),
    ({"outcome": "snoozed", "delay": 1, "result": 1}, "result"),
    ({"outcome": "succeeded", "error": "x"}, "error"),
    ({"outcome": "canceled", "error": "x"}, "error"),
    ({"outcome": "canceled", "retry": False}, "retry"),
    ({"outcome": "succeeded", "delay": 1}, "delay"),
    ({"outcome": "handed_back", "delay": 1}, "delay"),
    ({"outcome": "succeeded", "reason": "x"}, "reason"),
    ({"outcome": "failed", "retry": False, "delay": 1}, "delay"),
    ({"outcome": "failed", "error": {"type": "x"}}, "error"),
    ({"outcome": "failed", "error": FAILURE, "result": 1}, "result"),
    ({"outcome": "failed", "error": {**FAILURE, "x": 1}}, "error"),
]


@pytest.fixture
async def held(admin: Caller) -> Any:
    """A claim of a task with two attempts, of a queue that tries again after an hour."""
    retry = {"backoff": "fixed", "base_seconds": 3600, "jitter": False}
    await admin.ok("POST", "queue", {"queue": "q", "max_attempts": 2, "retry": retry})
    await admin.ok("POST", "task", {"queue": "q", "payload": 1})
    return await admin.ok("PUT", "task?worker=w")


async def told(admin: Caller, held: Any, **end: Any) -> Any:
    """End the attempt by both routes; they must answer the same."""
    many = {"ends": [{"id": held["id"], "token": held["token"], **end}]}
    [verdict] = (await admin.ok("POST", "settle", many))["body"]
    task = await admin.ok("PATCH", f"task/{held['id']}", {"token": held["token"], **end})
    assert (verdict["code"], verdict["state"], verdict["error"]) == (201, task["state"], None)
    return task


def seconds_to_run(task: Any, attempt: Any) -> float:
    from datetime import datetime

    run_at = datetime.fromisoformat(task["run_at"])
    return (run_at - datetime.fromisoformat(attempt["finished_at"])).total_seconds()


async def last_attempt(admin: Caller, held: Any) -> Any:
    return (await admin.ok("GET", f"task/{held['id']}/attempt"))["body"][-1]


async def test_it_succeeded(admin, held):
    task = await told(admin, held, outcome="succeeded", result=[1])
    assert (task["state"], task["result"], task["progress"]) == ("succeeded", [1], 100)


async def test_it_failed_and_the_policy_says_when_it_is_tried_again(admin, held):
    task = await told(admin, held, outcome="failed", error=FAILURE)
    assert (task["state"], task["attempt"], task["error"]) == ("retrying", 1, FAILURE)
    attempt = await last_attempt(admin, held)
    assert (attempt["outcome"], attempt["error"]) == ("failed", FAILURE)
    assert seconds_to_run(task, attempt) == pytest.approx(3600, abs=1)


async def test_it_failed_and_is_tried_again_when_its_worker_says(admin, held):
    task = await told(admin, held, outcome="failed", error="busy", delay="2m")
    assert task["state"] == "retrying"
    assert seconds_to_run(task, await last_attempt(admin, held)) == pytest.approx(120, abs=1)


async def test_it_failed_and_is_tried_again_at_once(admin, held):
    assert (await told(admin, held, outcome="failed", delay=0))["state"] == "queued"


async def test_a_wish_gives_no_attempt_that_the_task_does_not_have(admin, held):
    await told(admin, held, outcome="failed", delay=0)
    again = await admin.ok("PUT", "task?worker=w")
    task = await told(admin, again, outcome="failed", delay=0, reason="worn out")
    assert (task["state"], task["attempt"], task["reason"]) == ("failed", 2, "worn out")


async def test_it_failed_for_good(admin, held):
    task = await told(
        admin, held, outcome="failed", retry=False, error=FAILURE, reason="no such user"
    )
    assert (task["state"], task["reason"]) == ("failed", "no such user")
    assert task["error"] == FAILURE


async def test_it_was_canceled(admin, held):
    task = await told(admin, held, outcome="canceled", reason="not needed")
    assert (task["state"], task["reason"], task["error"]) == ("canceled", "not needed", None)


async def test_it_is_snoozed_and_no_attempt_is_charged(admin, held):
    task = await told(admin, held, outcome="snoozed", delay="1h")
    assert (task["state"], task["attempt"]) == ("scheduled", 0)
    assert (await last_attempt(admin, held))["outcome"] == "snoozed"


async def test_it_is_handed_back_and_no_attempt_is_charged(admin, held):
    task = await told(admin, held, outcome="handed_back")
    assert (task["state"], task["attempt"]) == ("queued", 0)
    assert (await last_attempt(admin, held))["outcome"] == "handed_back"


async def test_whoever_asked_to_cancel_ends_what_would_be_tried_again(admin, held):
    await admin.ok("POST", f"task/{held['id']}/cancel")
    task = await told(admin, held, outcome="failed", error="late")
    assert (task["state"], task["reason"]) == ("canceled", "canceled")


async def test_long_texts_of_a_failure_are_cut(admin, held):
    error = {"type": "T" * 999, "message": "m" * 20_000, "traceback": "a" + "t" * 50_100}
    task = await told(admin, held, outcome="failed", error=error, retry=False, reason="r" * 2_000)
    assert task["error"]["type"] == "T" * 200
    assert task["error"]["message"] == "m" * 10_100
    assert task["error"]["traceback"] == "t" * 50_100
    assert task["reason"].startswith("r" * 1_000 + "…")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"outcome": "succeeded"}, {"outcome": "failed"}),
        ({"outcome": "succeeded"}, {"outcome": "canceled"}),
        ({"outcome": "failed", "retry": False}, {"outcome": "succeeded"}),
        ({"outcome": "failed", "retry": False}, {"outcome": "canceled"}),
        ({"outcome": "canceled"}, {"outcome": "succeeded"}),
        ({"outcome": "handed_back"}, {"outcome": "succeeded"}),
    ],
)
async def test_an_attempt_that_ended_cannot_end_otherwise(admin, held, first, second):
    before = await told(admin, held, **first)
    body = {"token": held["token"], **second}
    refused = await admin.refused("PATCH", f"task/{held['id']}", body)
    assert (refused["code"], refused["type"]) == (409, "LeaseLostError")
    assert await admin.ok("GET", f"task/{held['id']}") == before


@pytest.mark.parametrize(("end", "field"), WITHOUT_DATABASE)
async def test_an_end_that_contradicts_itself_is_refused_and_records_nothing(in_memory, end, field):
    admin = await in_memory.caller()
    await admin.ok("POST", "queue", {"queue": "q"})
    await admin.ok("POST", "task", {"queue": "q", "payload": 1})
    held = await admin.ok("PUT", "task?worker=w")
    body = {"token": held["token"], **end}
    refused = await admin.refused("PATCH", f"task/{held['id']}", body)
    assert (refused["code"], refused["detail"]["field"].partition(".")[0]) == (400, field)
    assert (await admin.ok("GET", f"task/{held['id']}"))["state"] == "running"


async def test_two_ends_of_one_task_in_a_batch_come_one_after_the_other(admin, held):
    claim = {"id": held["id"], "token": held["token"]}
    ends = [{**claim, "outcome": "handed_back"}, {**claim, "outcome": "succeeded"}]
    verdicts = (await admin.ok("POST", "settle", {"ends": ends}))["body"]
    assert [one["code"] for one in verdicts] == [201, 409]
    assert (await admin.ok("GET", f"task/{held['id']}"))["state"] == "queued"
