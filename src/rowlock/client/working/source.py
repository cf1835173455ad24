"""The runtime's `TaskSource` over the HTTP service."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Callable, Sequence
from uuid import UUID

import msgspec

from rowlock.client.asynchronous import AsyncClient
from rowlock.client.synchronous import Client
from rowlock.client.working.converting import (
    MAX_SENT,
    body_of_end,
    body_of_report,
    claim_from,
    in_batches,
    queue_from,
)
from rowlock.client.working.refusals import waited_for
from rowlock.definitions.transaction import Settling
from rowlock.errors import (
    BodyTooLargeError,
    InvalidValueError,
    LeaseLostError,
    OverloadedError,
    QueueNotFoundError,
    RateLimitError,
    RowlockError,
    UnexpectedAnswerError,
)
from rowlock.model.ids import new_token
from rowlock.model.queues import Queue, Share
from rowlock.model.tasks import Claim, Held, Pulse, Report
from rowlock.ops.policies import FRESH_SECONDS, PolicyCache
from rowlock.runtime.ends import End, Ended, end_of_refused
from rowlock.wire.bodies.batches import ClaimKeyBody, HeldEndBody
from rowlock.wire.documents.common import ErrorDocument
from rowlock.wire.documents.work import WorkDocument
from rowlock.wire.problems import told_error

log = logging.getLogger(__name__)

# The server tells of new tasks; this is for what it does not hear of either.
POLL_SECONDS = 5.0
WAIT_SECONDS = 20.0
# Between two hints, and before the next try where there are none.
LEAST_PAUSE_SECONDS = 0.1
DEAF_SECONDS = 1.0
MISSING_SECONDS = 60.0
# More would make a long address; the server then tells also of others' tasks.
MAX_NAMED = 100


class HttpSource:
    """Claims from and settles in one namespace of a service.

    Attributes:
        namespace: Which one; known once `look` was answered.
        definitions: What definitions are claimed; None for any.
        policies: What is known of queues.
        aliases: What the definitions of claims are called, by key.
    """

    is_only_way = False
    exchange = None  # two requests at once are faster than one after the other
    waiting = None  # what comes of a request has to be started before the next one is sent
    second_looks: tuple[float, ...] = ()
    poll_seconds = POLL_SECONDS

    def __init__(
        self, client: AsyncClient, beating: Client, worker: str, queues: Sequence[str]
    ) -> None:
        """Bind the source; on the event loop.

        Args:
            client: Sends all but heartbeats.
            beating: Sends heartbeats, from a thread.
            worker: The worker's id, written on every claim.
            queues: The names of the worker's queues.
        """
        self._client = client
        self._beating = beating
        self._worker = worker
        self._queues = queues
        self.definitions: tuple[str, ...] | None = None
        self.namespace = ""
        self.policies = PolicyCache("")
        self.aliases: dict[str, str] = {}
        self.unanswered = 0
        self.on_refused: Callable[[UUID, Exception], None] = lambda _id, _error: None
        self._hungry = asyncio.Event()
        self._refused = False
        self._missing: dict[str, float] = {}
        # Of the claims that were not answered: sent again, they find what they took.
        self._keys: dict[str, UUID] = {}

    async def look(self, wait: float = 0) -> WorkDocument:
        """Ask what there is, and take over what is said of queues.

        Args:
            wait: For how many seconds to wait for a task that can be claimed.

        Raises:
            StorageUnavailableError: The server cannot be reached.
        """
        named = self.definitions
        if named is not None and len(named) > MAX_NAMED:
            named = None
        with waited_for():
            work = await self._client.find_work(
                queue=self._queues, definition=named, wait=f"{wait:g}"
            )
        self.namespace = work.namespace
        for queue in work.queues:
            self.policies.remember(queue_from(queue))
        return work

    async def keep_fresh(self) -> None:
        """Read again what may have changed, until cancelled."""
        while True:
            await asyncio.sleep(FRESH_SECONDS)
            try:
                await self.look()
            except RowlockError as error:
                log.debug("cannot read the queues' policies: %s", error)

    async def claim(self, shares: Sequence[Share], limit: int) -> list[Claim]:
        """Take up to `limit` tasks. See `TaskSource.claim`."""
        [(queue, _)] = shares
        if self.definitions == ():
            return []
        wanted = min(limit, MAX_SENT)
        key = self._keys.setdefault(queue, new_token())
        try:
            with waited_for():
                found = await self._client.claim_many(
                    worker=self._worker,
                    queues=[queue],
                    definitions=None if self.definitions is None else list(self.definitions),
                    limit=wanted,
                    lease=self.queue(queue).lease.total_seconds(),
                    idempotency_key=key,
                )
        except QueueNotFoundError:
            self._miss(queue)
            return []
        except asyncio.CancelledError:
            self.unanswered += 1
            log.warning("the server did not answer a claim; its tasks run again, if it took any")
            raise
        del self._keys[queue]
        if found.count < wanted:
            self._hungry.set()
        claims = [claim_from(one) for one in found.body]
        for claim, one in zip(claims, found.body, strict=True):
            if claim.definition is not None and one.definition is not None:
                self.aliases[claim.definition] = one.definition
        return claims

    def _miss(self, queue: str) -> None:
        """Say now and then that a queue is not there; somebody may yet make it."""
        now = time.monotonic()
        if now - self._missing.get(queue, -MISSING_SECONDS) >= MISSING_SECONDS:
            self._missing[queue] = now
            log.warning("the server has no queue %s yet", queue)
        self._hungry.set()

    async def seconds_to_next_due(self) -> float | None:
        """Leave it to the server, which promotes what is due."""
        return None

    async def settle(self, ends: Sequence[End]) -> set[UUID]:
        """Record ends. See `TaskSource.settle`."""
        by_id = {str(end.id): end for end in ends}
        recorded: set[UUID] = set()
        for batch in in_batches([body_of_end(end) for end in ends]):
            recorded |= await self._settle([by_id[body.id] for body in batch], batch)
        return recorded

    async def _settle(self, ends: Sequence[End], bodies: list[HeldEndBody]) -> set[UUID]:
        """Record a batch; one that the server refuses is halved until the culprit is alone."""
        try:
            with waited_for():
                told = await self._client.settle_many(ends=bodies)
        except (BodyTooLargeError, InvalidValueError) as error:
            if len(ends) == 1:
                return await self._fail_visibly(ends[0], error)
            middle = len(ends) // 2
            first = await self._settle(ends[:middle], bodies[:middle])
            return first | await self._settle(ends[middle:], bodies[middle:])
        recorded: set[UUID] = set()
        for end, verdict in zip(ends, told.body, strict=True):
            if verdict.error is None:
                recorded.add(end.id)
            elif verdict.error.type not in LOST:
                recorded |= await self._fail_visibly(end, _told(verdict.error))
        return recorded

    async def _fail_visibly(self, end: End, error: Exception) -> set[UUID]:
        log.error("task %s: its outcome cannot be stored: %s", end.id, error)
        self.on_refused(end.id, error)
        failed = body_of_end(end_of_refused(end, error))
        try:
            with waited_for():
                told = await self._client.settle_many(ends=[failed])
        except (BodyTooLargeError, InvalidValueError) as again:
            # Not even that: its lease runs out, and three such ends are a crash loop.
            log.error("task %s: its failure cannot be stored either: %s", end.id, again)  # noqa: TRY400 - its words say it all
            return set()
        return {end.id} if told.refused == 0 else set()

    def count(self, ended: Sequence[Ended]) -> None:
        """Leave it to the server, which has recorded them. See `TaskSource.count`."""

    def settling(self, claim: Claim) -> Settling:
        """Refuse: a transaction needs the database. See `TaskSource.settling`."""
        del claim
        raise InvalidValueError(
            "transaction", "is not possible in a worker over HTTP: it has no database"
        )

    async def report(self, reports: Sequence[Report]) -> None:
        """Store progress and log lines. See `TaskSource.report`."""
        for batch in in_batches([body_of_report(report) for report in reports]):
            with waited_for():
                told = await self._client.report_many(reports=batch)
            for verdict in told.body:
                if verdict.error is not None and verdict.error.type not in LOST:
                    reason = verdict.error.reason
                    log.error("task %s: its progress cannot be stored: %s", verdict.id, reason)

    def renew(self, held: Sequence[Held]) -> list[Pulse]:
        """Extend leases. See `TaskSource.renew`."""
        pulses: list[Pulse] = []
        for lease in {one.lease for one in held}:
            same = [one for one in held if one.lease == lease]
            for start in range(0, len(same), MAX_SENT):
                part = same[start : start + MAX_SENT]
                claims = [ClaimKeyBody(id=str(one.id), token=str(one.token)) for one in part]
                with waited_for():
                    told = self._beating.heartbeat_many(claims=claims, lease=lease.total_seconds())
                pulses += [
                    Pulse(one.id, pulse.error is None, bool(pulse.cancel_requested))
                    for one, pulse in zip(part, told.body, strict=True)
                ]
        return pulses

    def queue(self, name: str) -> Queue:
        """Return the queue with its policy. See `TaskSource.queue`."""
        return self.policies.queue(name)

    def subscribe(self, on_wake: Callable[[], None]) -> Callable[[], None]:
        """Have the server tell of new tasks. See `TaskSource.subscribe`."""
        listening = asyncio.create_task(self._listen(on_wake), name="rowlock-listening")

        def unsubscribe() -> None:
            listening.cancel()

        return unsubscribe

    async def _listen(self, on_wake: Callable[[], None]) -> None:
        """Wait at the server for tasks whenever a claim got fewer than it asked for."""
        while True:
            await self._hungry.wait()
            try:
                found = (await self.look(WAIT_SECONDS)).found
            except RowlockError as error:
                await self._be_deaf(error)
                continue
            if found:
                self._hungry.clear()
                on_wake()
                await asyncio.sleep(LEAST_PAUSE_SECONDS)

    async def _be_deaf(self, error: RowlockError) -> None:
        """Wait until the next try to hear of tasks; looking for them goes on meanwhile."""
        if not isinstance(error.__cause__ or error, (OverloadedError, RateLimitError)):
            log.debug("cannot hear of new tasks: %s", error)
            await asyncio.sleep(DEAF_SECONDS)
            return
        if not self._refused:
            self._refused = True
            log.info("looking for tasks every %g s, as %s", POLL_SECONDS, error)
        # Together with many others: not all of them at the same time.
        await asyncio.sleep(POLL_SECONDS * random.uniform(1, 2))  # noqa: S311 - no secret


def _told(error: ErrorDocument) -> Exception:
    """Return why an end was refused."""
    detail = None if error.detail is msgspec.UNSET else error.detail
    known = told_error(error.type, error.reason, detail)
    return known or UnexpectedAnswerError(error.code, error.reason)


LOST = frozenset({LeaseLostError.__name__, "TaskNotFoundError"})
"""What says that a claim is over."""
