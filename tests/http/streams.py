"""Streams of server-sent events as their clients see them, without a network."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from tests.http.conftest import Service

LONG = 40


class Event(NamedTuple):
    """An event that came; all are empty at the end of the stream."""

    name: str = ""
    data: Any = None
    id: str = ""


class Stream:
    """A stream that was asked for."""

    def __init__(self) -> None:
        self.frames: asyncio.Queue[str] = asyncio.Queue()
        self.gone = asyncio.Event()
        self.status = 0
        self._left: list[str] = []

    async def next(self, *, seconds: float = LONG) -> Event:
        """Return the next event that has a name; pings are passed over, if they are no events."""
        while True:
            while not self._left:
                text = await asyncio.wait_for(self.frames.get(), seconds)
                if not text:
                    return Event()
                self._left = text.strip("\n").split("\n\n")
            assert self.status == 200, self._left
            lines = self._left.pop(0).split("\n")
            fields = dict(line.split(": ", 1) for line in lines if not line.startswith(":"))
            if "event" in fields:
                data = fields["data"]
                told = json.loads(data) if data else None
                return Event(fields["event"], told, fields.get("id", ""))

    async def nothing(self, seconds: float) -> None:
        """See that no event comes for so long."""
        with suppress(TimeoutError):
            raise AssertionError(await self.next(seconds=seconds))


@asynccontextmanager
async def streaming(
    service: Service,
    text: str | None,
    address: str,
    *,
    body: bytes | None = None,
    **headers: str,
) -> AsyncGenerator[Stream]:
    """Ask for a stream with a token; the client goes away at the end of the block."""
    parts = urlsplit(address)
    told = {"host": "localhost", "accept": "text/event-stream"}
    if text is not None:
        told["authorization"] = f"Bearer {text}"
    if body is not None:
        told["content-type"] = "application/json"
    told |= {name.replace("_", "-"): value for name, value in headers.items()}
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1",
        "method": "GET" if body is None else "POST", "path": parts.path,
        "raw_path": parts.path.encode(), "query_string": parts.query.encode(), "root_path": "",
        "scheme": "http", "client": ("127.0.0.1", 1), "server": ("localhost", 80),
        "headers": [(name.encode(), value.encode()) for name, value in told.items()],
    }  # fmt: skip
    stream = Stream()
    bodies = [body or b""]

    async def receive() -> Any:
        if bodies:
            return {"type": "http.request", "body": bodies.pop(), "more_body": False}
        await stream.gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            stream.status = message["status"]
        elif message["body"] or not message.get("more_body"):
            stream.frames.put_nowait(message["body"].decode())

    running = asyncio.ensure_future(service.asgi(scope, receive, send))
    try:
        yield stream
    finally:
        stream.gone.set()
        with suppress(asyncio.CancelledError):
            await asyncio.wait_for(running, LONG)
