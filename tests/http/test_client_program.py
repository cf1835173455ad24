"""The typed client against a server of its own that is killed and comes back."""

from __future__ import annotations

import threading
from contextlib import closing
from pathlib import Path

import pytest

from rowlock import Rowlock
from rowlock.client import Client
from rowlock.errors import ServerUnavailableError
from tests.http.programs import new_token, serving

pytestmark = pytest.mark.processes


def test_a_server_that_is_killed_in_the_middle_loses_and_doubles_nothing(tmp_path: Path):
    url = f"sqlite:///{tmp_path}/tasks.db"
    token = new_token(url, "admin")
    stored: list[str] = []
    unknown: list[ServerUnavailableError] = []
    some = threading.Event()

    def store(address: str) -> None:
        with Client(address, token, retries=1, timeout=20) as client:
            for number in range(100_000):
                try:
                    stored.append(client.create_task(queue="q", payload=number).id)
                except ServerUnavailableError as error:
                    unknown.append(error)
                    return
                if number == 20:
                    some.set()

    with serving(tmp_path, "--url", url) as server:
        with Client(server.url, token) as client:
            client.create_queue(name="q")
            assert client.ready()
        thread = threading.Thread(target=store, args=(server.url,))
        thread.start()
        assert some.wait(60)
        server.process.kill()
        thread.join(60)
        assert not thread.is_alive()
    assert len(unknown) == 1
    with serving(tmp_path, "--url", url) as server, Client(server.url, token) as client:
        found = {task.id for task in client.iter_tasks(limit=50)}
    assert set(stored) <= found
    assert len(found) <= len(stored) + 1
    with closing(Rowlock(url)) as app:
        assert app.count().count == len(found)
