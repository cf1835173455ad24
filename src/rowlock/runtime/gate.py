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
        self._waiting: dict[str, deque[RunningAttempt]] = {name: deque() for name in slots.queues}
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
        self._waiting[queue].append(attempt)
        self._count += 1
        return False

    def leave(self, queue: str) -> list[RunningAttempt]:
        """Free a slot; return what may begin now."""
        self._slots.free(queue)
        began: list[RunningAttempt] = []
        if self._count:
            for name, _ in self._slots.wanted():
                waiting = self._waiting[name]
                while waiting and self._slots.has_free(name):
                    self._slots.take(name)
                    began.append(waiting.popleft())
            self._count -= len(began)
        return began

    def clear(self) -> list[RunningAttempt]:
        """Return all that wait; none does any longer."""
        waited = list(chain.from_iterable(self._waiting.values()))
        for waiting in self._waiting.values():
            waiting.clear()
        self._count = 0
        return waited
