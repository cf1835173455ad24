"""How long an attempt may run."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta


class TaskTimeoutError(TimeoutError):
    """The attempt ran longer than its timeout."""


@asynccontextmanager
async def within(timeout: timedelta | None, on_expiry: Callable[[], None]) -> AsyncGenerator[None]:
    """Cancel what is awaited in this block when the time is over.

    Args:
        timeout: How long; None is for ever.
        on_expiry: Called when it was too long.

    Raises:
        TaskTimeoutError: It was.
    """
    limit = asyncio.timeout(None if timeout is None else timeout.total_seconds())
    try:
        async with limit:
            yield
    except TimeoutError as error:
        if timeout is None or not limit.expired():
            raise
        on_expiry()
        raise TaskTimeoutError(f"ran longer than {timeout.total_seconds():g} s") from error
