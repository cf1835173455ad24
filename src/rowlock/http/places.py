"""Requests that stay for a while: how many there may be at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Hashable
from contextlib import contextmanager
from typing import Final

from rowlock.errors import OverloadedError, RateLimitError

RETRY_SECONDS: Final = 1


class Places:
    """A number of places, of which nobody gets all.

    Attributes:
        most: How many there are.
        taken: How many are taken.
    """

    def __init__(self, kind: str, most: int, most_each: int) -> None:
        """Make them free.

        Args:
            kind: What takes them, as errors call it.
            most: How many there are.
            most_each: How many one client gets.
        """
        self._kind = kind
        self.most = most
        self._most_each = most_each
        self._each: Counter[Hashable] = Counter()
        self.taken = 0

    @contextmanager
    def one(self, key: Hashable) -> Generator[None]:
        """Take a place in this block.

        Raises:
            OverloadedError: All are taken.
            RateLimitError: The client has as many as it gets.
        """
        if self.taken >= self.most:
            raise OverloadedError(RETRY_SECONDS, self._kind)
        if self._each[key] >= self._most_each:
            raise RateLimitError(RETRY_SECONDS)
        self._each[key] += 1
        self.taken += 1
        try:
            yield
        finally:
            self.taken -= 1
            self._each[key] -= 1
            if not self._each[key]:
                del self._each[key]
