"""The last events, numbered and ready to be sent, for all who watch."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

from rowlock.http.streaming import frame

_PLACE = re.compile(r"([0-9a-f]+)-([0-9]{1,18})")
RING_SIZE: Final = 10_000
"""How many events back a client can go on."""
MOST_AT_ONCE: Final = 500
"""So many events are sent at once, at most."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which events somebody asked for; an empty set stands for all.

    Attributes:
        namespace: The only one whose events are told.
        queues: Names.
        definitions: Keys.
        tasks: Ids as text.
        stats: Whether counts are wanted, too.
    """

    namespace: str
    queues: frozenset[str] = frozenset()
    definitions: frozenset[str] = frozenset()
    tasks: frozenset[str] = frozenset()
    stats: bool = False

    def chooses(self, note: Note) -> bool:
        """Whether an event is one of them."""
        return self._is_about(note) and (not self.tasks or note.task in self.tasks)

    def may_concern(self, note: Note) -> bool:
        """Whether a task that is followed by its id may be among those that an event is about."""
        return bool(self.tasks) and note.kind is NoteKind.TASKS and self._is_about(note)

    def _is_about(self, note: Note) -> bool:
        return (not self.queues or note.queue in self.queues) and (
            not self.definitions or note.definition in self.definitions
        )


class NoteKind(StrEnum):
    """What an event tells of: one task, or several that changed together."""

    TASK = "task"
    TASKS = "tasks"


class Note(NamedTuple):
    """An event as it is sent, and what it is chosen by.

    Attributes:
        kind: What it tells of.
        data: A JSON document on one line.
        queue: The queue's name.
        definition: The definition's key.
        task: The task's id, as text.
    """

    kind: NoteKind
    data: bytes
    queue: str = ""
    definition: str = ""
    task: str = ""


class Place(NamedTuple):
    """How far somebody has come: the last event that was sent."""

    epoch: str
    number: int

    def __str__(self) -> str:
        return f"{self.epoch}-{self.number}"


class Chunk(NamedTuple):
    """What is sent next.

    Attributes:
        frames: Events as they are sent; none if nothing among them was wanted.
        number: How far that goes.
        is_unclear: Whether a task that is followed may be among those told together.
    """

    frames: bytes
    number: int
    is_unclear: bool


class Ring:
    """Numbers the events of a namespace, and keeps the last ones.

    An epoch is a series of numbers without a gap. A new one begins where events may have been
    missed; those who watch are told.
    """

    def __init__(self, size: int = RING_SIZE) -> None:
        self._size = size
        self._notes: list[tuple[Note, bytes]] = []
        self._first = 1
        self._chunks: dict[tuple[Wanted, int], Chunk] = {}
        self.epoch = secrets.token_hex(4)

    @property
    def newest(self) -> Place:
        """The place of the last event."""
        return Place(self.epoch, self._first + len(self._notes) - 1)

    def add(self, notes: Sequence[Note]) -> None:
        """Append events."""
        number = self.newest.number
        for note in notes:
            number += 1
            self._notes.append((note, frame(note.kind, note.data, f"{self.epoch}-{number}")))
        # Cut now and then, as a list is cut at its beginning by copying the rest.
        if len(self._notes) > 2 * self._size:
            cut = len(self._notes) - self._size
            del self._notes[:cut]
            self._first += cut
        self._chunks.clear()

    def restart(self) -> None:
        """Begin a new epoch: something may be missing."""
        self.epoch = secrets.token_hex(4)
        self._first = self.newest.number + 1
        self._notes.clear()
        self._chunks.clear()

    def has_after(self, place: Place) -> bool:
        """Whether every event after a place is still there."""
        return place.epoch == self.epoch and self._first - 1 <= place.number <= self.newest.number

    def after(self, number: int, wanted: Wanted) -> Chunk:
        """Return what comes next of what somebody wants, after a number of this epoch.

        Those who want the same and have come as far share it.
        """
        known = self._chunks.get((wanted, number))
        if known is None:
            start = number + 1 - self._first
            part = self._notes[start : start + MOST_AT_ONCE]
            frames = [text for note, text in part if wanted.chooses(note)]
            unclear = any(wanted.may_concern(note) for note, _ in part)
            known = Chunk(b"".join(frames), number + len(part), unclear)
            self._chunks[wanted, number] = known
        return known


def place_from(text: str) -> Place:
    """Return the place that a client says it has come to; one of no epoch if it is none."""
    found = _PLACE.fullmatch(text)
    return Place("", 0) if found is None else Place(found[1], int(found[2]))
