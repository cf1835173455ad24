"""When a worker looks for tasks, and when for what has become due."""

from __future__ import annotations

import asyncio
import random

from rowlock.runtime.attempt import monotonic
from rowlock.runtime.source import Clockwork

DUE_CHECK_SECONDS = 1.0
"""So often a worker that does not sleep looks for what is due of which nobody called."""


class Rhythm:
    """Looks follow a call, soon again where one call stands for many, and else come by themselves.

    Attributes:
        stirred: Set when there is a reason to look now.
    """

    def __init__(self, source: Clockwork) -> None:
        """Begin; the first look is for what is due.

        Args:
            source: Promotes what is due, and says how long to sleep.
        """
        self._source = source
        self.stirred = asyncio.Event()
        self._looks: list[float] = []
        self._called = self._postponed = False
        self._promote_at = 0.0
        self._next_due: float | None = None

    def call(self) -> None:
        """Look now: somebody says that there is a task, waiting or scheduled."""
        self._looks = list(self._source.second_looks)
        self._called = True
        self.stirred.set()

    async def promote_in_time(self) -> None:
        """Promote what is due, if it is time; a task that was called for goes first, but once."""
        if monotonic() < self._promote_at:
            return
        self._postponed = self._called and not self._postponed
        if not self._postponed:
            await self._promote()

    async def sleep(self) -> None:
        """Sleep until there is a reason to look, or until something is due."""
        if self._looks:
            await self.wait(self._looks.pop(0))
            return
        if (self._called or monotonic() >= self._promote_at) and await self._promote() == 0:
            return
        seconds = self._source.poll_seconds * (0.8 + 0.4 * random.random())  # noqa: S311 - jitter
        if self._next_due is not None:
            seconds = min(seconds, max(self._next_due - monotonic(), 0.0) + 0.001)
        await self.wait(seconds)

    async def wait(self, seconds: float) -> None:
        """Sleep for so long at most."""
        try:
            async with asyncio.timeout(seconds):
                await self.stirred.wait()
        except TimeoutError:
            pass

    async def _promote(self) -> float | None:
        # Before it asks: what is called for meanwhile, the answer may not know.
        self._called = False
        try:
            seconds = await self._source.seconds_to_next_due()
        except BaseException:
            self._called = True
            raise
        now = monotonic()
        self._next_due = None if seconds is None else now + seconds
        self._promote_at = now + DUE_CHECK_SECONDS
        if self._next_due is not None:
            self._promote_at = min(self._promote_at, self._next_due)
        return seconds
