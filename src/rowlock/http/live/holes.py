"""Ids that were passed over, because their transactions may not have committed yet."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from typing import Final

KEPT_SECONDS: Final = 60.0
"""For so long a missing id is looked for."""
YOUNG_SECONDS: Final = 2.0
"""For so long it is looked for each time, then now and then."""
SELDOM_SECONDS: Final = 1.0
MOST: Final = 10_000
MOST_AT_ONCE: Final = 1_000
"""Of a longer stretch of missing ids only the last ones are looked for."""


class Holes:
    """Which ids below the highest one that was seen are still missing.

    Ids are taken in order, but their transactions commit in any order: whoever only reads above
    the last id misses those that commit late. Most of what is missing was rolled back, and never
    comes.
    """

    def __init__(self, newest: int) -> None:
        """Begin above an id; what is missing just below it may come yet."""
        self.newest = newest
        self._missing: OrderedDict[int, float] = OrderedDict()
        self._seldom_after = 0.0

    def see(self, ids: Iterable[int], now: float) -> None:
        """Take note of ids that were read, in their order."""
        for one in ids:
            if one <= self.newest:
                self._missing.pop(one, None)
                continue
            for missing in range(max(self.newest + 1, one - MOST_AT_ONCE), one):
                self._missing[missing] = now
            self.newest = one
        while self._missing and self._is_over(now):
            self._missing.popitem(last=False)

    def _is_over(self, now: float) -> bool:
        oldest = next(iter(self._missing.values()))
        return len(self._missing) > MOST or now - oldest > KEPT_SECONDS

    def wanted(self, now: float) -> list[int]:
        """Return which ids to look for now."""
        if now >= self._seldom_after:
            self._seldom_after = now + SELDOM_SECONDS
            return list(self._missing)
        young: list[int] = []
        for one, since in reversed(self._missing.items()):
            if now - since > YOUNG_SECONDS:
                break
            young.append(one)
        return young
