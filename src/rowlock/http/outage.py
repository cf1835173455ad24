"""What the log says of a database that is away: that it is, and that it is back."""

from __future__ import annotations

import logging
import time

from rowlock.errors import StorageError
from rowlock.wire.statuses import UNAVAILABLE, status_of

log = logging.getLogger(__name__)


def is_of_the_database(error: Exception) -> bool:
    """Whether a request failed because the database cannot be used, by no fault of ours."""
    return isinstance(error, StorageError) and status_of(type(error)) == UNAVAILABLE


class Outage:
    """Says of many requests that fail for one reason what all of them would say."""

    def __init__(self) -> None:
        self._since: float | None = None
        self._failed = 0

    def fail(self, error: Exception) -> None:
        """Take note of why a request failed."""
        if not is_of_the_database(error):
            return
        self._failed += 1
        if self._since is None:
            self._since = time.perf_counter()
            log.warning("the database cannot be used, requests fail until it can: %s", error)

    def succeed(self, asked: float) -> None:
        """Take note of a request for which the database was used.

        Args:
            asked: When it came, by `time.perf_counter`: one that came before the outage was
                perhaps answered before it, too.
        """
        if self._since is None or asked < self._since:
            return
        seconds = time.perf_counter() - self._since
        log.warning(
            "the database can be used again, after %.1f s; requests that failed: %d",
            seconds,
            self._failed,
        )
        self._since, self._failed = None, 0
