"""Whose turn it is: which queues a worker asks next, and for how much."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

from rowlock.model.queues import Share
from rowlock.model.tasks import Claim
from rowlock.runtime.slots import Slots

FEW_QUEUES = 8
"""So few are asked one by one, each where its line is known to begin."""

MOST_ASKED = 200
"""Of more queues those that have tasks are found first, and so many of them asked at once."""

Waiting: TypeAlias = Callable[[Sequence[str]], Awaitable[Sequence[str]]]
"""Tells which of the queues have tasks."""


class Rota:
    """Gives every queue its turn.

    A queue that got its turn comes again when all others have had theirs. What many queues have
    is looked up once for all of their turns: a queue that had nothing waits for the next look.
    """

    def __init__(self, slots: Slots, waiting: Waiting) -> None:
        """Set it up.

        Args:
            slots: Where there is room.
            waiting: Asked for queues with tasks, if there are many queues.
        """
        self._slots = slots
        self._waiting = waiting
        self._few = deque(slots.queues) if len(slots.queues) <= FEW_QUEUES else None
        self._line: deque[str] = deque()
        self._may_look = True

    def begin(self) -> None:
        """Begin a round, in which every queue is asked once at most."""
        self._may_look = True
        if self._few is not None:
            self._few.rotate(-1)
            self._line = deque(self._few)

    async def next(self) -> list[Share]:
        """Return what to claim next in this round; nothing when it is over."""
        if self._few is not None:
            return self._shares(1)
        if not self._line and self._may_look and self._slots.free:
            self._may_look = False
            self._line.extend(await self._waiting(self._slots.queues))
        return self._shares(min(MOST_ASKED, self._slots.free))

    def _shares(self, most: int) -> list[Share]:
        """Take queues from the line; those without a free slot lose their turn."""
        shares: list[Share] = []
        while self._line and len(shares) < most and self._slots.free:
            queue = self._line.popleft()
            limit = self._slots.free_of(queue)
            if limit > 0:
                shares.append(Share(queue, limit))
        return shares

    def gave(self, shares: Sequence[Share], limit: int, claims: Sequence[Claim]) -> None:
        """Take note of what came of a claim: who was not reached is still first."""
        if len(shares) == 1 or len(claims) < limit:
            return
        given = Counter(claim.queue for claim in claims)
        last = max(place for place, share in enumerate(shares) if given[share.queue])
        self._line.extendleft(share.queue for share in reversed(shares[last + 1 :]))
