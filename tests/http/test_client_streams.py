"""Streams as the typed client reads them, from a server of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx2
import pytest

from rowlock.client import AsyncClient, Client
from rowlock.errors import (
    OverloadedError,
    ScopeError,
    ServerUnavailableError,
    UnauthenticatedError,
    UnexpectedAnswerError,
)
from rowlock.wire.bodies.tasks import NewTaskBody
from rowlock.wire.documents.events import (
    StatsEventDocument,
    TaskEventDocument,
    TasksEventDocument,
)
from rowlock.wire.documents.tickers import TickerDocument
from tests.http.programs import Program, new_token, serving

LONG = 60
PLACE = "http://localhost:1"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    folder = tmp_path_factory.mktemp("streams")
    with serving(folder, "--url", f"sqlite:///{folder}/tasks.db") as program:
        yield program


def token_for(server: Program, *scopes: str) -> str:
    """A token of the server's database."""
    return new_token(f"sqlite:///{server.log_path.parent}/tasks.db", *scopes)


@pytest.fixture(scope="module")
def token(server: Program) -> str:
    return token_for(server, "admin")


@pytest.mark.processes
def test_events_come_with_their_documents(server: Program, token: str):
    with Client(server.url, token) as client, closing(client.watch_events(stats=True)) as events:
        assert next(events).name == "open"
        client.create_queue(name="q")
        ids = client.enqueue_many(
            tasks=[NewTaskBody(queue="q", payload=n) for n in range(101)]
        ).body
        task_id = client.create_task(queue="q", payload=1).id
        told: dict[str, Any] = {}
        while not {"task", "tasks", "stats"} <= told.keys():
            event = next(events)
            told[event.name] = event.data
        assert isinstance(told["task"], TaskEventDocument)
        assert isinstance(told["tasks"], TasksEventDocument)
        assert isinstance(told["stats"], StatsEventDocument)
        assert (told["task"].id, told["tasks"].tasks) == (task_id, len(ids))


@pytest.mark.processes
def test_no_text_breaks_a_stream(server: Program, token: str):
    with Client(server.url, token) as client, closing(client.watch_events(queue=["odd"])) as events:
        assert next(events).name == "open"
        client.create_queue(name="odd")
        client.create_task(queue="odd", payload=1)
        claim = client.claim_from("odd", worker="w")
        message = "a\u2028b\u2029c\u0085d\ne\r\x0bf"
        client.report_progress(claim.id, token=claim.token, percent=5, message=message)
        while not isinstance(data := next(events).data, TaskEventDocument) or not data.progress:
            pass
        assert data.progress_message == message


@pytest.mark.processes
async def test_events_are_awaited(server: Program, token: str):
    async with AsyncClient(server.url, token) as client:
        await client.create_queue(name="awaited")
        events = client.watch_events(queue=["awaited"])
        assert (await asyncio.wait_for(anext(events), LONG)).name == "open"
        made = await client.create_task(queue="awaited", payload=1)
        event = await asyncio.wait_for(anext(events), LONG)
        assert isinstance(event.data, TaskEventDocument)
        assert (event.data.id, event.data.at.tzinfo is not None) == (made.id, True)


@pytest.mark.processes
def test_ticks_come_with_their_ticker(server: Program, token: str):
    with Client(server.url, token) as client:
        client.create_ticker(name="pulse", interval=1)
        with closing(client.watch_ticks(name=["pulse"])) as ticks:
            event = next(ticks)
        assert event.name == "ticker"
        assert isinstance(event.data, TickerDocument)
        client.delete_ticker("pulse")


@pytest.mark.processes
def test_a_stream_goes_on_after_the_server_was_away(tmp_path: Path):
    url = f"sqlite:///{tmp_path}/tasks.db"
    token = new_token(url, "admin")
    with serving(tmp_path, "--url", url) as first:
        port = str(first.port)
        with Client(first.url, token, retries=20) as client:
            client.create_queue(name="q")
            events = client.watch_events()
            assert next(events).name == "open"
            found: list[Any] = []
            reading = threading.Thread(target=lambda: found.append(next(events)))
            first.stop()
            reading.start()
            with serving(tmp_path, "--url", url, "--port", port):
                reading.join(LONG)
                assert [event.name for event in found] == ["reset"]
                client.create_task(queue="q", payload=1)
                assert next(events).name == "task"


@pytest.mark.processes
def test_a_refusal_is_an_error_of_the_library(server: Program):
    with Client(server.url, "wrong") as client, pytest.raises(UnauthenticatedError):
        next(client.watch_events())
    text = token_for(server, "metrics:read")
    with Client(server.url, text) as client, pytest.raises(ScopeError):
        next(client.watch_events())


def answering(*answers: httpx2.Response, retries: int = 0) -> Client:
    """A client of something that answers this, one after the other, and then is gone."""
    left = list(answers)

    def answer(_: httpx2.Request) -> httpx2.Response:
        if not left:
            raise httpx2.ConnectError("gone")
        return left.pop(0)

    return Client(PLACE, retries=retries, transport=httpx2.MockTransport(answer))


def stream(text: str, kind: str = "text/event-stream") -> httpx2.Response:
    return httpx2.Response(200, text=text, headers={"Content-Type": kind})


def test_what_is_no_stream_of_ours_is_said_so():
    for answer in (
        stream("<html>", "text/html"),
        stream('event: task\ndata: {"id": 7}\n\n'),
        stream("event: task\ndata: nonsense\n\n"),
    ):
        with answering(answer) as client, pytest.raises(UnexpectedAnswerError):
            next(client.watch_events())


def test_an_error_ends_the_stream():
    text = 'event: error\ndata: {"code": 401, "reason": "r", "type": "UnauthenticatedError"}\n\n'
    with answering(stream(text)) as client, pytest.raises(UnauthenticatedError):
        next(client.watch_events())


def test_it_gives_up_when_nothing_comes():
    pings = stream(": ping\n\nevent: ping\ndata: {}\n\n")
    for client, words in ((answering(pings), "ended before anything came"), (answering(), "gone")):
        with client, pytest.raises(ServerUnavailableError, match=words):
            next(client.watch_events())


def test_it_asks_again_when_the_service_is_full():
    full = '{"code": 503, "reason": "full", "type": "OverloadedError"}'
    refused = httpx2.Response(503, text=full, headers={"Retry-After": "0"})
    begun = stream("id: e-1\nevent: open\ndata: {}\n\n")
    with answering(refused, begun, retries=1) as client:
        assert next(client.watch_events()).name == "open"
    with answering(refused, refused, retries=1) as client, pytest.raises(OverloadedError):
        next(client.watch_events())


def test_unknown_events_and_fields_are_passed_on_or_over():
    text = "retry: 9\nid: e-1\nevent: future\ndata: [1]\n\n: nothing\n\ndata: no name\n\n"
    with answering(stream(text)) as client:
        events = client.watch_events()
        assert next(events) == ("future", None, "e-1")
        with pytest.raises(ServerUnavailableError):
            next(events)
