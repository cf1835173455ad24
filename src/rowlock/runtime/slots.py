"""How many tasks may run at once, in all and for each queue."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from rowlock.errors import InvalidValueError
from rowlock.model.names import DEFAULT_QUEUE, checked_queue
from rowlock.model.queues import checked_count

DEFAULT_CONCURRENCY = 10


def _check_slots(queue: str, slots: object) -> None:
    if isinstance(slots, bool) or not isinstance(slots, int) or slots < 1:
        problem = f"queue {queue}: must be an integer, 1 or more, not {slots!r}"
        raise InvalidValueError("concurrency", problem)


class Slots:
    """Counts what runs against the limits; used by one event loop only."""

    def __init__(self, queues: Mapping[str, int], total: int, budget: int | None = None) -> None:
        """Set the limits.

        Args:
            queues: Slots of each queue.
            total: Slots of all queues together.
            budget: How many tasks may start in all; None for any number.

        Raises:
            InvalidValueError: No queue, or a limit below one.
        """
        if not queues:
            raise InvalidValueError("queues", "name at least one queue")
        for name, limit in queues.items():
            _check_slots(name, limit)
        checked_count("concurrency", total)
        self._limits = dict(queues)
        self._used = dict.fromkeys(queues, 0)
        self.total = total
        self.running = 0
        self._budget = math.inf if budget is None else budget

    def with_room(self, prefetch: int) -> Slots:
        """Return how many may be claimed if so many may wait for a slot."""
        queues = {name: limit + prefetch for name, limit in self._limits.items()}
        claimed = Slots(queues, self.total + prefetch)
        claimed._budget = self._budget
        return claimed

    @property
    def queues(self) -> tuple[str, ...]:
        """The names of the queues."""
        return tuple(self._limits)

    @property
    def are_spent(self) -> bool:
        """Whether no task may start any more, whatever ends."""
        return self._budget < 1

    @property
    def free(self) -> int:
        """How many more tasks may start now."""
        return max(0, int(min(self.total - self.running, self._budget)))

    def has_free(self, queue: str) -> bool:
        """Whether a task of a queue may start now, whatever the budget."""
        return self.running < self.total and self._used[queue] < self._limits[queue]

    def free_of(self, queue: str) -> int:
        """Return how many more tasks of a queue may start now."""
        return min(self.free, self._limits[queue] - self._used[queue])

    def take(self, queue: str) -> None:
        """Count a task that starts."""
        self._used[queue] += 1
        self.running += 1
        self._budget -= 1

    def give_back(self, queue: str) -> None:
        """Count a task that ended."""
        self._used[queue] -= 1
        self.running -= 1


def limits_of(
    queues: Mapping[str, int | None] | Iterable[str] | None, concurrency: int | None
) -> tuple[dict[str, int], int]:
    """Return the slots of each queue and of all together, as a worker is told them.

    Raises:
        InvalidValueError: A bad queue name, or a limit below one.
    """
    if queues is None:
        queues = [DEFAULT_QUEUE]
    if isinstance(queues, str):
        queues = [queues]
    given: dict[str, int | None] = (
        {checked_queue(name): slots for name, slots in queues.items()}  # pyright: ignore[reportUnknownVariableType] - an iterable may be a mapping of anything
        if isinstance(queues, Mapping)
        else {checked_queue(name): None for name in queues}
    )
    for name, slots in given.items():
        if slots is not None:
            _check_slots(name, slots)
    if concurrency is not None:
        total = checked_count("concurrency", concurrency)
    elif any(slots is None for slots in given.values()):
        total = DEFAULT_CONCURRENCY + sum(slots or 0 for slots in given.values())
    else:
        total = sum(slots or 0 for slots in given.values())
    return {name: total if slots is None else slots for name, slots in given.items()}, total
