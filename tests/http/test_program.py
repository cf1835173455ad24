"""`rowlock server`: a process that starts, serves, and stops without dropping a request."""

from __future__ import annotations

import json
import re
import socket
import sys
import time
from contextlib import closing, suppress
from pathlib import Path

import httpx2
import pytest

from rowlock import Rowlock
from rowlock.http.front import checked_front
from rowlock.http.serving import Place, listening
from tests.cli.commands import cli, command_line
from tests.http.programs import Program, new_token, serving

pytestmark = pytest.mark.processes

APP = """
from rowlock import Rowlock

app = Rowlock("sqlite:///own.db")

@app.task(queue="sums")
def add(a: int, b: int = 2) -> int:
    return a + b
"""
# Two deadlines of the service in short, so that nobody has to wait for them.
IMPATIENT = """
import rowlock.http.serving as serving
serving.HEAD_SECONDS = 0.5
from rowlock.cli.program import program
program.main(["server", *__import__("sys").argv[1:]])
"""

EVERYWHERE = "0.0.0.0"  # noqa: S104 - what is refused
SMUGGLING = (
    b"POST /api/v1/task HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\n\r\n"
)


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A SQLite file that is not there yet."""
    return f"sqlite:///{tmp_path}/tasks.db"


def bearer(text: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {text}"}


def test_a_request_that_has_begun_is_answered_after_sigterm(tmp_path, url):
    token = new_token(url, "admin")
    body = json.dumps({"queue": "late"}).encode()
    head = (
        "POST /api/v1/queue HTTP/1.1\r\nHost: localhost\r\n"
        f"Authorization: Bearer {token}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    with serving(tmp_path, "--url", url) as server:
        with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
            connection.sendall(head.encode() + body[:5])
            time.sleep(0.5)
            server.process.terminate()
            deadline = time.monotonic() + 30
            while "SIGTERM" not in server.log and time.monotonic() < deadline:
                time.sleep(0.05)
            time.sleep(0.3)
            with pytest.raises(OSError, match="refused"):
                socket.create_connection(("127.0.0.1", server.port), timeout=5).close()
            connection.sendall(body[5:])
            answer = connection.recv(4096)
        assert answer.startswith(b"HTTP/1.1 201 ")
        assert server.process.wait(30) == 0
        assert "Traceback" not in server.log
    with closing(Rowlock(url)) as app:
        assert [queue.name for queue in app.list_queues()] == ["late"]


@pytest.mark.parametrize("alias", [False, True], ids=["server", "run"])
def test_it_serves_a_database_and_stops_at_once_when_idle(tmp_path, url, alias):
    token = new_token(url, "queues:read")
    program = command_line("run", url) if alias else command_line("server", "--url", url)
    with serving(tmp_path, program=program) as server:
        assert httpx2.get(f"{server.url}/readyz").text == "ok\n"
        found = httpx2.get(f"{server.url}/api/v1/queue", headers=bearer(token))
        assert found.json() == {"count": 0, "body": []}
        assert "server" not in found.headers
        assert server.stop() == 0
        assert token not in server.log
        assert "GET /api/v1/queue 200 " in server.log


def test_with_a_worker_it_also_runs_tasks(tmp_path, url):
    (tmp_path / "jobs.py").write_text(APP, encoding="utf-8")
    with serving(tmp_path, "jobs:app", "--worker", "--no-auth", "--url", url) as server:
        made = httpx2.post(
            f"{server.url}/api/v1/task", json={"definition": "add", "arguments": {"a": 40}}
        )
        address = f"{server.url}{made.headers['location']}"
        deadline = time.monotonic() + 30
        while (task := httpx2.get(address).json())["state"] != "succeeded":
            assert time.monotonic() < deadline, task
            time.sleep(0.05)
        assert task["result"] == 42
        assert server.stop() == 0


def address_seen(server: Program, **headers: str) -> str:
    """Where the server says that a request came from."""
    before = len(re.findall("GET /livez", server.log))
    httpx2.get(f"{server.url}/livez", headers=headers)
    deadline = time.monotonic() + 30
    while len(lines := re.findall(r"GET /livez .* (\S+)\n", server.log)) == before:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return str(lines[-1])


def test_a_client_behind_a_trusted_proxy_has_its_own_address(tmp_path, url):
    with serving(tmp_path, "--url", url, "--trust-proxy", "127.0.0.0/8") as server:
        assert address_seen(server) == "127.0.0.1"
        assert address_seen(server, **{"X-Forwarded-For": "203.0.113.7"}) == "203.0.113.7"
        assert address_seen(server, **{"X-Forwarded-For": "1.2.3.4, 203.0.113.8"}) == "203.0.113.8"


@pytest.mark.parametrize("proxy", [(), ("--trust-proxy", "10.0.0.1")])
def test_nobody_else_is_believed_where_a_request_came_from(tmp_path, url, proxy):
    with serving(tmp_path, "--url", url, *proxy) as server:
        assert address_seen(server, **{"X-Forwarded-For": "203.0.113.7"}) == "127.0.0.1"


def test_wrong_tokens_behind_a_proxy_are_counted_by_client(tmp_path, url):
    token = new_token(url, "queues:read")
    with serving(tmp_path, "--url", url, "--trust-proxy", "127.0.0.1") as server:

        def ask(client: str, text: str) -> int:
            headers = {**bearer(text), "X-Forwarded-For": client}
            return httpx2.get(f"{server.url}/api/v1/queue", headers=headers).status_code

        assert [ask("203.0.113.7", "wrong") for _ in range(12)][-1] == 429
        assert ask("203.0.113.8", token) == 200


def test_without_tokens_nobody_behind_a_trusted_proxy_is_of_this_machine(tmp_path, url):
    with serving(tmp_path, "--no-auth", "--url", url, "--trust-proxy", "127.0.0.1") as server:
        address = f"{server.url}/api/v1/queue"
        assert httpx2.get(address).status_code == 200
        headers = {"X-Forwarded-For": "203.0.113.7"}
        assert httpx2.get(address, headers=headers).status_code == 401


def test_below_a_path_that_a_proxy_takes_off_addresses_have_it(tmp_path, url):
    with serving(tmp_path, "--no-auth", "--url", url, "--root-path", "/queue/") as server:
        httpx2.post(f"{server.url}/api/v1/queue", json={"queue": "q"})
        made = httpx2.post(f"{server.url}/api/v1/task", json={"queue": "q", "payload": 1})
        assert made.headers["location"] == f"/queue/api/v1/task/{made.json()['id']}"
        document = httpx2.get(f"{server.url}/api/v1/openapi.json").json()
        assert document["servers"] == [{"url": "/queue"}]


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--trust-proxy", "*"),
        ("--trust-proxy", "proxy.example"),
        ("--trust-proxy", "0.0.0.0/0"),
        ("--trust-proxy", "::/0"),
        ("--trust-proxy", ""),
        ("--root-path", "queue"),
        ("--root-path", "/a b"),
    ],
)
def test_what_cannot_be_in_front_is_refused(url, option, value):
    result = cli("server", option, value, url=url)
    assert result.exit_code == 2
    assert option[2:].replace("-", "_") in result.stderr


def test_a_proxy_is_known_by_its_address_in_both_families():
    assert checked_front(["10.0.0.0/8", "::1"], "").proxies == (
        "10.0.0.0/8", "::ffff:10.0.0.0/104", "::1/128",
    )  # fmt: skip


def test_it_takes_back_what_dead_workers_held(tmp_path, url):
    with serving(tmp_path, "--no-auth", "--url", url) as server:
        api = f"{server.url}/api/v1"
        httpx2.post(f"{api}/queue", json={"queue": "q"})
        httpx2.post(f"{api}/task", json={"queue": "q", "payload": 1})
        claimed = httpx2.put(f"{api}/task?worker=w&lease=0.5").json()
        deadline = time.monotonic() + 60
        while httpx2.put(f"{api}/task?worker=other").status_code == 404:
            assert time.monotonic() < deadline
            time.sleep(0.2)
        late = httpx2.patch(f"{api}/task/{claimed['id']}", json={"token": claimed["token"]})
        assert late.status_code == 409


def test_a_head_that_drips_is_cut_off_and_others_are_served(tmp_path, url):
    program = [sys.executable, "-c", IMPATIENT]
    with serving(tmp_path, "--no-auth", "--url", url, program=program) as server:
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as dripping:
            started = time.monotonic()
            with suppress(ConnectionError):
                while time.monotonic() - started < 10:
                    dripping.sendall(b"G")
                    time.sleep(0.1)
            assert time.monotonic() - started < 5
            assert httpx2.get(f"{server.url}/livez").status_code == 200
        with httpx2.Client() as client:
            for _ in range(3):
                assert client.get(f"{server.url}/livez").status_code == 200
                time.sleep(0.7)
        assert server.stop() == 0


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\n" + b"X-A: " + b"a" * 40_000 + b"\r\n\r\n",
        b"GET /\x00 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        SMUGGLING,
        b"GET /livez HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    ],
)
def test_what_is_no_http_is_refused_and_the_server_goes_on(tmp_path, url, head):
    with serving(tmp_path, "--no-auth", "--url", url) as server:
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
            connection.sendall(head)
            answer = connection.recv(4096)
            assert re.match(rb"HTTP/1.1 (400|401|404|411) ", answer), answer
        assert httpx2.get(f"{server.url}/livez").status_code == 200
        assert "smuggled" not in server.log
        assert server.stop() == 0


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        (["--no-auth", "--host", EVERYWHERE], 2, "--no-auth is for 127.0.0.1 alone"),
        (["--no-auth", "--host", ""], 2, "others could reach every address"),
        (["--port", "99999"], 2, "port: must be a port"),
        (["--port", "x"], 2, "port: must be a port"),
        (["--worker"], 2, "--worker needs APP"),
        (["--rate", "0"], 2, "rate"),
        (["--host", "192.0.2.1"], 2, "cannot listen on 192.0.2.1:8080"),
        (["nowhere:app"], 2, "there is no module 'nowhere'"),
    ],
)
def test_what_cannot_be_served_is_told(url, args, code, said):
    result = cli("server", *args, url=url)
    assert result.exit_code == code
    assert said in result.stderr


def test_without_a_database_it_says_so():
    result = cli("server")
    assert result.exit_code == 2
    assert "which database?" in result.stderr


def test_a_port_in_use_is_told(url):
    with socket.create_server(("127.0.0.1", 0)) as other:
        result = cli("server", "--port", str(other.getsockname()[1]), url=url)
    assert result.exit_code == 2
    assert "Address already in use" in result.stderr


def test_a_database_that_is_away_is_told():
    result = cli("server", url="postgresql://127.0.0.1:1/nothing")
    assert result.exit_code == 3


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_answers_do_not_wait_for_acknowledgements(host):
    with listening(Place(host, 0)) as listener:
        assert listener.proto == socket.IPPROTO_TCP
        port = listener.getsockname()[1]
        with socket.create_connection((listener.getsockname()[0], port), timeout=5):
            accepted, _ = listener.accept()
            with accepted:
                assert accepted.proto == socket.IPPROTO_TCP
