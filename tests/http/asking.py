"""Asking the service in GraphQL, at once or as a stream."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from typing import Any

from tests.http.conftest import Caller, Service

LONG = 40
EVENTS = {"Accept": "text/event-stream"}
FOLLOW = (
    "subscription ($id: ID!) { taskProgress(id: $id) { taskId state progress message active } }"
)


async def ask(caller: Caller, query: str, **variables: Any) -> Any:
    """Return the data of what must succeed."""
    document = await answered(caller, query, **variables)
    assert "errors" not in document, document
    return document["data"]


async def answered(caller: Caller, query: str, **variables: Any) -> Any:
    """Return the document of what is run."""
    response = await caller.send("POST", "/graphql", {"query": query, "variables": variables})
    assert response.status_code == 200, response.text
    return response.json()


async def field_refused(caller: Caller, query: str, **variables: Any) -> Any:
    """Return the one error of a request whose fields are all null."""
    document = await answered(caller, query, **variables)
    assert set(document["data"].values()) == {None}
    [error] = document["errors"]
    return error


async def refused(caller: Caller, query: Any, **more: Any) -> Any:
    """Return the only error of a request of which nothing is run."""
    body = {"query": query, **more}
    response = await caller.send("POST", "/graphql", body)
    document = response.json()
    assert set(document) == {"errors"}, document
    error = document["errors"][0]
    assert error["extensions"]["code"] == response.status_code >= 400
    return error


class Stream:
    """A subscription as its client sees it."""

    def __init__(self, events: asyncio.Queue[Any]) -> None:
        self.events = events
        self.gone = asyncio.Event()
        self.status = 0

    async def next(self) -> tuple[str, Any]:
        """Return the name and the data of the next event; an empty name at the end."""
        while True:
            text = await asyncio.wait_for(self.events.get(), LONG)
            if not text:
                return "", None
            fields = dict(line.split(": ", 1) for line in text.strip("\n").split("\n"))
            if "event" in fields:
                data = fields["data"]
                return fields["event"], json.loads(data) if data else None

    async def progress(self) -> Any:
        """Return what the next event says of the task."""
        name, document = await self.next()
        assert (name, set(document)) == ("next", {"data"}), document
        return document["data"]["taskProgress"]

    async def last(self) -> None:
        """See it end as it should."""
        assert await self.next() == ("complete", None)
        assert await self.next() == ("", None)


@asynccontextmanager
async def following(
    service: Service, text: str, query: str = FOLLOW, **variables: Any
) -> AsyncGenerator[Stream]:
    """Ask for a stream with a token; the client goes away at the end of the block."""
    body = json.dumps({"query": query, "variables": variables}).encode()
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST",
        "path": "/graphql", "raw_path": b"/graphql", "query_string": b"", "root_path": "",
        "scheme": "http", "client": ("127.0.0.1", 1), "server": ("localhost", 80),
        "headers": [
            (b"host", b"localhost"), (b"authorization", f"Bearer {text}".encode()),
            (b"content-type", b"application/json"), (b"accept", b"text/event-stream"),
        ],
    }  # fmt: skip
    events: asyncio.Queue[Any] = asyncio.Queue()
    stream = Stream(events)
    bodies = [body]

    async def receive() -> Any:
        if bodies:
            return {"type": "http.request", "body": bodies.pop(), "more_body": False}
        await stream.gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            stream.status = message["status"]
        elif message["body"] or not message.get("more_body"):
            events.put_nowait(message["body"].decode())

    running = asyncio.ensure_future(service.asgi(scope, receive, send))
    try:
        yield stream
    finally:
        stream.gone.set()
        with suppress(asyncio.CancelledError):
            await asyncio.wait_for(running, LONG)
