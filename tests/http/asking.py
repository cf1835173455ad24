"""Asking the service in GraphQL, at once or as a stream."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from tests.http.conftest import Caller, Service
from tests.http.streams import Stream, streaming

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


class Following:
    """A subscription as its client sees it."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    @property
    def status(self) -> int:
        """The status of the answer."""
        return self._stream.status

    @property
    def frames(self) -> asyncio.Queue[str]:
        """What came, as it came."""
        return self._stream.frames

    async def next(self) -> tuple[str, Any]:
        """Return the name and the data of the next event; an empty name at the end."""
        event = await self._stream.next()
        return event.name, event.data

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
) -> AsyncGenerator[Following]:
    """Ask for a stream with a token; the client goes away at the end of the block."""
    body = json.dumps({"query": query, "variables": variables}).encode()
    async with streaming(service, text, "/graphql", body=body) as stream:
        yield Following(stream)
