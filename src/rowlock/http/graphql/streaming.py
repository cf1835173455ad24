"""Results as events, in the protocol `graphql-sse`, a connection for each."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Any, Final

from rowlock.http.streaming import PING, PING_SECONDS, frame

_COMPLETE: Final = b"event: complete\ndata: \n\n"


async def frames_of(
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
                yield frame("next", result)
                coming = asyncio.ensure_future(anext(results))
            elif end.done():
                return
            else:
                yield PING
    finally:
        coming.cancel()
        await asyncio.wait({coming})
        await results.aclose()
