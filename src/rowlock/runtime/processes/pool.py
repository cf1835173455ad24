"""The children of a worker: started when needed, used again, and replaced in time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any, NamedTuple

from rowlock.model.sizes import size_text
from rowlock.runtime.processes.memory import LOOK_SECONDS, resident_bytes
from rowlock.runtime.processes.messages import Prepare
from rowlock.runtime.processes.process import ChildProcess

log = logging.getLogger(__name__)


class ChildLimits(NamedTuple):
    """When a child is replaced by a new one.

    Attributes:
        max_tasks: After so many tasks.
        max_age: After the task during which it became so old.
        max_memory: Bytes of resident memory. Over it the child is killed and its task has
            failed; over half of it the child is replaced after the task, so that no task pays
            for what others left behind.
    """

    max_tasks: int | None = None
    max_age: timedelta | None = None
    max_memory: int | None = None


class ProcessPool:
    """Hands out children. There are at most as many as tasks that run at once."""

    def __init__(self, origin: Prepare, limits: ChildLimits) -> None:
        """Start nothing yet.

        Args:
            origin: Where the children find the code.
            limits: When they are replaced.
        """
        self._origin = origin
        self._limits = limits
        self._idle: list[ChildProcess] = []
        self._busy: set[ChildProcess] = set()
        self._ending: set[asyncio.Task[None]] = set()
        self._watching: asyncio.Task[None] | None = None

    async def take(self) -> ChildProcess:
        """Return a child that is ready; give it back with `give_back`.

        Raises:
            ElsewhereError: One had to be started, and could not be.
        """
        child = self._rested()
        if child is None:
            child = await ChildProcess.start(self._origin)
            log.debug("process %d started", child.pid)
        self._busy.add(child)
        if self._limits.max_memory is not None and self._watching is None:
            self._watching = asyncio.create_task(self._watch_memory(self._limits.max_memory))
        return child

    def _rested(self) -> ChildProcess | None:
        """Return an idle child, the one that was used last; the others may grow old."""
        while self._idle:
            child = self._idle.pop()
            if not self._is_worn(child):
                return child
            self._end(child.quit())
        return None

    def give_back(self, child: ChildProcess) -> None:
        """Take a child back whose run is over, one way or another."""
        self._busy.discard(child)
        if self._is_worn(child):
            self._end(child.quit())
        else:
            self._idle.append(child)
        for one in [one for one in self._idle if self._is_worn(one)]:
            self._idle.remove(one)
            self._end(one.quit())

    async def close(self) -> None:
        """End all children; those that are busy are killed."""
        if self._watching is not None:
            self._watching.cancel()
            self._watching = None
        for child in self._busy:
            child.kill()
            self._end(child.ended())
        for child in self._idle:
            self._end(child.quit())
        self._idle, self._busy = [], set()
        if self._ending:
            await asyncio.wait(self._ending)

    def _is_worn(self, child: ChildProcess) -> bool:
        limits = self._limits
        age = asyncio.get_running_loop().time() - child.started_at
        return (
            not child.is_alive
            or (limits.max_tasks is not None and child.runs >= limits.max_tasks)
            or (limits.max_age is not None and age >= limits.max_age.total_seconds())
            or (limits.max_memory is not None and 2 * resident_bytes(child.pid) > limits.max_memory)
        )

    def _end(self, ending: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(ending)
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    async def _watch_memory(self, limit: int) -> None:
        while True:
            for child in self._busy:
                if resident_bytes(child.pid) > limit:
                    child.kill(f"memory over {size_text(limit)}")
            await asyncio.sleep(LOOK_SECONDS)
