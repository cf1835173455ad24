"""How far a queue's line has been taken, so that a claim need not start at its very head.

Where finished rows leave dead entries behind in the claim index, and an old snapshot keeps
them from being cleaned away, a scan from the head walks over all of them. A worker remembers
the places it claimed and starts a second's worth behind them four times in a second, and close
behind them in between: a second's worth is some ten thousands where tasks are short. What is
committed later than that behind such a place (a transaction that took long, a task handed back
or rescued with its old place) is found by a scan of the whole line: at once when the short one
found nothing, next when it did not fill the slots, and now and then anyway, but never so often
that it takes more than a fiftieth of the time.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

from rowlock.model.tasks import Claim
from rowlock.storage.contract import FIRST_PRIORITY, LAST_PRIORITY, WHOLE_LINE, Lane, Place

BEHIND_SECONDS = 1.0
CLOSE_BEHIND_SECONDS = 0.1
BEHIND_EVERY_SECONDS = 0.25
WHOLE_EVERY_SECONDS = 1.0
SHARE = 50
MAX_LANES = 8


class _Mark(NamedTuple):
    at: float
    place: Place


class Floors:
    """What one worker knows of one queue's line. Times are seconds on any steady clock."""

    def __init__(self) -> None:
        self._marks: dict[int, deque[_Mark]] = {}
        self._whole_at = 0.0
        self._whole_took = 0.0
        self._behind_at = -math.inf
        self._fell_short = False

    def lanes(self, now: float) -> tuple[Lane, ...]:
        """Return where to look now."""
        pause = SHARE * self._whole_took
        if not self._fell_short:
            pause = max(WHOLE_EVERY_SECONDS, pause)
        if not self._marks or now - self._whole_at >= pause:
            return WHOLE_LINE
        behind = self._behind(now)
        lanes: list[Lane] = []
        start = Lane(FIRST_PRIORITY, LAST_PRIORITY)
        for priority, marks in sorted(self._marks.items()):
            place = _settled_place(marks, now, behind)
            if place is None:
                continue
            lanes.append(start._replace(to_priority=priority - 1))
            start = Lane(priority, LAST_PRIORITY, place.run_at, place.id)
        lanes.append(start)
        return tuple(lane for lane in lanes if lane.to_priority >= lane.from_priority)

    def _behind(self, now: float) -> float:
        """Return for how long a place must have been reached to begin there now."""
        if not self._fell_short and now - self._behind_at < BEHIND_EVERY_SECONDS:
            return CLOSE_BEHIND_SECONDS
        self._behind_at = now
        return BEHIND_SECONDS

    def lanes_after_nothing(self, lanes: tuple[Lane, ...], now: float) -> tuple[Lane, ...]:
        """Return where to look again at once after a look that found nothing; () for nowhere."""
        if lanes == WHOLE_LINE:
            return ()
        self.fell_short()
        again = self.lanes(now)
        return again if again != lanes else ()

    def fell_short(self) -> None:
        """Look at the whole line the next time: the last look gave less than was asked for."""
        self._fell_short = True

    def claimed(
        self, lanes: tuple[Lane, ...], claims: Sequence[Claim], began: float, ended: float
    ) -> None:
        """Remember how far a claim went, and what a look over the whole line costs."""
        if lanes == WHOLE_LINE:
            self._whole_at, self._whole_took = ended, ended - began
            self._fell_short = False
        last: dict[int, Claim] = {claim.priority: claim for claim in claims}
        for priority, claim in last.items():
            marks = self._marks.setdefault(priority, deque())
            marks.append(_Mark(ended, Place(priority, claim.run_at, claim.id)))
        while len(self._marks) > MAX_LANES:
            oldest = min(self._marks, key=lambda priority: self._marks[priority][-1].at)
            del self._marks[oldest]


def _settled_place(marks: deque[_Mark], now: float, behind: float) -> Place | None:
    """Return the place that was reached so long ago, forgetting what no look begins at."""
    while len(marks) > 1 and now - marks[1].at >= BEHIND_SECONDS:
        marks.popleft()
    return next((mark.place for mark in reversed(marks) if now - mark.at >= behind), None)
