"""The typed client against the service, on every engine."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest
from starlette.applications import Starlette

from rowlock import errors
from rowlock.client import AsyncClient, Client
from rowlock.http import Limits, create_asgi
from rowlock.http.answers import error_answer
from rowlock.wire.problems import told_error
from rowlock.wire.routes import ROUTES
from rowlock.wire.routes.table import full_path
from rowlock.wire.statuses import INTERNAL, status_of
from tests.architecture.test_errors import ERRORS, example
from tests.docs import client_routes
from tests.docs.client_routes import FOLDER, WITHOUT_METHOD, files
from tests.http.conftest import Service

URL = "http://localhost"
TOLD = [
    one
    for one in ERRORS
    if one.__module__.startswith("rowlock.errors") and status_of(one) != INTERNAL
]
NEVER_SENT = "never sent"


def client_of(service: Service, token: str | None, **settings: Any) -> AsyncClient:
    """A client that calls the service in this process."""
    transport = httpx2.ASGITransport(service.asgi, client=("127.0.0.1", 1))
    return AsyncClient(settings.pop("url", URL), token, transport=transport, **settings)


@pytest.fixture
async def client(service: Service):
    _, text = await service.token("admin")
    async with client_of(service, text) as found:
        yield found


def test_the_methods_are_those_of_the_table():
    written = {path.name: path.read_text("utf-8") for path in FOLDER.glob("*.py")}
    assert written == files(), "python -m tests.docs.client_routes writes them"
    for kind in (Client, AsyncClient):
        assert [one.name for one in ROUTES if one.name not in WITHOUT_METHOD] == [
            one.name for one in ROUTES if hasattr(kind, one.name)
        ]


async def test_a_task_is_stored_claimed_and_settled(client):
    await client.create_queue(name="q", max_attempts=2)
    made = await client.create_task(queue="q", payload={"a": [1, None]}, tags=["x"], priority=3)
    claim = await client.claim_from("q", worker="w", lease="30s")
    assert (claim.id, claim.payload, claim.priority) == (made.id, {"a": [1, None]}, 3)
    beat = await client.heartbeat(claim.id, token=claim.token, lease=40)
    assert not beat.cancel_requested
    await client.report_progress(claim.id, token=claim.token, percent=50, message="half")
    shown = await client.get_task(claim.id)
    assert (shown.state, shown.progress, shown.progress_message) == ("running", 50.0, "half")
    done = await client.settle(claim.id, token=claim.token, result={"ok": True})
    assert (done.state, done.result) == ("succeeded", {"ok": True})
    with pytest.raises(errors.LeaseLostError) as caught:
        await client.heartbeat(claim.id, token=claim.token)
    assert str(caught.value.task_id) == made.id


async def test_lists_are_walked_page_by_page(client):
    await client.create_queue(name="q")
    made = [
        (await client.create_task(queue="q", payload=n, tags=["odd"] * (n % 2))).id
        for n in range(7)
    ]
    assert [one.id async for one in client.iter_tasks(limit=3)] == made[::-1]
    assert [one.id async for one in client.iter_tasks(limit=2, tag="odd")] == made[1::2][::-1]
    await client.create_queue(name="r")
    assert [one.name async for one in client.iter_queues(limit=1)] == ["q", "r"]


async def test_pages_by_time_are_walked_too(client, service):
    await service.app.create_definition("report")
    await client.create_schedule(name="hourly", rule="1h", definition="report", status="draft")
    made = [(await client.run_schedule("hourly")).id for _ in range(5)]
    found = [one.task async for one in client.iter_firings("hourly", limit=2)]
    assert found == made[::-1]
    assert [one.name async for one in client.iter_schedules(limit=1)] == ["hourly"]


async def test_a_key_sent_again_finds_the_task_that_is_there(client):
    await client.create_queue(name="q")
    key = uuid4()
    first = await client.create_task(queue="q", payload=1, idempotency_key=key)
    again = await client.create_task(queue="q", payload=1, idempotency_key=str(key))
    assert first.id == again.id == str(key)
    with pytest.raises(errors.IdConflictError):
        await client.create_task(queue="q", payload=2, idempotency_key=key)


async def test_refusals_are_the_errors_of_the_library(client, service):
    with pytest.raises(errors.QueueNotFoundError) as missing:
        await client.get_queue("nothing")
    assert missing.value.queue == "nothing"
    with pytest.raises(errors.InvalidValueError) as refused:
        await client.create_queue(name="q", max_attempts=-1)
    assert refused.value.field == "max_attempts"
    with pytest.raises(errors.NoTaskError):
        await client.claim_any(worker="w")
    with pytest.raises(errors.RouteNotFoundError):
        await client.get_queue("a/../b?c")
    for path in ("..", ".", ""):
        with pytest.raises(errors.InvalidValueError, match="queue"):
            await client.change_queue(path, max_attempts=1)
    _, weak = await service.token("queues:read")
    async with client_of(service, weak) as other:
        with pytest.raises(errors.ScopeError) as denied:
            await other.create_queue(name="q")
        assert denied.value.scope == "queues:write"
    async with client_of(service, "wrong") as other:
        with pytest.raises(errors.UnauthenticatedError):
            await other.list_queues()


async def test_a_namespace_is_chosen_and_kept_apart(client, service):
    _, text = await service.token("admin", everywhere=True)
    async with client_of(service, text, namespace="other") as other:
        await other.create_queue(name="theirs")
    with pytest.raises(errors.QueueNotFoundError):
        await client.get_queue("theirs")


async def test_a_service_below_a_prefix_is_found(in_memory):
    service = in_memory
    outer = Starlette()
    outer.mount("/jobs", service.asgi)
    service.asgi = outer
    _, text = await service.token("admin")
    async with client_of(service, text, url=f"{URL}/jobs/") as client:
        assert (await client.create_queue(name="q")).name == "q"
        assert await client.ready()
        assert '"openapi"' in await client.openapi()


def example_of(kind: type[errors.RowlockError]) -> errors.RowlockError:
    """As the service raises it: some without a word, and ids are ids."""
    if kind in {errors.NoTaskError, errors.NoTickError, errors.UnauthenticatedError}:
        return kind()
    return (
        errors.OperationNotFoundError(UUID(int=1))
        if kind is errors.OperationNotFoundError
        else example(kind)
    )


@pytest.mark.parametrize("kind", TOLD, ids=lambda kind: kind.__name__)
def test_an_error_comes_back_as_itself(kind: type[errors.RowlockError]):
    error = example_of(kind)
    told = json.loads(bytes(error_answer(error).body))
    found = told_error(told["type"], told["reason"], told.get("detail"))
    assert found is not None
    assert type(found) is kind
    if status_of(kind) == 503 and not issubclass(kind, errors.SchemaError):
        assert str(found) == told["reason"]
        assert getattr(found, "outcome_unknown", None) == getattr(error, "outcome_unknown", None)
    elif kind is not errors.StorageDataError:
        assert (str(found), found.args) == (str(error), error.args)


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (500, '{"code": 500, "reason": "internal error", "type": "InternalError"}'),
        (409, '{"code": 409, "reason": "of a newer version", "type": "NewError", "detail": {}}'),
        (404, '{"code": 404, "reason": "short", "type": "QueueNotFoundError"}'),
        (400, '{"code": 400, "reason": "no class", "type": "__doc__"}'),
        (502, "<html>Bad gateway</html>"),
        (302, ""),
        (200, '{"count": "many"}'),
        (200, "\xff"),
    ],
)
async def test_what_is_not_known_is_one_clear_error(status, text):
    answer = httpx2.Response(status, text=text, headers={"Location": "http://elsewhere"})
    async with AsyncClient(URL, transport=httpx2.MockTransport(lambda _: answer)) as client:
        with pytest.raises(errors.UnexpectedAnswerError) as caught:
            await client.list_queues()
    assert caught.value.status == status


async def test_too_many_requests_are_sent_again_when_told(in_memory):
    in_memory.asgi = create_asgi(in_memory.app, limits=Limits(rate=1, burst=1))
    _, text = await in_memory.token("admin")
    async with client_of(in_memory, text, retries=0) as client:
        await client.list_queues()
        with pytest.raises(errors.RateLimitError) as caught:
            await client.list_queues()
        assert caught.value.retry_after >= 1
    async with client_of(in_memory, text, retries=3) as client:
        await client.create_queue(name="q")


class Answers:
    """What a server says, one after the other; a number is a status, an error breaks off."""

    def __init__(self, *steps: int | Exception, wait: str = "0") -> None:
        self.steps, self.wait = list(steps), wait
        self.keys: list[str | None] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.keys.append(request.headers.get("Idempotency-Key"))
        step = self.steps.pop(0)
        if isinstance(step, Exception):
            raise step
        told = {"code": step, "reason": "x", "type": "StorageUnavailableError"}
        return httpx2.Response(step, json=told, headers={"Retry-After": self.wait})


BROKEN = httpx2.ReadError("gone")
AWAY = httpx2.ConnectError("refused")


@pytest.mark.parametrize(
    ("steps", "wait", "method", "sent", "raised"),
    [
        ((BROKEN, 503, BROKEN, 404), "0", "get_task", 4, errors.UnexpectedAnswerError),
        ((503,) * 9, "0", "get_task", 4, errors.StorageUnavailableError),
        ((503,), "3600", "get_task", 1, errors.StorageUnavailableError),
        ((503,), "soon", "get_task", 1, errors.StorageUnavailableError),
        ((BROKEN, 503, 404), "0", "create_task", 3, errors.UnexpectedAnswerError),
        ((BROKEN,), "0", "cancel", 1, errors.ServerUnavailableError),
        ((503,), "0", "cancel", 1, errors.StorageUnavailableError),
        ((AWAY, 429, AWAY, 404), "0", "cancel", 4, errors.UnexpectedAnswerError),
        ((AWAY,) * 4, "0", "cancel", 4, errors.ServerUnavailableError),
    ],
)
def test_only_what_may_be_sent_twice_is_sent_again(steps, wait, method, sent, raised):
    answers = Answers(*steps, wait=wait)
    with Client(URL, "secret-token", transport=httpx2.MockTransport(answers)) as client:
        arguments = [] if method == "create_task" else [uuid4()]
        if raised is errors.UnexpectedAnswerError:
            raised = errors.RowlockError
        with pytest.raises(raised) as caught:
            getattr(client, method)(*arguments)
    assert len(answers.keys) == sent
    assert len(set(answers.keys)) == 1
    assert (answers.keys[0] is not None) == (method == "create_task")
    if isinstance(caught.value, errors.ServerUnavailableError):
        assert caught.value.outcome_unknown == (steps[0] is BROKEN)
    assert "secret-token" not in f"{caught.value!r}{caught.value}{client!r}{client._place!r}"


@pytest.mark.parametrize(
    ("url", "settings", "field"),
    [
        ("localhost:8080", {}, "url"),
        ("ftp://localhost", {}, "url"),
        ("http://user:secret@localhost", {}, "url"),
        ("http://", {}, "url"),
        ("http://localhost?a=b", {}, "url"),
        (URL, {"token": "secret\nx"}, "token"),
        (URL, {"token": ""}, "token"),
        (URL, {"namespace": "a b/c"}, "namespace"),
        (URL, {"timeout": 0}, "timeout"),
        (URL, {"retries": -1}, "retries"),
        (URL, {"connections": 0}, "connections"),
    ],
)
def test_settings_that_are_not_possible_are_refused(url, settings, field):
    with pytest.raises(errors.InvalidValueError) as caught:
        Client(url, **settings)
    assert caught.value.field == field
    assert "secret" not in str(caught.value)


def test_a_body_that_is_no_json_is_refused_before_it_is_sent():
    client = Client(URL, transport=httpx2.MockTransport(lambda _: pytest.fail(NEVER_SENT)))
    with client, pytest.raises(errors.InvalidValueError, match="body"):
        client.create_task(queue="q", payload=object())


def test_the_package_does_not_load_it():
    program = (
        "import sys, rowlock; sys.exit('httpx2' in sys.modules or 'rowlock.client' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_every_route_is_written_with_its_path():
    text = "".join(client_routes.files().values())
    assert all(f'"{full_path(one)}"' in text for one in ROUTES if one.name not in WITHOUT_METHOD)
