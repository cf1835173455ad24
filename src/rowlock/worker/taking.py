"""Claims of a worker: where they begin, and what becomes of those without an answer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import timedelta
from itertools import groupby
from uuid import UUID

from rowlock.errors import StorageError, StorageUnavailableError
from rowlock.model.ids import new_token
from rowlock.model.queues import Share
from rowlock.model.tasks import Claim, Finish, Held
from rowlock.ops.floors import Floors
from rowlock.ops.policies import PolicyCache
from rowlock.runtime.attempt import monotonic
from rowlock.storage.contract import WHOLE_LINE, ClaimRequest
from rowlock.storage.storage import Storage

log = logging.getLogger(__name__)


class Taking:
    """Takes tasks for one worker.

    Attributes:
        unanswered: How many claims were cut off before the database answered.
    """

    def __init__(
        self,
        storage: Storage,
        namespace: str,
        worker: str,
        policies: PolicyCache,
        definitions: tuple[str, ...] | None,
    ) -> None:
        """Say from where and for whom. See `StorageSource`."""
        self._storage = storage
        self._namespace = namespace
        self._worker = worker
        self._policies = policies
        self._definitions = definitions
        self._floors: dict[str, Floors] = {}
        self._unconfirmed: list[UUID] = []
        self.unanswered = 0

    @property
    def has_unconfirmed(self) -> bool:
        """Whether claims may have been committed of which nobody knows."""
        return bool(self._unconfirmed)

    async def take(self, shares: Sequence[Share], limit: int) -> list[Claim]:
        """Take up to `limit` tasks; first those that a claim without an answer has taken."""
        return await self._recovered() or (await self.exchange((), shares, limit))[1]

    async def exchange(
        self, finished: Sequence[Finish], shares: Sequence[Share], limit: int
    ) -> tuple[set[UUID], list[Claim]]:
        """Record ends and take tasks; the ends go along with the first claim."""
        if len(shares) == 1:
            return await self._from_one(finished, shares[0]._replace(limit=limit))
        recorded: set[UUID] = set()
        claims: list[Claim] = []
        for _, alike in groupby(shares, key=self._lease_of_share):
            several = tuple(alike)
            request = self._request(several[0].queue, limit - len(claims))
            try:
                ended, taken = await self._ask(request._replace(shares=several), finished)
            except StorageError:
                if not (claims or recorded):
                    raise
                log.debug("a further claim failed; what the first one claimed is run")
                break
            recorded, finished = recorded | ended, ()
            claims += taken
            if len(claims) == limit:
                break
        return recorded, claims

    def _lease_of_share(self, share: Share) -> timedelta:
        return self._lease_of(share.queue)

    async def _from_one(
        self, finished: Sequence[Finish], share: Share
    ) -> tuple[set[UUID], list[Claim]]:
        """Take from one queue, beginning where its line begins as far as this worker knows."""
        floors = self._floors.setdefault(share.queue, Floors())
        lanes = floors.lanes(monotonic())
        request = self._request(share.queue, share.limit)._replace(lanes=lanes)
        recorded, claims = await self._ask(request, finished, floors)
        if not claims and (again := floors.lanes_after_nothing(lanes, monotonic())):
            try:
                claims = (await self._ask(request._replace(lanes=again), (), floors))[1]
            except StorageError:
                if not recorded:
                    raise
                log.debug("the second look failed; what ended is recorded")
        elif len(claims) < share.limit and lanes != WHOLE_LINE:
            # What was found does not wait for a second look, which is the next claim.
            floors.fell_short()
        return recorded, claims

    def _lease_of(self, queue: str) -> timedelta:
        return self._policies.queue(queue).lease

    def _request(self, queue: str, limit: int) -> ClaimRequest:
        return ClaimRequest(
            namespace=self._namespace,
            queue=queue,
            worker=self._worker,
            token=new_token(),
            limit=limit,
            lease=self._lease_of(queue),
            definitions=self._definitions,
            without_definition=False,
        )

    async def _ask(
        self, request: ClaimRequest, finished: Sequence[Finish], floors: Floors | None = None
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
        if floors is not None:
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
        held = [Held(one.id, one.token, self._lease_of(one.queue)) for one in claims]
        renew = self._storage.claims.renew_leases
        pulses = await self._storage.worker_runner.run(renew, held)
        ours = {pulse.id for pulse in pulses if pulse.held}
        return [one for one in claims if one.id in ours]
