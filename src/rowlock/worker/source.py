"""The runtime's `TaskSource` over a storage."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import TypeVar
from uuid import UUID

from rowlock.errors import StorageDataError, StorageError, StorageUnavailableError
from rowlock.model.ids import new_token
from rowlock.model.queues import Queue
from rowlock.model.tallies import Counted, counted_as
from rowlock.model.tasks import Claim, Finish, Held, Outcome, Pulse, Release, Report
from rowlock.ops.claim import promote_due
from rowlock.ops.floors import Floors
from rowlock.ops.policies import PolicyCache
from rowlock.plan import Plan
from rowlock.runtime.attempt import monotonic
from rowlock.runtime.ends import End, Ended, end_of_refused
from rowlock.runtime.source import Exchange
from rowlock.storage.contract import ClaimRequest
from rowlock.storage.settling import ClaimSettling
from rowlock.storage.storage import Storage

log = logging.getLogger(__name__)

E = TypeVar("E", Finish, Release)


class StorageSource:
    """Claims from and settles in one namespace of a database.

    Attributes:
        unanswered: How many claims were cut off before the database answered.
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
        self._worker = worker
        self._policies = policies
        self._definitions = definitions
        self._unconfirmed: list[UUID] = []
        self._refused: set[UUID] = set()
        self.unanswered = 0
        self.on_refused: Callable[[UUID, Exception], None] = lambda _id, _error: None
        self._floors: dict[str, Floors] = {}

    @property
    def poll_seconds(self) -> float:
        """How long to sleep at most between two looks."""
        return self._storage.wakeups.poll_seconds

    @property
    def second_looks(self) -> tuple[float, ...]:
        """When to look again after a wake-up. See `TaskSource.second_looks`."""
        return self._storage.wakeups.second_looks

    async def claim(self, queue: str, limit: int) -> list[Claim]:
        """Take up to `limit` tasks. See `TaskSource.claim`."""
        return await self._recovered() or (await self._taken((), queue, limit))[1]

    @property
    def exchange(self) -> Exchange | None:
        """Records ends and takes tasks. See `TaskSource.exchange`.

        Where several may write at once, settling and claiming overlap.
        """
        return self._exchanged if self._storage.enlisting.one_writer else None

    async def _exchanged(
        self, finished: Sequence[Finish], queue: str, limit: int
    ) -> tuple[set[UUID], list[Claim]]:
        if self._unconfirmed:
            # First it is found out what was taken.
            return await self.settle(finished), await self.claim(queue, limit)
        try:
            recorded, claims = await self._taken(finished, queue, limit)
        except StorageDataError:
            # One of them is refused: by themselves they are halved until the culprit is alone.
            return await self.settle(finished), await self.claim(queue, limit)
        self._storage.endings.tell(recorded)
        return recorded, claims

    async def _taken(
        self, finished: Sequence[Finish], queue: str, limit: int
    ) -> tuple[set[UUID], list[Claim]]:
        request = ClaimRequest(
            namespace=self._namespace,
            queue=queue,
            worker=self._worker,
            token=new_token(),
            limit=limit,
            lease=self.queue(queue).lease,
            definitions=self._definitions,
            without_definition=False,
        )
        floors = self._floors.setdefault(queue, Floors())
        lanes = floors.lanes(monotonic())
        recorded, claims = await self._claim(request._replace(lanes=lanes), floors, finished)
        if len(claims) < limit and floors.may_look_again(lanes, monotonic()):
            more = request._replace(token=new_token(), limit=limit - len(claims))
            try:
                claims += (await self._claim(more, floors))[1]
            except StorageError:
                if not (claims or recorded):
                    raise
                log.debug("the second look failed; what the first one claimed is run")
        return recorded, claims

    async def _claim(
        self, request: ClaimRequest, floors: Floors, finished: Sequence[Finish] = ()
    ) -> tuple[set[UUID], list[Claim]]:
        began, claims = monotonic(), self._storage.claims
        run = self._storage.worker_runner.run
        recorded: set[UUID] = set()
        try:
            if finished:
                recorded, claimed = await run(claims.finish_and_claim, finished, request)
            else:
                claimed = await run(claims.claim_tasks, request)
        except StorageUnavailableError as error:
            if error.outcome_unknown:
                # It may have been committed: found by its token when the database is back,
                # instead of waiting for the lease and being charged a crash.
                self._unconfirmed.append(request.token)
            raise
        except asyncio.CancelledError:
            # A worker that stops does not wait for a database that hangs. What this claim may
            # take yet is held by nobody: its lease runs out, and it is rescued.
            self.unanswered += 1
            log.warning("the database did not answer a claim; its tasks run again, if it took any")
            raise
        floors.claimed(request.lanes, claimed, began, monotonic())
        return recorded, claimed

    async def _recovered(self) -> list[Claim]:
        claims: list[Claim] = []
        tokens = tuple(self._unconfirmed)
        for token in tokens:
            runner = self._storage.worker_runner
            claims += await runner.read(self._storage.claims.read_claimed, token)
        claims = await self._renewed(claims)
        # Only now: what was read before one of the reads failed is read again.
        del self._unconfirmed[: len(tokens)]
        return claims

    async def _renewed(self, claims: list[Claim]) -> list[Claim]:
        """Renew claims before they run: their leases began when they were taken, long ago."""
        if not claims:
            return []
        held = [Held(one.id, one.token, self.queue(one.queue).lease) for one in claims]
        renew = self._storage.claims.renew_leases
        pulses = await self._storage.worker_runner.run(renew, held)
        ours = {pulse.id for pulse in pulses if pulse.held}
        return [one for one in claims if one.id in ours]

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
        refused, self._refused = self._refused, set()
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
