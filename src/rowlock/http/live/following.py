"""One stream: a place in the ring, and what comes after it."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing, suppress
from typing import Final
from uuid import UUID

import msgspec

from rowlock.app import flows
from rowlock.app.flow import run_flow_async
from rowlock.errors import RowlockError, StorageError, TaskNotFoundError
from rowlock.http.answers import error_document
from rowlock.http.live.live import Live, Watched
from rowlock.http.live.reader import note_of
from rowlock.http.live.ring import Note, Place, Wanted
from rowlock.http.streaming import PING, PING_SECONDS, frame
from rowlock.model.events import TaskEvent
from rowlock.model.tasks import Task

LOOK_SECONDS: Final = 1.0
"""So often a task is looked up that may be among many that were told together."""


class Following:
    """What one client is sent."""

    def __init__(
        self,
        live: Live,
        wanted: Wanted,
        last: Place | None,
        check: Callable[[], Awaitable[None]],
        *,
        every: float,
    ) -> None:
        """Set it up.

        Args:
            live: The events.
            wanted: Which of them.
            last: The last one that the client has; None for whatever comes from now on.
            check: Raises if the client may not go on.
            every: How often it is called, in seconds.
        """
        self._live = live
        self._wanted = wanted
        self._last = last
        self._check = check
        self._every = every
        self._core = live.core.within(wanted.namespace)
        self._looked_up: dict[str, Note] = {}
        self._look = False
        self._look_after = 0.0
        self._check_after = 0.0

    async def frames(self) -> AsyncGenerator[bytes]:
        """Yield events as they are sent, until the service stops or the client may not go on."""
        with self._live.watching(self._wanted) as watched:
            try:
                async with aclosing(self._frames(watched)) as found:
                    async for frames in found:
                        yield frames
            except RowlockError as error:
                yield frame("error", msgspec.json.encode(error_document(error)))

    async def _frames(self, watched: Watched) -> AsyncGenerator[bytes]:
        place, kind = await self._begin(watched)
        if kind is not None and not self._live.ended:
            yield frame(kind, b"{}", str(place))
        sent_at, counts = time.monotonic(), b""
        while not self._live.ended:
            await self._allowed()
            if not watched.ring.has_after(place):
                await self._complete(watched)
                place = watched.ring.newest
                yield frame("reset", b"{}", str(place))
            chunk = watched.ring.after(place.number, self._wanted)
            is_last, place = chunk.number == place.number, Place(place.epoch, chunk.number)
            frames = chunk.frames + await self._found(unclear=chunk.is_unclear)
            if self._wanted.stats and watched.counts != counts:
                counts = watched.counts
                frames += counts
            now = time.monotonic()
            if not frames and now - sent_at >= PING_SECONDS:
                frames = PING
            if frames:
                sent_at = now
                yield frames
            if is_last:
                await self._live.news()

    async def _begin(self, watched: Watched) -> tuple[Place, str | None]:
        """Return where to begin, and what to say first."""
        await self._complete(watched)
        last, ring = self._last, watched.ring
        if last is None:
            return ring.newest, "open"
        complete_after = watched.complete_after
        if complete_after is not None and last.number >= complete_after and ring.has_after(last):
            return last, None
        return ring.newest, "reset"

    async def _complete(self, watched: Watched) -> None:
        """Return once no change is missed any more."""
        while watched.complete_after is None and not self._live.ended:
            await self._live.news()
            await self._allowed()

    async def _allowed(self) -> None:
        """Raise if the client may not go on; while nobody can tell, it may: nothing is read."""
        now = time.monotonic()
        if now >= self._check_after:
            self._check_after = now + self._every
            with suppress(StorageError):
                await self._check()

    async def _found(self, *, unclear: bool) -> bytes:
        """Return what became of the tasks that are followed by their ids.

        Many tasks that change together are told by their number; one that is followed may be
        among them.
        """
        self._look = self._look or (unclear and bool(self._wanted.tasks))
        if not self._look or time.monotonic() < self._look_after:
            return b""
        self._look, self._look_after = False, time.monotonic() + LOOK_SECONDS
        frames = b""
        for task_id in sorted(self._wanted.tasks):
            try:
                flow = flows.get_task(self._core, UUID(task_id))
                note = note_of(_event_of(await run_flow_async(self._core, flow)))
            except (StorageError, TaskNotFoundError):
                continue
            if self._wanted.chooses(note) and note != self._looked_up.get(task_id):
                self._looked_up[task_id] = note
                frames += frame(note.kind, note.data)
        return frames


def _event_of(task: Task) -> TaskEvent:
    """Return the event that would tell what a task is now."""
    return TaskEvent(
        id=0,
        at=task.finished_at or task.started_at or task.created_at,
        namespace=task.namespace,
        queue=task.queue,
        definition=task.definition,
        state=task.state,
        tasks=1,
        task=task.id,
        attempt=task.attempt,
        cancel_requested=task.cancel_requested,
        deleted=task.deleted_at is not None,
        progress=task.progress,
        progress_message=task.progress_message,
        reason=task.reason,
    )
