"""When a task that is followed is looked at again."""

from __future__ import annotations

import time
from typing import Protocol

FIRST_PAUSE_SECONDS = 0.05
LONGEST_PAUSE_SECONDS = 0.5
PAUSE_GROWTH = 1.3


class Pace(Protocol):
    """Says when to look again."""

    def wait(self, *, running: bool, busy: bool) -> None:
        """Return when it is time for another look.

        Args:
            running: Whether the task runs, so that it may have new log lines.
            busy: Whether the last look has brought some.
        """
        ...


class Polling:
    """Looks again soon, and less and less often as long as there is nothing new."""

    def __init__(self) -> None:
        self._pause = FIRST_PAUSE_SECONDS

    def next_pause(self, *, busy: bool) -> float:
        """Return for how many seconds to wait now."""
        pause = FIRST_PAUSE_SECONDS if busy else self._pause
        self._pause = min(pause * PAUSE_GROWTH, LONGEST_PAUSE_SECONDS)
        return pause

    def wait(self, *, running: bool, busy: bool) -> None:
        """Sleep."""
        del running
        time.sleep(self.next_pause(busy=busy))
