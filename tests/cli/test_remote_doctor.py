"""`rowlock doctor --server`: what keeps a command from its server is found, and what to do."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from rowlock import Rowlock
from rowlock.app import token_flows
from rowlock.app.flow import run_flow
from rowlock.cli.findings import Verdict
from rowlock.cli.remote import checking, probing
from rowlock.http import Limits, create_asgi
from tests.cli.commands import cli
from tests.cli.served import GENEROUS, Served, new_token, served
from tests.cli.test_doctor import execute
from tests.http.listening import served as served_app

CERTIFICATE = Path(__file__).parents[1] / "http" / "localhost.pem"


def doctor(code: int, *options: str, **env: str) -> dict[str, dict[str, Any]]:
    """Run it; returns what each check found."""
    result = cli("doctor", "--json", *options, env=env)
    assert result.exit_code == code, result.stderr + result.stdout
    return {one["check"]: one for one in json.loads(result.stdout)}


@pytest.fixture
def server(seeded) -> Iterator[Served]:
    """A server of a database in which there is something."""
    with served(seeded.url) as found:
        yield found


def test_a_healthy_server_is_ok(server):
    found = doctor(0, **server.at())
    assert list(found) == [
        "connection", "tls", "token", "scopes", "version", "clock", "engine", "clocks", "schema",
        "checksums", "queues", "leases", "live events", "limits",
    ]  # fmt: skip
    del found["engine"]  # the library of this Python may be old
    assert {one["verdict"] for one in found.values()} == {"ok"}
    assert found["connection"]["found"].startswith(f"{server.url} answers in ")
    assert found["limits"]["found"] == "100000 requests a second, 100,000 at once, 1,000 streams"
    lines = cli("doctor", env=server.at()).stdout.splitlines()
    assert lines[0].startswith(f"ok    connection   {server.url} answers in ")
    assert "ok    queues       2 queues, 1 tasks waiting" in lines


def test_it_looks_at_what_the_token_shows_and_says_what_it_does_not(server):
    found = doctor(0, **server.at("tasks:enqueue"))
    assert not {"engine", "schema", "queues", "leases", "live events"} & set(found)
    assert found["scopes"]["found"] == "tasks:enqueue"
    assert found["scopes"]["advice"].count("are looked at as well") == 2


def test_what_is_wrong_at_the_database_is_found_from_here(server, seeded, folder):
    cli("queues", "pause", "default", url=seeded.url)
    found = doctor(0, **server.at("metrics:read"))
    assert found["queue default"]["verdict"] == "warn"
    assert found["queue default"]["advice"] == "rowlock queues resume default"
    execute(folder / "tasks.db", "UPDATE rowlock_migration SET checksum = 'x'")
    assert doctor(6, **server.at("metrics:read"))["checksums"]["verdict"] == "fail"


def test_a_token_that_is_missing_or_wrong(server):
    none = doctor(6, "--server", server.url)["token"]
    assert (none["verdict"], none["found"]) == (
        "fail",
        "none is given, and the server needs one",
    )
    assert "ROWLOCK_TOKEN" in none["advice"]
    wrong = doctor(6, **server.by("rowlock_" + "0" * 32 + "_wrong"))["token"]
    assert wrong["found"] == "it is unknown here, expired or revoked"
    assert "rowlock token create" in wrong["advice"]


def test_a_token_that_ends_soon(server):
    with closing(Rowlock(server.database)) as app:
        flow = token_flows.create_token(app.core, "brief", ["tasks:read"], expires="3d")
        _, text = run_flow(app.core, flow)
    found = doctor(0, **server.by(text))["token"]
    assert (found["verdict"], found["advice"]) == ("warn", "make another one before")
    assert found["found"].startswith("brief (")


def test_a_token_of_another_namespace(server):
    found = doctor(6, "--namespace", "other", **server.at())["token"]
    assert "leave out --namespace" in found["advice"]
    every = server.by(new_token(server.database, everywhere=True))
    assert "every namespace" in doctor(0, "--namespace", "other", **every)["token"]["found"]


def test_a_server_that_needs_no_token(url):
    with Rowlock(url) as app, served_app(app) as address:
        found = doctor(0, "--server", address)
    assert found["token"]["verdict"] == "warn"
    assert "every program there may do all" in found["token"]["found"]


def test_nobody_there_exits_with_3(folder):
    found = doctor(3, "--server", "http://127.0.0.1:1")
    assert list(found) == ["connection"]
    assert "nothing listens there" in found["connection"]["advice"]
    found = doctor(3, "--server", "http://nobody.invalid")
    assert "no such name" in found["connection"]["advice"]


class Other(BaseHTTPRequestHandler):
    """Answers as something else does; or as a server whose database is away."""

    answers: dict[str, tuple[int, bytes]] = {}  # noqa: RUF012 - set by each test

    def do_GET(self) -> None:
        """Answer."""
        status, text = self.answers.get(self.path, (404, b"<html>"))
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name
        """Keep still."""


@pytest.fixture
def other() -> Iterator[str]:
    """The address of another server."""
    with HTTPServer(("127.0.0.1", 0), Other) as listening:
        thread = threading.Thread(target=listening.serve_forever, args=(0.05,))
        thread.start()
        yield f"http://127.0.0.1:{listening.server_port}"
        listening.shutdown()
        thread.join()


def test_something_else_is_there(other, monkeypatch):
    found = doctor(3, "--server", f"{other}/api/v1")["connection"]
    assert "answers with status 404, and is no Rowlock" in found["found"]
    assert "without /api/v1" in found["advice"]
    monkeypatch.setattr(Other, "answers", {"/livez": (200, b"<html>welcome</html>")})
    assert "is no Rowlock" in doctor(3, "--server", other)["connection"]["found"]
    monkeypatch.setattr(Other, "answers", {"/livez": (429, b"")})
    assert doctor(6, "--server", other)["limits"]["verdict"] == "fail"


def test_a_server_without_its_database_exits_with_3(other, monkeypatch):
    answers = {"/livez": (200, b"ok\n"), "/readyz": (503, b"not ok\n")}
    monkeypatch.setattr(Other, "answers", answers)
    found = doctor(3, "--server", other)["database"]
    assert found["found"] == "the server cannot use its database"
    assert "rowlock doctor --url" in found["advice"]


def test_an_older_server_that_knows_not_what_it_is_asked(other, monkeypatch):
    document = {"code": 404, "reason": "x", "type": "RouteNotFoundError", "detail": "/"}
    answers = {
        "/livez": (200, b"ok\n"),
        "/readyz": (200, b"ok\n"),
        "/api/v1/whoami": (404, json.dumps(document).encode()),
    }
    monkeypatch.setattr(Other, "answers", answers)
    assert "the server is older" in doctor(6, "--server", other)["token"]["advice"]


def test_a_name_that_the_server_does_not_know(url):
    with Rowlock(url) as app, served_app(app, allowed_hosts=["shop.example"]) as address:
        found = doctor(6, "--server", address)["host"]
    assert "is not a name of this service" in found["found"]
    assert "--allow-host" in found["advice"]


def test_another_version_is_a_warning(server, monkeypatch):
    monkeypatch.setattr("rowlock.cli.remote.checking.__version__", "99.1.0")
    found = doctor(0, **server.at())["version"]
    assert found["verdict"] == "warn"
    assert "this command 99.1.0" in found["found"]


def test_a_server_without_a_free_stream_is_a_warning(seeded):
    with served(seeded.url, replace(GENEROUS, streams=0)) as server:
        found = doctor(0, **server.at())["live events"]
    assert found["verdict"] == "warn"
    assert "--streams" in found["advice"]


def test_a_stream_that_somebody_holds_back_is_a_warning(server, monkeypatch):
    monkeypatch.setattr("rowlock.cli.remote.checking.LIVE_SECONDS", 0.0001)
    found = doctor(0, **server.at())["live events"]
    assert (found["verdict"], "without buffers" in found["advice"]) == ("warn", True)


def test_a_certificate_is_looked_at(url, monkeypatch):
    with Rowlock(url) as app:
        config = uvicorn.Config(
            create_asgi(app, needs_token=False, limits=Limits()), port=0, log_config=None,
            lifespan="off", ssl_certfile=CERTIFICATE,
        )  # fmt: skip
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run)
        thread.start()
        while not server.started:
            thread.join(0.02)
        port = server.servers[0].sockets[0].getsockname()[1]
        try:
            refused = doctor(3, "--server", f"https://localhost:{port}")["connection"]
            assert "SSL_CERT_FILE" in refused["advice"]
            plain = doctor(3, "--server", f"http://localhost:{port}")["connection"]
            assert "https://" in plain["advice"]
            monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
            found = doctor(0, "--server", f"https://localhost:{port}")["tls"]
            assert found["verdict"] == "ok"
            assert found["found"].startswith("TLSv1.3, the certificate ends 21")
        finally:
            server.should_exit = True
            thread.join()


def test_what_is_not_encrypted_between_machines_is_a_warning():
    said = probing.Answered(200, "ok", timedelta(0), None, None)
    assert probing._tls("http://queue.example", said).verdict is Verdict.WARN
    assert probing._tls("http://127.0.0.1:8080/queue", said).verdict is Verdict.OK


@pytest.mark.parametrize(
    ("seconds", "verdict", "words"),
    [(0.4, "ok", "agree"), (1.5, "ok", "500ms ahead of"), (91, "warn", "1m30s ahead of"),
     (-90, "warn", "1m30s behind")],
)  # fmt: skip
def test_clocks_that_disagree_are_a_warning(seconds, verdict, words):
    asked = datetime(2027, 1, 1, tzinfo=UTC)
    told, answered = asked + timedelta(seconds=seconds), asked + timedelta(seconds=1)
    found = checking._clock(told, asked, answered)
    assert found.verdict.value == verdict
    assert words in found.found
