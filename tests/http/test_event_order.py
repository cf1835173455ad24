"""Live events while many write: none is missed, and none comes twice."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import sys
import time
from collections import Counter
from pathlib import Path

import httpx2
import pytest

from rowlock import Rowlock
from tests.http.conftest import API, Service
from tests.http.programs import new_token, serving
from tests.http.streams import streaming
from tests.support.backends import Backend

ADDRESS = f"{API}/events"
FRAME = re.compile(r"id: (\S+)\nevent: (\w+)\ndata: (.*)\n\n")
WRITERS = 8
EACH = 25
IMPATIENT = """
import sys
import rowlock.http.serving as serving
serving.STALLED_SECONDS = 0.5
from rowlock.cli.program import program
program.main(["server", *sys.argv[1:]])
"""


def write(app: Rowlock, number: int) -> list[str]:
    """Enqueue tasks, one transaction for each; every third is canceled at once."""
    ids: list[str] = []
    for step in range(EACH):
        task = app.enqueue(None, {"writer": number, "step": step}, queue=f"q{number % 3}")
        ids.append(str(task.id))
        if step % 3 == 0:
            app.cancel(task.id)
    return ids


async def test_nobody_misses_anything_who_comes_back(service: Service, backend: Backend):
    _, text = await service.token("tasks:read")
    writers = [Rowlock(backend.url) for _ in range(WRITERS)] if backend.durable else []
    states: Counter[tuple[str, str]] = Counter()
    async with streaming(service, text, ADDRESS) as stream:
        last = (await stream.next()).id
    if backend.durable:
        working = [
            asyncio.ensure_future(asyncio.to_thread(write, app, number))
            for number, app in enumerate(writers)
        ]
    else:
        working = [asyncio.ensure_future(write_here(service, number)) for number in range(WRITERS)]
    expected = WRITERS * (EACH + len(range(0, EACH, 3)))
    while states.total() < expected:
        # A few at a time, and away again.
        async with streaming(service, text, ADDRESS, last_event_id=last) as stream:
            for _ in range(min(37, expected - states.total())):
                event = await stream.next()
                assert event.name == "task", event
                states[event.data["id"], event.data["state"]] += 1
                last = event.id
    ids = [one for part in await asyncio.gather(*working) for one in part]
    assert {one for one, state in states if state == "queued"} == set(ids)
    assert set(states.values()) == {1}
    async with streaming(service, text, ADDRESS, last_event_id=last) as stream:
        await stream.nothing(1)
    for app in writers:
        app.close()


async def write_here(service: Service, number: int) -> list[str]:
    """What `write` does, in a database that is this process's own."""
    ids: list[str] = []
    for step in range(EACH):
        task = await service.app.enqueue(None, {"step": step}, queue=f"q{number % 3}")
        ids.append(str(task.id))
        if step % 3 == 0:
            await service.app.cancel(task.id)
    return ids


@pytest.mark.processes
def test_a_client_that_reads_nothing_is_dropped(tmp_path: Path):
    url = f"sqlite:///{tmp_path}/tasks.db"
    token = new_token(url, "admin")
    headers = {"Authorization": f"Bearer {token}"}
    program = [sys.executable, "-c", IMPATIENT]
    with (
        serving(tmp_path, "--url", url, "--streams", "1", program=program) as server,
        socket.socket() as stopped,
        httpx2.Client(base_url=f"{server.url}{API}", headers=headers, timeout=30) as client,
    ):
        stopped.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        stopped.connect(("127.0.0.1", server.port))
        head = f"GET {ADDRESS} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n"
        stopped.sendall(head.encode())
        end = time.monotonic() + 60
        client.post("/queue", json={"queue": "q"}).raise_for_status()
        batch = {"tasks": [{"queue": "q", "payload": 1}] * 100}
        while "took nothing" not in server.log:
            assert time.monotonic() < end, server.log[-2_000:]
            client.post("/enqueue", json=batch).raise_for_status()
            client.post("/claim", json={"worker": "w", "limit": 100}).raise_for_status()
        with client.stream("GET", "/events") as response:
            assert response.status_code == 200
        assert "Traceback" not in server.log


@pytest.mark.processes
def test_after_a_restart_a_client_starts_over(tmp_path: Path):
    url = f"sqlite:///{tmp_path}/tasks.db"
    headers = {"Authorization": f"Bearer {new_token(url, 'admin')}"}
    place = ""
    for expected in ("open", "reset"):
        with serving(tmp_path, "--url", url) as server:
            given = headers | ({"Last-Event-ID": place} if place else {})
            with httpx2.stream("GET", server.url + ADDRESS, headers=given, timeout=30) as response:
                text, parts = "", response.iter_text()
                while not (found := FRAME.search(text)):
                    text += next(parts)
                assert (found[2], json.loads(found[3])) == (expected, {})
                place = found[1]
                # It stops although a client still listens.
                began = time.monotonic()
                assert server.stop() == 0
                assert time.monotonic() - began < 10
