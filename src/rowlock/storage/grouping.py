"""Storing together what many async callers store at once."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from copy import copy
from typing import Any, Final, NamedTuple

from rowlock.errors import StorageUnavailableError
from rowlock.plan import Plan
from rowlock.runners import AsyncRunner

log = logging.getLogger(__name__)

MOST: Final = 200
"""So many are stored together, at most."""


class _Waiting(NamedTuple):
    """Something that is to be stored, how it is stored by itself, and who waits for it."""

    item: Any
    alone: Callable[[], Plan[Any]]
    outcome: asyncio.Future[Any]


class GroupRunner:
    """Stores many things in one transaction.

    A commit waits for the disk, and takes as long for a hundred rows as for one. What is asked
    for while one is under way goes with the next; whoever is alone does not wait. Things that
    are refused together are stored each by itself, so that one is refused alone.
    """

    def __init__(
        self,
        runner: AsyncRunner,
        together: Callable[[Sequence[Any]], Plan[list[Any]]],
        *,
        lanes: int,
    ) -> None:
        """Set it up.

        Args:
            runner: Runs the transactions.
            together: Stores things; returns what became of each, None if it was refused.
            lanes: How many transactions are under way at once.
        """
        self._runner = runner
        self._together = together
        self._lanes = lanes
        self._waiting: deque[_Waiting] = deque()
        self._groups: set[asyncio.Task[None]] = set()
        self._busy = 0
        self._loop: asyncio.AbstractEventLoop | None = None

    async def run(self, item: Any, alone: Callable[[], Plan[Any]]) -> Any:
        """Store a thing; returns what became of it.

        It is not stored if the caller is canceled before its turn; after that it is.

        Args:
            item: What `together` stores.
            alone: Stores it by itself.
        """
        loop = asyncio.get_running_loop()
        if self._loop is not loop and not (self._waiting or self._busy):
            self._loop = loop
        if self._loop is not loop:
            return await self._runner.run(alone)
        if self._busy < self._lanes:
            return await self._run_at_once(loop, alone)
        outcome: asyncio.Future[Any] = loop.create_future()
        self._waiting.append(_Waiting(item, alone, outcome))
        return await outcome

    async def _run_at_once(
        self, loop: asyncio.AbstractEventLoop, alone: Callable[[], Plan[Any]]
    ) -> Any:
        self._busy += 1
        try:
            return await self._runner.run(alone)
        finally:
            self._busy -= 1
            self._start_next(loop)

    def _start_next(self, loop: asyncio.AbstractEventLoop) -> None:
        while self._waiting and self._busy < self._lanes:
            count = min(len(self._waiting), MOST)
            taken = [self._waiting.popleft() for _ in range(count)]
            group = [one for one in taken if not one.outcome.done()]
            if group:
                self._busy += 1
                task = loop.create_task(self._run(group))
                self._groups.add(task)
                task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._groups.discard(task)
        self._busy -= 1
        if not task.cancelled():  # by an event loop that ends
            self._start_next(task.get_loop())

    async def _run(self, group: Sequence[_Waiting]) -> None:
        refused = group if len(group) == 1 else await self._run_together(group)
        for one in refused:
            await self._run_alone(one)

    async def _run_together(self, group: Sequence[_Waiting]) -> Sequence[_Waiting]:
        """Store things in one transaction; returns those that were refused."""
        try:
            values = await self._runner.run(self._together, [one.item for one in group])
        except StorageUnavailableError as error:
            for one in group:
                _fail(one, copy(error))
            return ()
        except Exception as error:  # noqa: BLE001 - whoever caused it gets it by itself
            log.debug("%d could not be stored together: %s", len(group), error)
            return group
        refused: list[_Waiting] = []
        for one, value in zip(group, values, strict=True):
            if value is None:
                refused.append(one)
            else:
                _succeed(one, value)
        return refused

    async def _run_alone(self, one: _Waiting) -> None:
        try:
            _succeed(one, await self._runner.run(one.alone))
        except Exception as error:  # noqa: BLE001 - told to whoever waits
            _fail(one, error)


def _succeed(one: _Waiting, value: Any) -> None:
    if not one.outcome.done():
        one.outcome.set_result(value)


def _fail(one: _Waiting, error: Exception) -> None:
    if not one.outcome.done():
        one.outcome.set_exception(error)
