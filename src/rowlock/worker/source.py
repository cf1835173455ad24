"""The runtime's `TaskSource` over a storage."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import TypeVar
from uuid import UUID

from rowlock.errors import StorageDataError, StorageError
from rowlock.model.queues import Queue, Share
from rowlock.model.tallies import Counted, counted_as
from rowlock.model.tasks import Claim, Finish, Held, Outcome, Pulse, Release, Report
from rowlock.ops.claim import promote_due
from rowlock.ops.policies import PolicyCache
from rowlock.plan import Plan
from rowlock.runtime.ends import End, Ended, end_of_refused
from rowlock.runtime.source import Exchange
from rowlock.storage.settling import ClaimSettling
from rowlock.storage.storage import Storage
from rowlock.worker.taking import Taking

log = logging.getLogger(__name__)

E = TypeVar("E", Finish, Release)


class StorageSource:
    """Claims from and settles in one namespace of a database.

    Attributes:
        on_refused: Told of each end that the database refuses to store.
    """

    is_only_way = True

    def __init__(
        self,
        storage: Storage,
        namespace: str,
        worker: str,
        policies: PolicyCache,
        definitions: tuple[str, ...] | None,
    ) -> None:
        """Bind the source.

        Args:
            storage: The database.
            namespace: Whose tasks.
            worker: The worker's id, written on every claim.
            policies: The queues' policies, kept fresh by the worker.
            definitions: Keys of the definitions to claim; None for any.
        """
        self._storage = storage
        self._namespace = namespace
        self._policies = policies
        self._taking = Taking(storage, namespace, worker, policies, definitions)
        self._refused: set[UUID] = set()
        self.on_refused: Callable[[UUID, Exception], None] = lambda _id, _error: None

    @property
    def poll_seconds(self) -> float:
        """How long to sleep at most between two looks."""
        return self._storage.wakeups.poll_seconds

    @property
    def second_looks(self) -> tuple[float, ...]:
        """When to look again after a wake-up. See `TaskSource.second_looks`."""
        return self._storage.wakeups.second_looks

    async def waiting(self, queues: Sequence[str]) -> list[str]:
        """Return which queues have tasks. See `TaskSource.waiting`."""
        ask = self._storage.claims.waiting_queues
        return await self._storage.worker_runner.read(ask, self._namespace, queues)

    async def claim(self, shares: Sequence[Share], limit: int) -> list[Claim]:
        """Take up to `limit` tasks. See `TaskSource.claim`."""
        return await self._taking.take(shares, limit)

    @property
    def exchange(self) -> Exchange | None:
        """Records ends and takes tasks. See `TaskSource.exchange`.

        Where several may write at once, settling and claiming overlap.
        """
        return self._exchanged if self._storage.enlisting.one_writer else None

    async def _exchanged(
        self, finished: Sequence[Finish], shares: Sequence[Share], limit: int
    ) -> tuple[set[UUID], list[Claim]]:
        if not self._taking.has_unconfirmed:
            try:
                recorded, claims = await self._taking.exchange(finished, shares, limit)
            except StorageDataError as error:
                # By themselves they are halved until the culprit is alone.
                log.debug("one of %d outcomes is refused: %s", len(finished), error)
            else:
                self._storage.endings.tell(recorded)
                return recorded, claims
        return await self.settle(finished), await self.claim(shares, limit)

    @property
    def unanswered(self) -> int:
        """How many claims were cut off before the database answered."""
        return self._taking.unanswered

    async def seconds_to_next_due(self) -> float | None:
        """Promote what is due. See `TaskSource.seconds_to_next_due`."""
        return await self._storage.worker_runner.run(_promote_and_look, self._storage)

    async def settle(self, ends: Sequence[End]) -> set[UUID]:
        """Record ends. See `TaskSource.settle`."""
        claims = self._storage.claims
        finished = [end for end in ends if isinstance(end, Finish)]
        released = [end for end in ends if isinstance(end, Release)]
        recorded: set[UUID] = set()
        if finished:
            recorded |= await self._settle_part(claims.finish_tasks, finished)
            self._storage.endings.tell(recorded)
        if released:
            recorded |= await self._settle_part(claims.release_tasks, released)
            # Some may be due before the next poll.
            self._storage.wakeups.wake_here(self._namespace, None)
            if any(end.outcome is Outcome.HANDED_BACK for end in released):
                await self._wake_others()
        return recorded

    async def _wake_others(self) -> None:
        """Tell other processes that tasks wait again, of which nobody here may take care."""
        announce = self._storage.wakeups.announce
        try:
            await self._storage.worker_runner.run(announce, self._namespace, [""], coalesce=True)
        except StorageError as error:
            log.debug("cannot wake other workers, they look by themselves: %s", error)

    async def _settle_part(
        self, write: Callable[[Sequence[E]], Plan[set[UUID]]], ends: Sequence[E]
    ) -> set[UUID]:
        """Write a batch; one that the database refuses is halved until the culprit is alone."""
        try:
            return await self._storage.worker_runner.run(write, ends)
        except StorageDataError as error:
            if len(ends) == 1:
                return await self._fail_visibly(ends[0], error)
        middle = len(ends) // 2
        return await self._settle_part(write, ends[:middle]) | await self._settle_part(
            write, ends[middle:]
        )

    async def _fail_visibly(self, end: End, error: StorageDataError) -> set[UUID]:
        log.error("task %s: its outcome cannot be stored: %s", end.id, error)
        self.on_refused(end.id, error)
        self._refused.add(end.id)
        finish = self._storage.claims.finish_tasks
        try:
            return await self._storage.worker_runner.run(finish, [end_of_refused(end, error)])
        except StorageDataError as again:
            # Not even that: its lease runs out, and three such ends are a crash loop.
            log.error("task %s: its failure cannot be stored either: %s", end.id, again)  # noqa: TRY400 - its words say it all
            return set()

    def count(self, ended: Sequence[Ended]) -> None:
        """Count what has ended. See `TaskSource.count`."""
        refused = self._refused & {end.id for _, end, _ in ended} if self._refused else set[UUID]()
        self._refused -= refused
        runs = [
            (
                claim.queue,
                claim.definition,
                Counted.FAILED if refused and end.id in refused else counted_as(end),
                (claim.started_at - claim.run_at).total_seconds(),
                took,
            )
            for claim, end, took in ended
        ]
        self._storage.tallier.count_runs(self._namespace, runs)

    def settling(self, claim: Claim) -> ClaimSettling:
        """Return how a handler settles its claim itself. See `TaskSource.settling`."""
        return ClaimSettling(self._storage, claim.id, claim.token)

    async def report(self, reports: Sequence[Report]) -> None:
        """Store progress and log lines. See `TaskSource.report`."""
        await self._storage.worker_runner.run(self._storage.claims.report, reports)

    def renew(self, held: Sequence[Held]) -> list[Pulse]:
        """Extend leases. See `TaskSource.renew`."""
        return self._storage.heartbeat_runner.run(self._storage.claims.renew_leases, held)

    def queue(self, name: str) -> Queue:
        """Return the queue with its policy. See `TaskSource.queue`."""
        return self._policies.queue(name)

    def subscribe(self, on_wake: Callable[[], None]) -> Callable[[], None]:
        """Listen for new tasks. See `TaskSource.subscribe`."""

        def hear(namespace: str | None, queue: str | None) -> None:
            del queue  # whichever it is, a look at ours costs little
            if namespace is None or namespace == self._namespace:
                on_wake()

        return self._storage.wakeups.subscribe(hear)


def _promote_and_look(storage: Storage) -> Plan[float | None]:
    if (yield from promote_due(storage)):
        return 0.0
    return (yield from storage.upkeep.seconds_to_next_due())
