"""Requests that wait for something: how many, how long, and what ends them early."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Generator, Hashable
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, TypeVar

from starlette.requests import ClientDisconnect
from starlette.types import Receive

from rowlock.errors import InvalidValueError
from rowlock.http.limits import Limits
from rowlock.http.places import Places
from rowlock.model.durations import duration_from

T = TypeVar("T")

USUAL_SECONDS = 30.0


class Waits:
    """The requests of one service that wait."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._places = Places("requests that wait", limits.waits, limits.waits_each)
        self._ends: set[asyncio.Future[None]] = set()
        self._ended = False

    @property
    def taken(self) -> int:
        """How many wait now."""
        return self._places.taken

    def seconds(
        self, given: float | str | None, *, field: str = "timeout", usual: float = USUAL_SECONDS
    ) -> timedelta:
        """Return for how long a request may wait.

        Args:
            given: What it says.
            field: Where it says that.
            usual: How many seconds if it says nothing.

        Raises:
            InvalidValueError: It is no duration, or longer than allowed.
        """
        longest = self._limits.wait_seconds
        if given is None:
            return timedelta(seconds=min(usual, longest))
        wanted = duration_from(field, given)
        if wanted.total_seconds() > longest:
            raise InvalidValueError(field, f"{given!r} is more than {longest:g} s")
        return wanted

    async def until(
        self, done: Awaitable[T], key: Hashable, gone: Callable[[], Awaitable[None]]
    ) -> T | None:
        """Wait for something; None if the service is to end first.

        Args:
            done: What is waited for; it is canceled if it is not to be waited for any more.
            key: Whose place it takes.
            gone: Returns once the client has gone away.

        Raises:
            OverloadedError: Too many wait.
            RateLimitError: Too many of whose place it is wait.
            ClientDisconnect: The client has gone away.
        """
        wanted = asyncio.ensure_future(done)
        try:
            with self.place(key) as end:
                leaving = asyncio.ensure_future(gone())
                try:
                    either: set[asyncio.Future[Any]] = {wanted, leaving, end}
                    await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
                    if wanted.done():
                        return await wanted
                    if leaving.done():
                        raise ClientDisconnect
                    return None
                finally:
                    await _stop(leaving)
        finally:
            await _stop(wanted)

    @contextmanager
    def place(self, key: Hashable) -> Generator[asyncio.Future[None]]:
        """Take a place in this block; yields what is done once the service is about to stop.

        Raises:
            OverloadedError: Too many wait.
            RateLimitError: Too many of whose place it is wait.
        """
        with self._places.one(key):
            # One for each, of its own event loop: tests of applications make one for a request.
            end: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._ends.add(end)
            if self._ended:
                end.set_result(None)
            try:
                yield end
            finally:
                self._ends.discard(end)

    def end(self) -> None:
        """Answer whoever waits, now and from now on: the service is about to stop."""
        self._ended = True
        for end in self._ends:
            if not end.done():
                end.set_result(None)


async def _stop(task: asyncio.Future[Any]) -> None:
    """Cancel what is not needed any more, and see it end."""
    task.cancel()
    await asyncio.wait({task})


async def until_gone(receive: Receive) -> None:
    """Return once the client has gone away."""
    while (await receive())["type"] != "http.disconnect":
        pass
