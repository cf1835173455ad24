"""Waiting for a task's end over HTTP, on every engine."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import httpx2
import pytest

from rowlock.http import Limits
from rowlock.http.application import Served
from rowlock.http.waits import Waits
from rowlock.model.ids import new_task_id
from tests.http.conftest import Caller, Service
from tests.http.programs import serving

LONG = 40


@pytest.fixture
async def task_id(admin: Caller) -> str:
    """A task that waits in the queue `q`."""
    await admin.ok("POST", "queue", {"queue": "q"})
    return str((await admin.ok("POST", "task", {"queue": "q", "payload": "canary-2c"}))["id"])


def waits_of(service: Service) -> Waits:
    assert isinstance(service.asgi, Served)
    return service.asgi.waits


async def taken(service: Service, count: int) -> None:
    """Return once so many requests wait."""
    end = time.monotonic() + LONG
    while waits_of(service).taken != count:
        assert time.monotonic() < end
        await asyncio.sleep(0.01)


async def finish(admin: Caller, task_id: str, result: Any = None) -> None:
    claimed = await admin.ok("PUT", "task?worker=w")
    assert claimed["id"] == task_id
    body = {"token": claimed["token"], "result": result}
    await admin.ok("PATCH", f"task/{task_id}", body)


async def test_a_wait_ends_when_the_task_does(service, admin, task_id):
    waiting = asyncio.ensure_future(admin.ok("GET", f"task/{task_id}/wait?timeout=1m"))
    await taken(service, 1)
    assert not waiting.done()
    await finish(admin, task_id, result=7)
    done = await asyncio.wait_for(waiting, LONG)
    assert (done["state"], done["result"]) == ("succeeded", 7)
    assert await admin.ok("GET", f"task/{task_id}/wait") == done
    assert waits_of(service).taken == 0


async def test_a_wait_sees_an_end_that_nobody_tells_of(service, admin, task_id):
    waiting = asyncio.ensure_future(admin.ok("GET", f"task/{task_id}/wait"))
    await taken(service, 1)
    # Of a cancellation nobody is told: the waiter finds it by looking.
    await admin.ok("POST", f"task/{task_id}/cancel")
    assert (await asyncio.wait_for(waiting, LONG))["state"] == "canceled"


async def test_when_the_time_is_up_the_task_is_shown_as_it_is(service, admin, task_id):
    for timeout in ("0", "0.05", "50ms"):
        shown = await admin.ok("GET", f"task/{task_id}/wait?timeout={timeout}")
        assert shown == await admin.ok("GET", f"task/{task_id}")
    assert waits_of(service).taken == 0


async def test_a_client_that_goes_away_frees_its_place(service: Service, admin, task_id):
    gone = asyncio.Event()
    sent: list[Any] = []
    _, text = await service.token("tasks:read")
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET",
        "path": f"/api/v1/task/{task_id}/wait", "raw_path": b"", "query_string": b"timeout=60",
        "root_path": "", "scheme": "http", "client": ("127.0.0.1", 1), "server": ("localhost", 80),
        "headers": [(b"host", b"localhost"), (b"authorization", f"Bearer {text}".encode())],
    }  # fmt: skip

    async def receive() -> Any:
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    for _ in range(5):
        gone.clear()
        running = asyncio.ensure_future(service.asgi(dict(scope), receive, send))
        await taken(service, 1)
        gone.set()
        await asyncio.wait_for(running, LONG)
        assert (waits_of(service).taken, sent) == (0, [])
    await finish(admin, task_id)
    async with asyncio.TaskGroup() as group:
        for _ in range(8):
            group.create_task(admin.ok("GET", f"task/{task_id}"))


async def test_only_so_many_wait_in_all_and_of_one_token(in_memory: Service):
    in_memory.serve(limits=Limits(waits=3, waits_each=2))
    mine, theirs = await in_memory.caller("admin"), await in_memory.caller("tasks:read")
    for queue in ("q", "empty"):
        await mine.ok("POST", "queue", {"queue": queue})
    path = f"task/{(await mine.ok('POST', 'task', {'queue': 'q', 'payload': 1}))['id']}"
    waiting = [asyncio.ensure_future(mine.ok("GET", f"{path}/wait")) for _ in range(2)]
    await taken(in_memory, 2)
    response = await mine.send("GET", f"{path}/wait")
    assert (response.status_code, response.headers["retry-after"]) == (429, "1")
    waiting.append(asyncio.ensure_future(theirs.ok("GET", f"{path}/wait")))
    await taken(in_memory, 3)
    full = await theirs.send("GET", f"{path}/wait")
    assert (full.status_code, full.headers["retry-after"]) == (503, "1")
    assert full.json()["reason"] == "the service is full of requests that wait: try again in 1 s"
    for method, asked, body in (
        ("GET", "work?queue=empty&wait=5", None),
        ("PUT", "task/empty?worker=w&wait=5", None),
        ("POST", "claim", {"worker": "w", "queues": ["empty"], "wait": 5}),
    ):
        refused = await mine.refused(method, asked, body)
        assert (refused["code"], refused["type"]) == (503, "OverloadedError")
    assert (await mine.ok("GET", path))["state"] == "queued"
    await mine.ok("POST", f"{path}/cancel")
    shown = await asyncio.wait_for(asyncio.gather(*waiting), LONG)
    assert {one["state"] for one in shown} == {"canceled"}
    await taken(in_memory, 0)
    assert (await mine.ok("GET", f"{path}/wait"))["state"] == "canceled"


async def test_a_task_purged_meanwhile_ends_the_wait(service, admin, task_id):
    waiting = asyncio.ensure_future(admin.refused("GET", f"task/{task_id}/wait"))
    await taken(service, 1)
    await admin.ok("DELETE", f"task/{task_id}")
    refused = await asyncio.wait_for(waiting, LONG)
    assert (refused["code"], refused["type"]) == (404, "TaskNotFoundError")


async def test_waiting_shows_no_more_than_looking(service, admin, task_id):
    reader = await service.caller("tasks:read")
    shown = await reader.send("GET", f"task/{task_id}/wait?timeout=0")
    assert (shown.status_code, "canary" in shown.text) == (200, False)
    theirs = await service.caller("admin", namespace="theirs")
    for missing in (task_id, str(new_task_id())):
        refused = await theirs.refused("GET", f"task/{missing}/wait")
        assert (refused["code"], refused["type"]) == (404, "TaskNotFoundError")


@pytest.mark.parametrize("timeout", ["61", "1h", "-1", "soon", "inf", "nan", ""])
async def test_a_time_that_makes_no_sense_is_refused(in_memory, timeout):
    admin = await in_memory.caller()
    refused = await admin.refused("GET", f"task/{new_task_id()}/wait?timeout={timeout}")
    assert (refused["code"], refused["detail"]["field"]) == (400, "timeout")
    assert (await admin.refused("GET", "task/abc/wait"))["detail"]["field"] == "id"


@pytest.mark.processes
def test_a_server_that_stops_answers_who_waits(tmp_path):
    url = f"sqlite:///{tmp_path}/tasks.db"
    with serving(tmp_path, "--no-auth", "--url", url) as server, httpx2.Client() as client:
        api = f"{server.url}/api/v1"
        client.post(f"{api}/queue", json={"queue": "q"})
        task = client.post(f"{api}/task", json={"queue": "q", "payload": 1}).json()
        answers: list[httpx2.Response] = []

        async def wait_and_stop() -> None:
            async with httpx2.AsyncClient(timeout=LONG) as other:
                waiting = asyncio.ensure_future(other.get(f"{api}/task/{task['id']}/wait"))
                await asyncio.sleep(1)
                server.process.terminate()
                answers.append(await waiting)

        began = time.monotonic()
        asyncio.run(wait_and_stop())
        assert server.process.wait(LONG) == 0
        # It would have waited for 30 s.
        assert time.monotonic() - began < 25
        assert (answers[0].status_code, answers[0].json()["state"]) == (200, "queued")
