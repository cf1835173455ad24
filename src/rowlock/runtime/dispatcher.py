"""Claims tasks as slots free up, runs them, and hands their ends to the settler."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Sequence
from typing import Any

from rowlock.definitions.definition import TaskDefinition
from rowlock.errors import StorageError, TaskFailedError
from rowlock.model.failures import failure_from_text
from rowlock.model.queues import Share
from rowlock.model.tasks import Claim
from rowlock.runtime.attempt import (
    RetryOf,
    RunningAttempt,
    StopReason,
    TimeoutOf,
    context_for,
    monotonic,
    run_attempt,
)
from rowlock.runtime.calling import Calls
from rowlock.runtime.ends import End, end_of_giving_up, hand_back
from rowlock.runtime.error_hooks import Tell, tell_nobody
from rowlock.runtime.gate import Gate
from rowlock.runtime.processes.pool import ProcessPool
from rowlock.runtime.rhythm import Rhythm
from rowlock.runtime.rota import Rota
from rowlock.runtime.settler import REPORT_SECONDS, Settler, report_or_drop, reports_of
from rowlock.runtime.slots import Slots
from rowlock.runtime.source import TaskSource
from rowlock.runtime.threads import DaemonThreads

log = logging.getLogger(__name__)

UNWIND_SECONDS = 1.0
MIN_UNSETTLED = 2_000
UNDIVIDED_CLAIM = 100
FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 2.0


class Dispatcher:
    """The loop of a worker: claim, run, settle, sleep until there is more.

    A task that already took two workers down with it is run alone: the claim loop lets
    everything else end first, so that no innocent task is charged with the third crash.

    Attributes:
        settler: Records the ends.
        running: What runs.
        connected: Whether the source answered when it was last asked.
    """

    def __init__(  # noqa: PLR0913 - the wiring diagram
        self,
        source: TaskSource,
        slots: Slots,
        find: Callable[[str | None], TaskDefinition[..., Any] | None],
        timeout_of: TimeoutOf,
        retry_of: RetryOf,
        *,
        namespace: str,
        worker: str,
        processes: ProcessPool,
        prefetch: int = 0,
        alias_of: Callable[[str], str] = str,
        calls: Calls,
        tell: Tell = tell_nobody,
    ) -> None:
        """Wire the loop.

        Args:
            source: Gives tasks and takes their ends.
            slots: How many may run.
            find: The definition of a key, or None if this process has none.
            timeout_of: The timeout of a claim.
            retry_of: The retry policy of a claim.
            namespace: Whose tasks; for the handlers' contexts.
            worker: This worker's id; for the handlers' contexts.
            processes: Where handlers run whose definition says so.
            prefetch: How many tasks may be claimed that have no slot yet.
            alias_of: What a definition that this process does not have is called.
            calls: Puts around the handlers what belongs there.
            tell: Told of every failed attempt and every bookkeeping error.
        """
        self._source = source
        self._slots = slots.with_room(prefetch)
        self._gate = Gate(slots, prefetch) if prefetch else None
        self._rota = Rota(self._slots, source.waiting)
        # While the handlers of one half run, the other half is claimed.
        self._largest_claim = max(UNDIVIDED_CLAIM, -(-self._slots.total // 2))
        self._find = find
        self._timeout_of = timeout_of
        self._retry_of = retry_of
        self._namespace = namespace
        self._worker = worker
        self._alias_of = alias_of
        self._calls = calls
        self._tell = tell
        self._threads = DaemonThreads(slots.total, name="handler")
        self._processes = processes
        self.settler = Settler(source, tell)
        # Not by task: a claim that was lost may still run when this worker takes its task again.
        self.running: set[RunningAttempt] = set()
        self._rhythm = Rhythm(source)
        self._loop = asyncio.get_running_loop()
        self._stopping = False
        self._alone = False
        self.connected = True

    @property
    def lost_slots(self) -> int:
        """How many slots are held by threads whose attempts have ended without them."""
        return self._slots.running - len(self.running)

    @property
    def _is_stocked(self) -> bool:
        return self._gate is not None and self._gate.is_stocked

    def wake(self) -> None:
        """Look for tasks now; from any thread."""
        try:
            self._loop.call_soon_threadsafe(self._rhythm.call)
        except RuntimeError:
            return  # the loop is closed: nobody sleeps

    def held(self) -> list[RunningAttempt]:
        """Return every attempt whose lease must go on; from any thread."""
        # Copied in one step: other threads ask while tasks start and end.
        running = [one for one in list(self.running) if one.context.settled is None]
        return [*running, *self.settler.held()]

    def stop_claiming(self) -> None:
        """Claim no more, and hand back what waits for a slot; what runs goes on."""
        self._stopping = True
        self._give_back_waiting()
        self._rhythm.stirred.set()

    def _give_back_waiting(self) -> None:
        for waiting in [] if self._gate is None else self._gate.clear():
            self.running.discard(waiting)
            self._slots.give_back(waiting.claim.queue)
            self.settler.add(waiting, hand_back(waiting.claim))

    async def run(self) -> None:
        """Claim and run until `stop_claiming`, or until as many tasks started as may."""
        pause = FIRST_PAUSE_SECONDS
        while not (self._stopping or self._slots.are_spent):
            try:
                started = await self._claim_round()
                self.connected = True
                if not started:
                    await self._sleep_until_more()
                pause = FIRST_PAUSE_SECONDS
            except StorageError as error:
                self.connected = False
                log.warning("cannot claim tasks, trying again: %s", error)
                self._tell(None, None, error)
                await asyncio.sleep(pause * (0.5 + random.random()))  # noqa: S311 - jitter
                pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    async def drain(self) -> None:
        """Claim and run until nothing is left that could start now."""
        while not self._stopping:
            started = await self._claim_round()
            if started:
                continue
            if self._slots.are_spent and not self.running:
                return
            if self.running:
                await self._rhythm.wait(self._source.poll_seconds)
            elif self.settler.waiting:
                await self.settler.drain()
            # Something may have been put back while the due ones were looked at.
            elif await self._source.seconds_to_next_due() != 0 and not await self._claim_round():
                return

    async def report_often(self) -> None:
        """Store progress and log lines of running tasks, at most twice a second."""
        while True:
            await asyncio.sleep(REPORT_SECONDS)
            reports = reports_of(list(self.running))
            if reports:
                try:
                    await report_or_drop(self._source, reports, self._tell)
                except StorageError as error:
                    log.warning("cannot store progress, it is left out: %s", error)
                    self._tell(None, None, error)

    async def idle(self) -> None:
        """Wait until nothing runs."""
        while runners := self._runners():
            await asyncio.wait(runners)

    async def give_up(self) -> int:
        """Tell what still runs to stop and hand it back; returns how many tasks that were."""
        abandoned = list(self.running)
        for running in abandoned:
            running.stop(StopReason.STOPPING)
        runners = self._runners()
        if runners:
            await asyncio.wait(runners, timeout=UNWIND_SECONDS)
        for running in list(self.running):
            # It swallowed its cancellation: somebody else will run it.
            self.running.discard(running)
            self._ended(running, end_of_giving_up(running.claim))
        self._threads.close()
        await self._processes.close()
        return len(abandoned)

    def _runners(self) -> list[asyncio.Task[None]]:
        return [one.runner for one in self.running if one.runner is not None]

    async def _claim_round(self) -> int:
        """Claim once from each queue that has free slots; return how many tasks started."""
        self._rhythm.stirred.clear()
        if not await self._may_start():
            return 0
        await self._rhythm.promote_in_time()
        started = 0
        self._rota.begin()
        while not (self._stopping or self._is_stocked) and (shares := await self._rota.next()):
            alone, sent = self._alone, monotonic()
            limit = 1 if alone else min(self._largest_claim, self._room_for(shares))
            claims = await self.settler.claim(shares, limit)
            self._rota.gave(shares, limit, claims)
            self._start_all(claims, sent)
            started += len(claims)
            if alone and claims:
                self._alone = claims[0].is_last_chance
            if (alone and claims) or (self._alone and not alone):
                return started
        self._alone = self._alone and started > 0
        return started

    def _room_for(self, shares: Sequence[Share]) -> int:
        return min(self._slots.free, sum(share.limit for share in shares))

    async def _may_start(self) -> bool:
        """Whether tasks may start now, once what has ended is recorded where that comes first."""
        if self._alone and self.running:
            return False
        if not self._alone and self.settler.waiting <= max(MIN_UNSETTLED, 2 * self._slots.total):
            return True
        recorded = asyncio.create_task(self.settler.drain())
        while not recorded.done() and not self._stopping:
            woken = asyncio.create_task(self._rhythm.stirred.wait())
            await asyncio.wait([recorded, woken], return_when=asyncio.FIRST_COMPLETED)
            woken.cancel()
            self._rhythm.stirred.clear()
        recorded.cancel()
        return not self._stopping

    async def _sleep_until_more(self) -> None:
        """Sleep until a wake-up, a freed slot, the next due time, or the poll."""
        if self._stopping:
            return
        if self._slots.running >= self._slots.total or self._is_stocked or self._alone:
            await self._rhythm.wait(self._source.poll_seconds)
        else:
            await self._rhythm.sleep()

    def _start_all(self, claims: list[Claim], sent: float) -> None:
        if not self._alone and any(claim.is_last_chance for claim in claims):
            self._alone = True
            suspects = [claim for claim in claims if claim.is_last_chance]
            if len(claims) > 1 or self.running:
                claims = [claim for claim in claims if not claim.is_last_chance]
                for claim in suspects:
                    running = self._attempt(claim, sent, None)
                    self.settler.add(running, hand_back(claim))
                self._rota.put_first(dict.fromkeys(claim.queue for claim in suspects))
        for claim in claims:
            self._start(claim, sent)
        if self._stopping:  # while the claim was under way
            self._give_back_waiting()

    def _attempt(
        self, claim: Claim, sent: float, definition: TaskDefinition[..., Any] | None
    ) -> RunningAttempt:
        alias = claim.definition if definition is None else definition.alias
        if definition is None and alias is not None:
            alias = self._alias_of(alias)
        settling = self._source.settling
        context = context_for(claim, alias, self._namespace, self._worker, settling)
        return RunningAttempt(claim, context, self._source.queue(claim.queue).lease, sent)

    def _start(self, claim: Claim, sent: float) -> None:
        definition = self._find(claim.definition)
        running = self._attempt(claim, sent, definition)
        self._slots.take(claim.queue)
        self.running.add(running)
        if claim.cancel_requested:
            running.stop(StopReason.CANCELED)
        if self._gate is None or self._gate.enter(running):
            self._begin(running, definition)

    def _begin(self, running: RunningAttempt, definition: TaskDefinition[..., Any] | None) -> None:
        running.runner = self._loop.create_task(self._run_one(running, definition))

    async def _run_one(
        self, running: RunningAttempt, definition: TaskDefinition[..., Any] | None
    ) -> None:
        end = await run_attempt(
            running,
            definition,
            timeout_of=self._timeout_of,
            retry_of=self._retry_of,
            threads=self._threads,
            processes=self._processes,
            calls=self._calls,
        )
        if running not in self.running:
            return  # it was given up and handed back already
        self.running.discard(running)
        if end is not None:
            self._ended(running, end)
        else:
            self.settler.count_own(running)
        if running.thread is None or running.thread.done():
            self._freed(running)
        else:
            running.thread.add_done_callback(lambda _: self._freed(running))

    def _ended(self, running: RunningAttempt, end: End) -> None:
        """Have an end recorded, and tell of a failure."""
        self.settler.add(running, end)
        error, running.error = running.error, None
        if end.error is not None:
            failure = failure_from_text(end.error)
            if error is None and failure is not None:
                error = TaskFailedError(end.id, failure.type, failure.message)
            if error is not None:
                self._tell(running.claim.queue, end.id, error)

    def _freed(self, running: RunningAttempt) -> None:
        self._slots.give_back(running.claim.queue)
        if self._gate is not None:
            for waiting in self._gate.leave(running.claim.queue):
                self._begin(waiting, self._find(waiting.claim.definition))
        self._rhythm.stirred.set()
