"""C126: whatever is wrong with a request, it is told in one shape, and never as a 5xx."""

from __future__ import annotations

import json

import msgspec
import pytest

from rowlock.errors import OverloadedError, RowlockError, StorageUnavailableError
from rowlock.http import Limits
from rowlock.model.ids import new_task_id
from rowlock.wire.routes import ROUTES
from rowlock.wire.routes.table import PREFIX, full_path
from rowlock.wire.statuses import status_of
from tests.http.conftest import Caller, Service

JSON = {"content-type": "application/json"}
HUGE = str(10**400)
DEEP = '{"queue": "q", "payload": ' + "[" * 100_000 + "]" * 100_000 + "}"


@pytest.fixture
async def caller(in_memory: Service) -> Caller:
    """A client that may do all."""
    caller = await in_memory.caller()
    await caller.ok("POST", "queue", {"queue": "q"})
    return caller


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/api",
        "/api/v1",
        "/api/v1/",
        "/api/v1/queue/",
        "/api/v2/queue",
        "/api/v1/task/a/b/c",
        "/api/v1/namespace/x/",
    ],
)
async def test_an_unknown_path_is_404_with_the_path(caller, path):
    refused = await caller.refused("GET", path)
    assert (refused["code"], refused["type"]) == (404, "RouteNotFoundError")
    assert refused["detail"] == path


@pytest.mark.parametrize("path", sorted({full_path(route) for route in ROUTES}))
async def test_a_method_that_is_not_there_is_405_and_says_what_is(caller, path):
    routes = [route for route in ROUTES if full_path(route) == path]
    full = path.format(
        queue="q", task="q", operation="q", schedule="s", definition="d", ticker="t",
        token=new_task_id(),
    )  # fmt: skip
    there = {route.method for route in routes}
    for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"} - there:
        response = await caller.send(method, full)
        assert response.status_code == 405
        msgspec.json.decode(response.content, type=routes[0].door.error)
        assert set(response.headers["allow"].split(", ")) == there


@pytest.mark.parametrize(
    ("content", "headers", "code"),
    [
        (b"", JSON, 400),
        (b"  \n", JSON, 400),
        (b'{"queue": "q"', JSON, 400),
        (b"[]", JSON, 400),
        (b"null", JSON, 400),
        (b'"text"', JSON, 400),
        (b'{"queue": "q", "queue": "r", "payload": 1}', JSON, 400),
        (b'{"queue": "q", "payload": {"a": 1, "a": 2}}', JSON, 400),
        (b'{"queue": "q", "payload": NaN}', JSON, 400),
        (b'{"queue": "q", "payload": -Infinity}', JSON, 400),
        (b'{"queue": "q", "payload": 1e999}', JSON, 400),
        (b'{"queue": "q", "payload": 9223372036854775808}', JSON, 400),
        (f'{{"queue": "q", "payload": {HUGE}}}'.encode(), JSON, 400),
        (f'{{"queue": "q", "payload": 1, "priority": {HUGE}}}'.encode(), JSON, 400),
        (f'{{"queue": "q", "payload": 1, "ttl": {HUGE}}}'.encode(), JSON, 400),
        (b'{"queue": "q", "payload": "a\\u0000b"}', JSON, 400),
        (b'{"queue": "q\\u0000", "payload": 1}', JSON, 400),
        (b'{"queue": "q", "payload": 1, "tags": ["\\u0000"]}', JSON, 400),
        (b'{"queue": "q", "payload": 1, "unique": "\\ud800"}', JSON, 400),
        (b'{"queue": "q", "payload": {"\\ud800": 1}}', JSON, 400),
        (b'{"\\u0000": 1, "queue": "q", "payload": 1}', JSON, 400),
        (b'\xef\xbb\xbf{"queue": "q", "payload": 1}', JSON, 400),
        (b'{"queue": "q", "payload": "\xff"}', JSON, 400),
        (json.dumps({"queue": "q", "payload": 1}).encode("utf-16"), JSON, 400),
        (DEEP.encode(), JSON, 400),
        (b'{"queue": "q", "payload": ' + b"[" * 31 + b"]" * 31 + b"}", JSON, 400),
        (b"x" * (1024 * 1024 + 1), JSON, 413),
        (b'{"queue": "q", "payload": 1}', {"content-type": "text/plain"}, 400),
        (b'{"queue": "q", "payload": 1}', {}, 400),
        (b"queue=q", {"content-type": "application/x-www-form-urlencoded"}, 400),
        (b'{"queue": "q", "payload": 1}', {**JSON, "content-encoding": "gzip"}, 400),
        (b"\x1f\x8b\x08\x00", {**JSON, "content-encoding": "gzip"}, 400),
        (b'{"queue": "q", "payload": 1}', {**JSON, "content-length": "9" * 400}, 413),
    ],
)  # fmt: skip
async def test_a_body_that_is_no_good_is_refused_and_nothing_stored(caller, content, headers, code):
    response = await caller.client.post(f"{PREFIX}/task", content=content, headers=headers)
    document = response.json()
    assert (response.status_code, document["code"]) == (code, code), document
    assert len(response.content) < 2_000
    assert (await caller.ok("GET", "task"))["count"] == 0


