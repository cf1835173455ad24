"""Requests that are the same one, sent again: the second waits for the first."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary


class Turns:
    """Lets those of one name in one after the other.

    A claim goes on when its client has given up. Sent again meanwhile, it would not see yet
    what the first one takes.
    """

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[bytes, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def one(self, name: bytes) -> AsyncGenerator[None]:
        """Wait for the turn, and have it in this block; without a name at once."""
        if not name:
            yield
            return
        async with self._locks.setdefault(name, asyncio.Lock()):
            yield
