"""Whose turn it is: which queues a worker asks next, and for how much."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Sequence

from rowlock.model.queues import Share
from rowlock.model.tasks import Claim
from rowlock.runtime.slots import Slots
from rowlock.runtime.source import Waiting

FEW_QUEUES = 8
"""So few are asked one by one, each where its line is known to begin."""

MOST_ASKED = 200
"""Of more queues those that have tasks are looked up, and so many of them asked at once."""


class Rota:
    """Gives every queue its turn, from round to round.

    No queue has its next turn before all in the line have had theirs, and one without a free slot
    loses its turn. Then the line is made anew: of all queues, or of those that have tasks.
    """

    def __init__(self, slots: Slots, waiting: Waiting | None) -> None:
        """Set it up.

        Args:
            slots: Where there is room.
            waiting: Asked for queues with tasks, if there are many queues; None if that cannot
                be known.
        """
        self._slots = slots
        self._waiting = waiting if len(slots.queues) > FEW_QUEUES else None
        self._line: deque[str] = deque()
        self._may_renew = True

    def begin(self) -> None:
        """Begin a round, in which the line is made anew once at most."""
        self._may_renew = True

    async def next(self) -> list[Share]:
        """Return what to claim next in this round; nothing when it is over."""
        shares = self._shares()
        if not shares and self._may_renew and self._slots.free:
            self._may_renew = False
            every = self._slots.queues
            self._line.extend(every if self._waiting is None else await self._waiting(every))
            shares = self._shares()
        return shares

    def _shares(self) -> list[Share]:
        shares: list[Share] = []
        most = 1 if self._waiting is None else MOST_ASKED
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
        # None of them, if what came is what an earlier claim had taken.
        last = max((place for place, one in enumerate(shares) if given[one.queue]), default=-1)
        self.put_first(share.queue for share in shares[last + 1 :])

    def put_first(self, queues: Iterable[str]) -> None:
        """Give queues the next turns, in their order."""
        self._line.extendleft(reversed(list(queues)))