async def test_what_is_at_the_limit_is_stored(caller):
    deepest = json.loads("[" * 30 + "]" * 30)
    for payload in (deepest, 2**63 - 1, -(2**63), "\x01\x7f\u2028😀", {"": None}, False):
        task = await caller.ok("POST", "task", {"queue": "q", "payload": payload})
        assert task["payload"] == payload
    with_charset = {"content-type": "application/json; charset=utf-8"}
    response = await caller.client.post(
        f"{PREFIX}/task",
        content=b' {"queue": "q", "payload": 1, "unknown": 2} ',
        headers=with_charset,
    )
    assert response.status_code == 201


async def test_a_body_that_grows_beyond_the_limit_is_not_read_to_its_end(in_memory):
    in_memory.serve(limits=Limits(body_bytes=100))
    caller, sent = await in_memory.caller(), 0

    async def parts():
        nonlocal sent
        for _ in range(1_000):
            sent += 50
            yield b"x" * 50

    response = await caller.client.post(f"{PREFIX}/task", content=parts(), headers=JSON)
    assert (response.status_code, response.json()["type"]) == (413, "BodyTooLargeError")
    assert sent <= 200


async def test_a_body_that_does_not_come_is_given_up(in_memory):
    import asyncio

    in_memory.serve(limits=Limits(body_seconds=0.05))
    _, text = await in_memory.token("admin")
    sent = []

    async def receive():
        await asyncio.Event().wait()

    async def send(message):
        sent.append(message)

    scope = {
        "type": "http", "method": "POST", "path": f"{PREFIX}/task", "query_string": b"",
        "headers": [(b"host", b"localhost"), (b"authorization", f"Bearer {text}".encode()),
                    (b"content-type", b"application/json")],
        "client": ("127.0.0.1", 1), "root_path": "",
    }  # fmt: skip
    await in_memory.asgi(scope, receive, send)
    assert sent[0]["status"] == 408


async def test_the_database_away_is_503_and_tells_nothing_of_it(in_memory, monkeypatch, caplog):
    caller = await in_memory.caller()

    def away(*args, **kwargs):
        raise StorageUnavailableError("connection to db.internal as user secret failed")

    for runner in (in_memory.app.core.storage.runner,):
        monkeypatch.setattr(runner, "read", away)
    response = await caller.send("GET", "queue")
    assert response.status_code == 503
    assert response.headers["retry-after"] == "1"
    assert "secret" not in response.text
    assert "db.internal" in caplog.text
    ready = await caller.send("GET", "/readyz")
    assert (ready.status_code, ready.text) == (503, "not ok\n")
    assert (await caller.send("GET", "/livez")).status_code == 200


async def test_a_fault_of_ours_is_500_and_tells_nothing_of_it(in_memory, monkeypatch, caplog):
    caller = await in_memory.caller()
    monkeypatch.setattr("rowlock.app.flows.list_queues", None)
    refused = await caller.refused("GET", "queue")
    assert (refused["code"], refused["type"]) == (500, "InternalError")
    assert "NoneType" not in refused["reason"]
    assert "NoneType" in caplog.text


async def test_answers_are_indented_and_not_to_be_kept(caller):
    response = await caller.send("GET", "queue")
    assert response.text.startswith('{\n  "count": 1,')
    assert response.text.endswith("}\n")
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["x-content-type-options"] == "nosniff"
    head = await caller.send("HEAD", "queue")
    assert head.status_code == 200


def test_every_error_that_a_route_names_is_the_clients_fault():
    kinds = {kind for route in ROUTES for kind in route.errors} - {OverloadedError}
    assert {kind for kind in kinds if not 400 <= status_of(kind) < 500} == set()


async def test_a_client_that_is_gone_before_its_body_is_no_error(in_memory, caplog):
    _, text = await in_memory.token("admin")

    async def receive():
        return {"type": "http.disconnect"}

    async def send(message):
        raise AssertionError(message)

    scope = {
        "type": "http", "method": "POST", "path": f"{PREFIX}/task", "query_string": b"",
        "headers": [(b"host", b"localhost"), (b"authorization", f"Bearer {text}".encode()),
                    (b"content-type", b"application/json")],
        "client": ("127.0.0.1", 1), "root_path": "",
    }  # fmt: skip
    await in_memory.asgi(scope, receive, send)
    assert caplog.text == ""


async def test_a_websocket_is_closed(in_memory):
    sent = []

    async def send(message):
        sent.append(message["type"])

    async def receive():
        return {"type": "websocket.connect"}

    scope = {"type": "websocket", "path": "/api/v1/queue", "headers": [], "root_path": ""}
    await in_memory.asgi(scope, receive, send)
    assert sent == ["websocket.close"]


def leaves(kind: type[RowlockError]) -> set[type[RowlockError]]:
    below = kind.__subclasses__()
    return {kind}.union(*(leaves(one) for one in below)) if below else {kind}


def test_every_error_of_the_package_has_a_status_or_is_a_fault_of_ours():
    ours = {one for one in leaves(RowlockError) if one.__module__.startswith("rowlock.errors.")}
    faults = {one.__name__ for one in ours if status_of(one) == 500}
    assert faults == {
        "RowlockError", "ConfigError", "MissingExtraError", "DefinitionError", "MiddlewareError",
        "HookError", "ScheduleError", "TickerError", "ServiceError", "TaskError", "TaskFailedError",
        "WorkerLostError", "WorkerStuckError", "StorageError",
        "ServerUnavailableError", "UnexpectedAnswerError",  # only clients raise them
    }  # fmt: skip
