"""The one reader: from the database into the ring."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, Protocol

import msgspec

from rowlock.app.core import Core
from rowlock.errors import StorageError
from rowlock.http.live.holes import Holes
from rowlock.http.live.ring import Note, NoteKind, Ring
from rowlock.model.events import TaskEvent
from rowlock.model.names import definition_key
from rowlock.wire.events import event_to_wire

log = logging.getLogger(__name__)

TICK_SECONDS: Final = 0.2
REST: Final = 3
"""Telling those who watch takes at most one part in so many and one of the time."""
KEEP_SECONDS: Final = 4.0
LASTING: Final = timedelta(seconds=15)
RETENTION: Final = timedelta(seconds=60)
STALE: Final = timedelta(seconds=45)
"""Whoever has not looked for so long may have missed what was deleted meanwhile."""
PAGE: Final = 2_000
DELETED_AT_ONCE: Final = 10_000
AWAY_SECONDS: Final = 1.0


class AfterRound(Protocol):
    """What is done after every look at the database."""

    async def __call__(self, kept: Collection[str], /, *, changed: bool, lost: bool) -> None:
        """Tell those who watch.

        Args:
            kept: The namespaces whose events are written.
            changed: Whether there are new ones.
            lost: Whether some may have been missed.
        """
        ...


class Reader:
    """Has events written for the namespaces that are watched, reads them, and deletes old ones."""

    def __init__(
        self,
        core: Core,
        rings: Callable[[], Mapping[str, Ring]],
        after_round: AfterRound,
    ) -> None:
        """Set it up.

        Args:
            core: The app in whose database events are, of all namespaces.
            rings: Says which namespaces are watched now, and where their events go.
            after_round: Told, after every look, which namespaces' events are written.
        """
        self._core = core
        self._run = core.storage.async_runner.run
        self._events = core.storage.events
        self._rings = rings
        self._after_round = after_round
        self._holes: Holes | None = None
        self._kept: dict[str, datetime] = {}
        self._keep_after = 0.0
        # Remembered: what broke a look off must not hide what it found out.
        self._lost = False

    async def run(self) -> None:
        """Read as long as somebody watches."""
        while self._rings():
            rest = TICK_SECONDS
            try:
                changed, lost = await self._round()
                began = time.monotonic()
                await self._after_round(self._kept, changed=changed, lost=lost)
                rest = max(rest, REST * (time.monotonic() - began))
            except StorageError as error:
                if self._core.is_closed:
                    return
                log.warning("cannot read events, trying again: %s", error)
                await self._after_round(self._kept, changed=False, lost=False)
                await asyncio.sleep(AWAY_SECONDS)
            except Exception:
                log.exception("cannot read events, trying again")
                await asyncio.sleep(AWAY_SECONDS)
            await asyncio.sleep(rest)

    async def _round(self) -> tuple[bool, bool]:
        """Read what is new; returns whether anything is, and whether something was missed."""
        await self._core.aopen()
        missing = self._rings().keys() - self._kept.keys()
        if time.monotonic() >= self._keep_after or missing:
            await self._keep()
            self._keep_after = time.monotonic() + KEEP_SECONDS
        if self._holes is None:
            self._holes = await self._first_look()
        changed, part = False, PAGE
        while part >= PAGE:
            events, given_up = await self._read(self._holes)
            changed, part = changed or bool(events), len(events)
            self._lost = self._lost or given_up
            self._add(events)
        lost, self._lost = self._lost, False
        if lost:
            log.warning("events may have been missed: those who watch are told")
            for ring in self._rings().values():
                ring.restart()
        return changed, lost

    async def _first_look(self) -> Holes:
        """Take note of what is there: only what comes later is told."""
        newest = await self._run(self._events.newest_event)
        holes = Holes(newest or None)
        if newest:
            await self._read(holes)
        return holes

    def _add(self, events: Sequence[TaskEvent]) -> None:
        rings = self._rings()
        for namespace in {event.namespace for event in events} & rings.keys():
            own = [event for event in events if event.namespace == namespace]
            rings[namespace].add(notes_of(own))

    async def _keep(self) -> None:
        """Renew the subscriptions, and notice whether something may have been missed."""
        names = set(self._rings())
        for name in sorted(names):
            kept = await self._run(self._events.keep_subscription, name, lasting=LASTING)
            before = self._kept.get(name)
            if before is not None and (not kept.unbroken or kept.at - before > STALE):
                self._lost = True
            self._kept[name] = kept.at
        for name in self._kept.keys() - names:
            del self._kept[name]
        delete = self._events.delete_events
        await self._run(delete, older_than=RETENTION, limit=DELETED_AT_ONCE)

    async def _read(self, holes: Holes) -> tuple[list[TaskEvent], bool]:
        """Return what is new or late, and whether something else was given up."""
        # First what is new, then what is late: a change that a late one had to come before is
        # seen no sooner than that.
        found = await self._run(self._events.read_events, after=holes.newest, limit=PAGE)
        wanted = holes.wanted(time.monotonic())
        if wanted:
            found = await self._run(self._events.read_late_events, wanted) + found
        given_up = holes.see([event.id for event in found], time.monotonic())
        return found, given_up


def notes_of(events: Sequence[TaskEvent]) -> list[Note]:
    """Return events as they are sent; of a task that only moved on in between, the last."""
    last = {(event.task, event.state, event.attempt): event.id for event in events}
    return [
        note_of(event)
        for event in events
        if event.task is None or last[event.task, event.state, event.attempt] == event.id
    ]


def note_of(event: TaskEvent) -> Note:
    """Return an event as it is sent."""
    return Note(
        kind=NoteKind.TASKS if event.task is None else NoteKind.TASK,
        data=msgspec.json.encode(event_to_wire(event)),
        queue=event.queue,
        definition=definition_key(event.definition or ""),
        task="" if event.task is None else str(event.task),
    )
