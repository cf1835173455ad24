"""What is counted of tasks for good, and how counts are put together."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import accumulate
from typing import Final, NamedTuple

from rowlock.model.states import FINAL_STATES
from rowlock.model.tasks import Finish, Outcome, Release

OTHER: Final = "_other"
"""Stands for all that is not told by itself; no name begins like that."""

MOST_PAIRS: Final = 100
"""So many pairs of a queue and a definition are counted by themselves in a namespace."""

BOUNDS: Final = (
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0,
)  # fmt: skip
"""Seconds up to which times are counted together; what is stored goes by their places here."""


class Counted(StrEnum):
    """What is counted."""

    ENQUEUED = "enqueued"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"
    EXPIRED = "expired"
    RETRIED = "retried"
    SNOOZED = "snoozed"
    RESCUED = "rescued"


_FINISHED = {state: Counted(state.value) for state in FINAL_STATES}
_RELEASED = {Outcome.FAILED: Counted.RETRIED, Outcome.SNOOZED: Counted.SNOOZED}


def counted_as(end: Finish | Release) -> Counted | None:
    """Return what the end of an attempt is counted as; None for one that did not take place."""
    if isinstance(end, Release):
        return _RELEASED.get(end.outcome)
    return _FINISHED[end.state]


class Pair(NamedTuple):
    """What counts are told by; the definition by its key."""

    queue: str
    definition: str | None


REST: Final = Pair(OTHER, OTHER)


class TallyKey(NamedTuple):
    """What is counted together."""

    namespace: str
    queue: str
    definition: str | None
    counted: str

    @property
    def pair(self) -> Pair:
        """The queue and the definition."""
        return Pair(self.queue, self.definition)

    def within(self, pair: Pair) -> TallyKey:
        """Return the key under which the same is counted for another queue and definition."""
        return TallyKey(self.namespace, *pair, self.counted)


@dataclass(slots=True)
class Times:
    """How long things took.

    Attributes:
        seconds: All together.
        counts: How many took longer than one of `BOUNDS` and no longer than the next; empty if
            none was counted.
    """

    seconds: float = 0.0
    counts: list[int] = field(default_factory=list)

    def add(self, seconds: float) -> None:
        """Count one; a time before zero is the work of two clocks, and counts as none."""
        if seconds < 0:
            seconds = 0.0
        if not self.counts:
            self.counts = [0] * (len(BOUNDS) + 1)
        self.seconds += seconds
        self.counts[bisect_left(BOUNDS, seconds)] += 1

    def merge(self, other: Times) -> None:
        """Count what the other has counted, too."""
        self.seconds += other.seconds
        if self.counts and other.counts:
            pairs = zip(self.counts, other.counts, strict=True)
            self.counts = [own + more for own, more in pairs]
        else:
            self.counts = self.counts or list(other.counts)

    def up_to(self) -> list[int]:
        """Return how many took up to each of `BOUNDS`, and after those how many there are."""
        return list(accumulate(self.counts or [0] * (len(BOUNDS) + 1)))


@dataclass(slots=True)
class Tally:
    """How often something happened, and if it was the end of an attempt, how long these took.

    Attributes:
        waits: From when an attempt was due to its start.
        runs: From the start to the end.
    """

    count: int = 0
    waits: Times = field(default_factory=Times)
    runs: Times = field(default_factory=Times)

    def merge(self, other: Tally) -> None:
        """Count what the other has counted, too."""
        self.count += other.count
        self.waits.merge(other.waits)
        self.runs.merge(other.runs)


class TallyRow(NamedTuple):
    """Counts as they are stored.

    Attributes:
        folded: Whether its queue and definition are counted by themselves for good.
    """

    id: int
    folded: bool
    key: TallyKey
    tally: Tally


def placed(rows: Iterable[TallyRow]) -> list[TallyRow]:
    """Return all rows of a namespace under the keys by which they are told.

    Pairs of queue and definition beyond the first `MOST_PAIRS` are told together. Who was first
    is decided when rows are folded, and stays so: no count ever moves from one key to another.

    Args:
        rows: The folded ones first, then in the order of their ids.
    """
    own: set[Pair] = {REST}
    told: list[TallyRow] = []
    for row in rows:
        pair = row.key.pair
        if row.folded or len(own) <= MOST_PAIRS:
            own.add(pair)
        told.append(row if pair in own else row._replace(key=row.key.within(REST)))
    return told


def merged(rows: Iterable[TallyRow]) -> Mapping[TallyKey, Tally]:
    """Return the sums by key."""
    sums: dict[TallyKey, Tally] = {}
    for row in rows:
        sums.setdefault(row.key, Tally()).merge(row.tally)
    return sums
