"""Requests that wait for a task that can be claimed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Generator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import TypeVar

from rowlock.http.call import Call

T = TypeVar("T")

# Hints say of most tasks at once that they are there. This finds what nobody tells of.
LOOK_SECONDS = 1.0


async def found_within(
    call: Call,
    look: Callable[[], Awaitable[T]],
    queues: Collection[str] | None,
    longest: timedelta,
) -> T:
    """Return what a look finds as soon as it finds anything, or nothing when the time is up.

    A look is never cut off: what it has claimed must reach somebody.

    Args:
        call: The request that waits.
        look: Returns what is true if there is something.
        queues: Where something may come; None for any queue.
        longest: How long to wait.

    Raises:
        RateLimitError: Too many requests wait.
        ClientDisconnect: The client has gone away.
    """
    until = time.monotonic() + longest.total_seconds()
    found = await look()
    if found or not longest:
        return found
    with _hints(call, queues) as heard:
        while not found and (left := until - time.monotonic()) > 0:
            hint = _hint(heard, min(left, LOOK_SECONDS))
            if await call.waits.until(hint, call.identity.actor, call.gone) is None:
                break  # the service is about to stop
            found = await look()
    return found


async def _hint(heard: asyncio.Event, seconds: float) -> bool:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await heard.wait()
    heard.clear()
    return True


@contextmanager
def _hints(call: Call, queues: Collection[str] | None) -> Generator[asyncio.Event]:
    """Set the event with every hint that tasks have come to these queues."""
    heard, loop = asyncio.Event(), asyncio.get_running_loop()
    own = call.core.namespace

    def hear(namespace: str | None, queue: str | None) -> None:
        if namespace not in {None, own}:
            return
        if queue is None or queues is None or queue in queues:
            with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(heard.set)

    unsubscribe = call.core.storage.wakeups.subscribe(hear)
    try:
        yield heard
    finally:
        unsubscribe()
