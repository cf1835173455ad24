"""Answers as server-sent events."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import ExitStack
from typing import Final

from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from rowlock.http.waits import until_gone

log = logging.getLogger(__name__)

EVENTS: Final = "text/event-stream"
PING: Final = b": ping\n\n"
PING_SECONDS: Final = 15.0
STALLED_SECONDS: Final = 10.0
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Accel-Buffering": "no",  # nginx would keep events back
}


# Within JSON they stand in texts alone; some clients take them for the ends of lines.
_BREAKS: Final = {"\u0085": b"\\u0085", "\u2028": b"\\u2028", "\u2029": b"\\u2029"}


def frame(kind: str, data: bytes, place: str | None = None) -> bytes:
    """Return an event as `text/event-stream` has it.

    Args:
        kind: Its name.
        data: JSON on one line.
        place: Its id.
    """
    for text, escaped in _BREAKS.items():
        data = data.replace(text.encode(), escaped)
    head = "" if place is None else f"id: {place}\n"
    return f"{head}event: {kind}\ndata: ".encode() + data + b"\n\n"


class EventStream(Response):
    """Sends frames as they come, until they end or the client goes away or takes none."""

    def __init__(self, frames: AsyncGenerator[bytes], held: ExitStack) -> None:
        """Set it up.

        Args:
            frames: Events as text, one or more at a time.
            held: What it holds; let go of whatever ends the stream.
        """
        self._frames = frames
        self._held = held
        super().__init__(headers=_HEADERS, media_type=EVENTS)
        del self.headers["content-length"]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it; whatever ends it, what it holds is let go of."""
        with self._held:
            if scope["method"] == "HEAD":
                await send(self._start())
                await send({"type": "http.response.body", "body": b"", "more_body": False})
                return
            sending = asyncio.ensure_future(self._send(send))
            leaving = asyncio.ensure_future(until_gone(receive))
            try:
                await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                sending.cancel()
                leaving.cancel()
                await asyncio.wait({sending, leaving})
                await self._frames.aclose()
            if not sending.cancelled():
                try:
                    sending.result()
                except TimeoutError:
                    log.info("a client took nothing for %g s: its stream ends", STALLED_SECONDS)

    def _start(self) -> Message:
        kind, status = "http.response.start", self.status_code
        return {"type": kind, "status": status, "headers": self.raw_headers}

    async def _send(self, send: Send) -> None:
        await send(self._start())
        async for frame in self._frames:
            async with asyncio.timeout(STALLED_SECONDS):
                await send({"type": "http.response.body", "body": frame, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})
