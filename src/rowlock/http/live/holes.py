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
BELOW: Final = 1_000
"""So many ids below the first one that is seen may come yet."""
MOST: Final = 20_000
"""So many are looked for, at most."""


class Holes:
    """Which ids below the highest one that was seen are still missing.

    Ids are taken in order, but their transactions commit in any order: whoever only reads above
    the last id misses those that commit late. Most of what is missing was rolled back, and never
    comes.
    """

    def __init__(self, newest: int | None) -> None:
        """Begin a little below an id, or the first one that is seen: others may come yet."""
        self._newest = None if newest is None else max(0, newest - BELOW)
        self._missing: OrderedDict[int, float] = OrderedDict()
        self._seldom_after = 0.0

    @property
    def newest(self) -> int:
        """The highest id that was seen."""
        return self._newest or 0

    def see(self, ids: Iterable[int], now: float) -> bool:
        """Take note of ids that were read, in their order.

        Returns:
            Whether ids were given up before their time, because they are too many.
        """
        lost = False
        for one in ids:
            newest = one - 1 - BELOW if self._newest is None else self._newest
            if one <= newest:
                self._missing.pop(one, None)
                continue
            first = max(newest + 1, one - MOST, 1)
            lost = lost or first > max(newest + 1, 1)
            self._missing.update(dict.fromkeys(range(first, one), now))
            self._newest = one
        while self._missing and now - next(iter(self._missing.values())) > KEPT_SECONDS:
            self._missing.popitem(last=False)
        while len(self._missing) > MOST:
            lost = True
            self._missing.popitem(last=False)
        return lost

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
