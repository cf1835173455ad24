"""Who watches what, and the one reader for all of them."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Collection, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

import msgspec

from rowlock.app import flows
from rowlock.app.core import Core
from rowlock.app.flow import run_flow_async
from rowlock.errors import StorageError
from rowlock.http.limits import Limits
from rowlock.http.live.reader import Reader
from rowlock.http.live.ring import Ring, Wanted
from rowlock.http.places import Places
from rowlock.http.streaming import frame
from rowlock.storage.event_contract import WATCHED_SECONDS
from rowlock.wire.queues import counts_to_wire
from rowlock.wire.values import Wire

log = logging.getLogger(__name__)

SETTLED_SECONDS: Final = WATCHED_SECONDS + 0.3
"""After so long every process writes events."""
LINGER_SECONDS: Final = 30.0
"""For so long after its last stream a namespace is watched: whoever comes back goes on."""
STATS_SECONDS: Final = 1.0
STATS_REST: Final = 10
"""Counting takes at most one part in so many of the time."""
PULSE_SECONDS: Final = 2.5
"""So often streams are woken, be there news or not."""
SLICE: Final = 50
"""So many streams are woken at once; other requests are answered in between."""


@dataclass(slots=True)
class Watched:
    """A namespace that is watched.

    Attributes:
        ring: Its last events.
        streams: How many watch it.
        with_stats: How many of those want counts.
        left_at: When the last one left.
        kept_since: Since when its events are asked for; None if they are not.
        complete_after: After which number of the ring none is missing; None if it is too early
            to tell.
        counted: How many tasks there are, without their age.
        counts: The same as it is told; empty if that was not counted yet.
    """

    ring: Ring = field(default_factory=Ring)
    streams: int = 0
    with_stats: int = 0
    left_at: float = 0.0
    kept_since: float | None = None
    complete_after: int | None = None
    counted: list[Wire] | None = None
    counts: bytes = b""

    def is_over(self, now: float) -> bool:
        """Whether nobody has watched it for so long that nobody comes back."""
        return not self.streams and now - self.left_at > LINGER_SECONDS


class Live:
    """The live events of one service.

    Attributes:
        core: The app.
        places: Those of streams.
        ended: Whether the service is about to stop.
    """

    def __init__(self, core: Core, limits: Limits) -> None:
        self.core = core
        self.places = Places("streams", limits.streams, limits.streams_each)
        self.ended = False
        self._watched: dict[str, Watched] = {}
        self._waiting: list[asyncio.Future[None]] = []
        self._told_at = 0.0
        self._running: asyncio.Task[None] | None = None

    @contextmanager
    def watching(self, wanted: Wanted) -> Generator[Watched]:
        """Watch a namespace in this block."""
        watched = self._watched.setdefault(wanted.namespace, Watched())
        watched.streams += 1
        watched.with_stats += wanted.stats
        self._start()
        try:
            yield watched
        finally:
            watched.streams -= 1
            watched.with_stats -= wanted.stats
            watched.left_at = time.monotonic()

    async def news(self) -> None:
        """Return when there may be something new; at the latest after `PULSE_SECONDS`."""
        if not self.ended:
            told = asyncio.get_running_loop().create_future()
            self._waiting.append(told)
            await told

    def end(self) -> None:
        """Let every stream end: the service is about to stop."""
        self.ended = True
        waiting, self._waiting = self._waiting, []
        _wake(waiting)

    def _start(self) -> None:
        running, loop = self._running, asyncio.get_running_loop()
        # Tests of applications make a loop for a request.
        if running is None or running.done() or running.get_loop() is not loop:
            self._running = loop.create_task(self._run(), name="rowlock-events")

    async def _run(self) -> None:
        """Read and count as long as somebody watches."""
        while self._rings():
            reader = Reader(self.core, self._rings, self._after_round)
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(reader.run())
                    group.create_task(self._count())
            finally:
                # What happens until somebody watches again is not written.
                for watched in self._watched.values():
                    watched.ring.restart()
                self._forget_completeness()

    def _rings(self) -> Mapping[str, Ring]:
        """Return where the events of each namespace go that is watched."""
        if self.core.is_closed:
            self.end()
            return {}
        now = time.monotonic()
        for name in [name for name, one in self._watched.items() if one.is_over(now)]:
            del self._watched[name]
        return {name: watched.ring for name, watched in self._watched.items()}

    def _forget_completeness(self) -> None:
        for watched in self._watched.values():
            watched.kept_since = watched.complete_after = None

    async def _after_round(self, kept: Collection[str], *, changed: bool, lost: bool) -> None:
        now = time.monotonic()
        if lost:
            self._forget_completeness()
        for name, watched in self._watched.items():
            if name not in kept:
                continue
            if watched.kept_since is None:
                watched.kept_since = now
            settled = now - watched.kept_since >= SETTLED_SECONDS
            if settled and watched.complete_after is None:
                watched.complete_after = watched.ring.newest.number
                changed = True
        if changed or now - self._told_at >= PULSE_SECONDS:
            await self._tell()

    async def _tell(self) -> None:
        """Wake every stream, some at a time."""
        self._told_at = time.monotonic()
        waiting, self._waiting = self._waiting, []
        for start in range(0, len(waiting), SLICE):
            _wake(waiting[start : start + SLICE])
            await asyncio.sleep(0)

    async def _count(self) -> None:
        """Tell what there is of each namespace whose streams want that, whenever it changed."""
        while self._rings():
            began = time.monotonic()
            for name, watched in list(self._watched.items()):
                if watched.with_stats and watched.complete_after is not None:
                    try:
                        await self._count_one(name, watched)
                    except Exception:
                        log.exception("cannot count the tasks of %s, trying again", name)
            took = time.monotonic() - began
            await asyncio.sleep(max(STATS_SECONDS, STATS_REST * took))

    async def _count_one(self, name: str, watched: Watched) -> None:
        core = self.core.within(name)
        try:
            counts = await run_flow_async(core, flows.stats(core))
        except StorageError:
            return  # the reader says so
        told = [counts_to_wire(one) for one in counts]
        # The age of what waits changes all the time; it is told when something else does.
        seen = [{**one, "oldest_wait_seconds": None} for one in told]
        if seen != watched.counted:
            watched.counted = seen
            watched.counts = frame("stats", msgspec.json.encode({"queues": told}))
            await self._tell()


def _wake(waiting: Collection[asyncio.Future[None]]) -> None:
    for told in waiting:
        if not told.done():
            told.set_result(None)
