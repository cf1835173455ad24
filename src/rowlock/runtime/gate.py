"""Where claimed tasks wait for a slot to run in."""

from __future__ import annotations

from collections import deque
from itertools import chain

from rowlock.runtime.attempt import RunningAttempt
from rowlock.runtime.slots import Slots


class Gate:
    """Lets claimed tasks begin as slots free up, those of a queue in the order of their claims."""

    def __init__(self, slots: Slots, prefetch: int) -> None:
        """Set it up.

        Args:
            slots: How many may run.
            prefetch: How many may wait.
        """
        self._slots = slots
        self._prefetch = prefetch
        # Only queues of which some wait; whose turn was last is the last.
        self._waiting: dict[str, deque[RunningAttempt]] = {}
        self._count = 0

    @property
    def is_stocked(self) -> bool:
        """Whether so many wait that no more need be claimed yet: claims are to be large."""
        return self._count > self._prefetch // 2

    def enter(self, attempt: RunningAttempt) -> bool:
        """Return whether an attempt may begin; if not, it waits."""
        queue = attempt.claim.queue
        if self._slots.has_free(queue):
            self._slots.take(queue)
            return True
        self._waiting.setdefault(queue, deque()).append(attempt)
        self._count += 1
        return False

    def leave(self, queue: str) -> list[RunningAttempt]:
        """Free a slot; return what may begin now."""
        self._slots.give_back(queue)
        began: list[RunningAttempt] = []
        for name in list(self._waiting) if self._count else ():
            if self._slots.running == self._slots.total:
                break
            began += self._let_begin(name)
        self._count -= len(began)
        return began

    def _let_begin(self, queue: str) -> list[RunningAttempt]:
        waiting = self._waiting.pop(queue)
        began: list[RunningAttempt] = []
        while waiting and self._slots.has_free(queue):
            self._slots.take(queue)
            began.append(waiting.popleft())
        if waiting:
            self._waiting[queue] = waiting
        return began

    def clear(self) -> list[RunningAttempt]:
        """Return all that wait; none does any longer."""
        waited = list(chain.from_iterable(self._waiting.values()))
        self._waiting.clear()
        self._count = 0
        return waited
