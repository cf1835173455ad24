"""What the log says while the database is away: one line when it goes, one when it is back."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Generator
from contextlib import AsyncExitStack, contextmanager
from typing import Any

import psycopg
import pytest

from rowlock import AsyncRowlock
from rowlock.errors import StorageUnavailableError, TaskNotFoundError
from rowlock.http.outage import Outage
from tests.http.conftest import Service
from tests.http.programs import new_token, serving
from tests.support.databases import database_dsn, fresh_database


class Database:
    """A database of a PostgreSQL server that can be closed to everybody."""

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn
        self._name = dsn.rpartition("/")[2]

    @contextmanager
    def away(self) -> Generator[None]:
        """Let nobody in in this block, and throw out who is there."""
        self._tell("ALLOW_CONNECTIONS false")
        try:
            yield
        finally:
            self._tell("ALLOW_CONNECTIONS true")

    def _tell(self, what: str) -> None:
        with psycopg.connect(database_dsn(self.dsn, "postgres"), autocommit=True) as connection:
            connection.execute(f"ALTER DATABASE {self._name} WITH {what}".encode())
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
                [self._name],
            )


@pytest.fixture
def database(postgres_dsn: str) -> Generator[Database]:
    """A database of its own."""
    with fresh_database(postgres_dsn) as dsn:
        yield Database(dsn)


@pytest.fixture
async def remote(database: Database) -> AsyncIterator[Service]:
    """The service of that database."""
    async with AsyncExitStack() as stack:
        app = AsyncRowlock(database.dsn)
        await app.migrate()
        yield Service(await stack.enter_async_context(app), stack)


def lines(caplog: pytest.LogCaptureFixture) -> list[tuple[str, bool, str]]:
    """What the service wrote but for requests: level, whether with a traceback, and the text."""
    return [
        (record.levelname, record.exc_info is not None, record.getMessage())
        for record in caplog.records
        if record.name.startswith("rowlock.http") and record.levelname != "INFO"
    ]


async def test_an_outage_is_told_once_and_its_end_too(
    remote: Service, database: Database, caplog: pytest.LogCaptureFixture
):
    caller = await remote.caller("admin")
    await caller.ok("GET", "queue")
    ask: dict[str, Any] = {"query": "{ stats { total } }"}
    with database.away():
        for path in ("queue", "task", "schedule"):
            refused = await caller.refused("GET", path)
            assert (refused["code"], refused["type"]) == (503, "StorageUnavailableError")
        assert (await caller.send("POST", "/graphql", ask)).status_code == 503
        [told] = lines(caplog)
        assert told[:2] == ("WARNING", False)
        assert told[2].startswith("the database cannot be used, requests fail until it can: ")
        assert "\n" not in told[2]
    await caller.ok("GET", "queue")
    await caller.ok("GET", "task")
    assert len(lines(caplog)) == 2
    level, traced, words = lines(caplog)[1]
    assert (level, traced) == ("WARNING", False)
    assert words.startswith("the database can be used again, after ")
    assert words.endswith("requests that failed: 4")
    with database.away():
        await caller.refused("GET", "queue")
    assert len(lines(caplog)) == 3


def test_a_request_from_before_the_outage_does_not_end_it(caplog: pytest.LogCaptureFixture):
    outage = Outage()
    outage.fail(TaskNotFoundError("7"))
    outage.fail(StorageUnavailableError("gone"))
    outage.succeed(asked=0.0)
    assert [line[2] for line in lines(caplog)] == [
        "the database cannot be used, requests fail until it can: gone"
    ]


@pytest.mark.processes
def test_an_offer_of_another_protocol_is_answered_in_http_and_not_in_the_log(tmp_path):
    url = f"sqlite:///{tmp_path}/tasks.db"
    token = new_token(url, "admin")
    with serving(tmp_path, "--url", url) as server:
        for protocol in ("websocket", "h2c"):
            asked = (
                "GET /api/v1/queue HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, close\r\n"
                f"Upgrade: {protocol}\r\nSec-WebSocket-Version: 13\r\n"
                "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
                f"Authorization: Bearer {token}\r\n\r\n"
            )
            with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
                connection.sendall(asked.encode())
                answer = b"".join(iter(lambda: connection.recv(4096), b""))
            assert answer.startswith(b"HTTP/1.1 200 ")
            assert answer.endswith(b'"count": 0,\n  "body": []\n}\n')
        assert server.stop() == 0
        assert "pip install" not in server.log
        assert "pgrade" not in server.log
