"""Answers as server-sent events, in the protocol `graphql-sse`, a connection for each."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import ExitStack
from typing import Any, Final

from starlette.responses import StreamingResponse
from starlette.types import Message, Receive, Scope, Send

EVENTS: Final = "text/event-stream"
PING_SECONDS: Final = 15.0
STALLED_SECONDS: Final = 30.0
_PING: Final = b": ping\n\n"
_COMPLETE: Final = b"event: complete\ndata: \n\n"
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Accel-Buffering": "no",  # nginx would keep events back
}


class EventStream(StreamingResponse):
    """Sends results as they come, until they or the service end."""

    def __init__(
        self, results: AsyncGenerator[bytes], end: asyncio.Future[None], held: ExitStack
    ) -> None:
        self._frames = _frames(results, end)
        self._held = held
        super().__init__(self._frames, headers=_HEADERS, media_type=EVENTS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it; whatever ends it, its place is free afterwards."""

        async def send_in_time(message: Message) -> None:
            async with asyncio.timeout(STALLED_SECONDS):
                await send(message)

        with self._held:
            try:
                await super().__call__(scope, receive, send_in_time)
            finally:
                await self._frames.aclose()


async def _frames(
    results: AsyncGenerator[bytes], end: asyncio.Future[None]
) -> AsyncGenerator[bytes]:
    """Yield an event for each result, and something now and then while there is none.

    If the service is about to stop, it ends without `complete`: the client may ask again.
    """
    coming = asyncio.ensure_future(anext(results))
    try:
        while True:
            either: set[asyncio.Future[Any]] = {coming, end}
            await asyncio.wait(either, timeout=PING_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            if coming.done():
                try:
                    result = coming.result()
                except StopAsyncIteration:
                    yield _COMPLETE
                    return
                yield b"event: next\ndata: " + result + b"\n\n"
                coming = asyncio.ensure_future(anext(results))
            elif end.done():
                return
            else:
                yield _PING
    finally:
        coming.cancel()
        await asyncio.wait({coming})
        await results.aclose()
