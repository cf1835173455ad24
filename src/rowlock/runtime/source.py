"""Where tasks come from and where their ends go: a database, or a server over HTTP."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol, TypeAlias
from uuid import UUID

from rowlock.definitions.transaction import Settling
from rowlock.model.queues import Queue, Share
from rowlock.model.tasks import Claim, Finish, Held, Pulse, Report
from rowlock.runtime.ends import End, Ended

Waiting: TypeAlias = Callable[[Sequence[str]], Awaitable[Sequence[str]]]
"""Returns those of the queues that have tasks."""

Exchange: TypeAlias = Callable[
    [Sequence[Finish], Sequence[Share], int], Awaitable[tuple[set[UUID], list[Claim]]]
]
"""Records ends and takes tasks as `TaskSource.claim` does; nothing is known if it raises."""


class Clockwork(Protocol):
    """What says when to look for tasks."""

    @property
    def poll_seconds(self) -> float:
        """How long to sleep at most between two looks."""
        ...

    @property
    def second_looks(self) -> tuple[float, ...]:
        """After which seconds to look again for what a wake-up's burst commits later."""
        ...

    async def seconds_to_next_due(self) -> float | None:
        """Make what is due claimable, and return how long until more is; 0: some became so."""
        ...


class TaskSource(Clockwork, Protocol):
    """What running tasks needs from the outside.

    Async methods raise `StorageUnavailableError` while the outside cannot be reached; the
    runtime then waits and tries again.

    Attributes:
        on_refused: Told of each end that cannot be stored.
        is_only_way: Whether nobody else reaches the tasks while it refuses to be asked.
    """

    on_refused: Callable[[UUID, Exception], None]
    is_only_way: bool

    @property
    def unanswered(self) -> int:
        """How many claims were cut off before they were answered."""
        ...

    async def claim(self, shares: Sequence[Share], limit: int) -> list[Claim]:
        """Take up to `limit` tasks, of each queue its best and no more than its share."""
        ...

    @property
    def waiting(self) -> Waiting | None:
        """Tells which queues have tasks; None if that cannot be known: they are asked singly."""
        ...

    @property
    def exchange(self) -> Exchange | None:
        """Settles and claims in one step; None where that is not faster than two."""
        ...

    async def settle(self, ends: Sequence[End]) -> set[UUID]:
        """Record ends of attempts; returns the ids that are recorded, the others are lost."""
        ...

    def count(self, ended: Sequence[Ended]) -> None:
        """Count what has ended, where that is not done by whoever recorded it."""
        ...

    def settling(self, claim: Claim) -> Settling:
        """Return how a handler settles its own claim within a transaction.

        Raises:
            InvalidValueError: Tasks do not come from a database here.
        """
        ...

    async def report(self, reports: Sequence[Report]) -> None:
        """Store progress and log lines of running tasks."""
        ...

    def renew(self, held: Sequence[Held]) -> list[Pulse]:
        """Extend leases. Blocks; called on the heartbeat's own thread."""
        ...

    def queue(self, name: str) -> Queue:
        """Return the queue with its policy, at most a few seconds old. Does not block."""
        ...

    def subscribe(self, on_wake: Callable[[], None]) -> Callable[[], None]:
        """Call back, from any thread, when there may be new tasks; returns what ends it."""
        ...
