"""What any worker does for all: rescue, expire, delete queues, fold, vacuum, and prune. No leader.

Duty rows share it among workers; pruning goes by the system's own ticker.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable
from datetime import timedelta

from rowlock.errors import StorageError
from rowlock.ops.queue_deletion import Purge, purge_batch
from rowlock.ops.upkeep import (
    DELETE_QUEUES,
    END_PAUSES,
    END_PAUSES_LIMIT,
    EXPIRE,
    EXPIRE_LIMIT,
    FOLD_LIMIT,
    FOLD_TALLIES,
    PRUNE_LIMIT,
    RESCUE,
    RESCUE_ALL,
    RESCUE_GRACE,
    RESCUE_LIMIT,
    RESCUE_REACH,
    VACUUM,
    Duty,
)
from rowlock.runtime.threads import DaemonThreads
from rowlock.storage.deletion_contract import Deletion
from rowlock.storage.storage import Storage
from rowlock.storage.upkeep_contract import ALL_LEASES, Rescued

log = logging.getLogger(__name__)

TICK_SECONDS = 1.0
# Time enough for a heartbeat to notice that the database is back, and to connect.
MIN_AMNESTY_SECONDS = 1.0
# Of one round: other duties wait meanwhile.
MOST_DELETING_SECONDS = 1.0


class Upkeep:
    """Looks every second whether a duty is due, and does it if nobody else has taken it.

    After a start, after every outage and after every stall of the database the first rescue
    waits for a heartbeat's time: the leases that ran out meanwhile belong to workers that are
    just coming back.
    """

    def __init__(
        self,
        storage: Storage,
        *,
        amnesty: timedelta,
        on_rescue: Callable[[Rescued], None] | None = None,
        on_error: Callable[[StorageError], None] | None = None,
    ) -> None:
        """Set it up.

        Args:
            storage: The database, all namespaces of it.
            amnesty: How long holders have to renew before the first rescue.
            on_rescue: Told of each task that is taken back, of any namespace.
            on_error: Told of each round that failed.
        """
        self._on_rescue = on_rescue
        self._on_error = on_error
        self._storage = storage
        self._run = storage.worker_runner.run
        self._amnesty = max(amnesty.total_seconds(), MIN_AMNESTY_SECONDS)
        self._vacuuming = DaemonThreads(1, name="vacuum")
        self._no_rescue_before = 0.0
        self._rescued_at: float | None = None
        self._away = False
        self._purges: dict[Deletion, Purge] = {}
        self._resting: set[str] = set()

    async def run(self) -> None:
        """Do duties until cancelled."""
        loop = asyncio.get_running_loop()
        self._spare(loop.time())
        while True:
            await asyncio.sleep(TICK_SECONDS * (0.8 + 0.4 * random.random()))  # noqa: S311 - jitter
            asked = loop.time()
            rescue = not self._away and asked >= self._no_rescue_before
            try:
                await self.round(rescue=rescue)
            except StorageError as error:
                log.warning("upkeep failed, trying again: %s", error)
                if self._on_error is not None:
                    self._on_error(error)
                self._away = True
            else:
                if self._away or loop.time() - asked > self._amnesty:
                    self._spare(loop.time())
                self._away = False

    def _spare(self, now: float) -> None:
        self._no_rescue_before = now + self._amnesty * (1 + 0.2 * random.random())  # noqa: S311

    async def round(self, *, rescue: bool = True) -> None:
        """Do every duty that is due and not taken by somebody else."""
        asked = asyncio.get_running_loop().time()
        # One look at all of them: most of the time nothing is to be done.
        self._resting = await self._storage.worker_runner.read(self._storage.upkeep.resting_duties)
        if rescue:
            await self._rescue(asked)
        if await self._take(EXPIRE):
            await self._expire()
        if await self._take(END_PAUSES):
            await self._end_pauses()
        if await self._take(DELETE_QUEUES):
            await self._delete_queues()
        if await self._take(FOLD_TALLIES):
            await self._fold_tallies()
        vacuum = self._storage.vacuum
        if vacuum and await self._take(VACUUM) and await self._run(vacuum.pays):
            # Not on the runner's threads, which claiming and settling need meanwhile.
            await self._vacuuming.submit(vacuum.vacuum)

    async def _take(self, duty: Duty) -> bool:
        if duty.name in self._resting:
            return False
        take = self._storage.upkeep.take_duty
        return await self._run(take, duty.name, every=duty.every)

    async def _rescue(self, asked: float) -> None:
        """Take lost tasks back, unless asking takes so long that holders could not renew either."""
        loop = asyncio.get_running_loop()
        reach = await self._reach(asked) if await self._take(RESCUE) else None
        if loop.time() - asked > self._amnesty:
            self._spare(loop.time())
            return
        if reach is not None:
            await rescue_lost(self._storage, reach=reach, on_rescue=self._on_rescue)
        if reach is not None or RESCUE.name in self._resting:
            self._rescued_at = asked

    async def _reach(self, now: float) -> timedelta:
        """Return how far back a rescue has to look.

        An old snapshot keeps the entries of all finished tasks in the index of leases. Those from
        before the last look, whoever did it, are only walked over now and then: for what was
        locked, or was committed late, whenever a short look came by.
        """
        if await self._take(RESCUE_ALL) or self._rescued_at is None:
            return ALL_LEASES
        return RESCUE_REACH + timedelta(seconds=now - self._rescued_at)

    async def _expire(self) -> None:
        """Move every waiting task past its lifetime to history."""
        part = EXPIRE_LIMIT
        while part == EXPIRE_LIMIT:
            part = len(await self._run(self._storage.upkeep.expire_tasks, limit=EXPIRE_LIMIT))

    async def _end_pauses(self) -> None:
        """Let tasks wait on whose pause has ended."""
        part = END_PAUSES_LIMIT
        while part == END_PAUSES_LIMIT:
            ended = await self._run(self._storage.changes.end_pauses, limit=END_PAUSES_LIMIT)
            part = len(ended)
            for task in ended:
                self._storage.wakeups.wake_here(task.namespace, task.queue)

    async def _fold_tallies(self) -> None:
        """Put together what processes have counted."""
        tallies = self._storage.tallies
        for namespace in await self._run(tallies.list_unfolded):
            part = FOLD_LIMIT
            while part == FOLD_LIMIT:
                part = await self._run(tallies.fold_tallies, namespace, limit=FOLD_LIMIT)

    async def _delete_queues(self) -> None:
        """Go on with deletions of queues that whoever asked for them did not wait for."""
        loop = asyncio.get_running_loop()
        end = loop.time() + MOST_DELETING_SECONDS
        begun, self._purges = self._purges, {}
        for deletion in await self._run(self._storage.deletions.list_deletions):
            purge = begun.get(deletion, Purge(deletion))
            while not purge.over and loop.time() < end:
                purge = await self._run(purge_batch, self._storage, purge)
            if purge.ended:
                log.info("queue %s: deleted", deletion.queue)
                self._storage.wakeups.wake_here(deletion.namespace, deletion.queue)
            elif not purge.over:
                self._purges[deletion] = purge


async def prune(storage: Storage) -> None:
    """Delete finished tasks past the retention of their queue, in all namespaces."""
    run = storage.worker_runner.run
    for queue in await run(storage.queues.list_queues, None):
        part, pruned = PRUNE_LIMIT, 0
        while part == PRUNE_LIMIT:
            part = await run(
                storage.upkeep.prune_history,
                queue.namespace,
                queue.name,
                older_than=queue.retention,
                limit=PRUNE_LIMIT,
            )
            pruned += part
        if pruned:
            log.info("queue %s: pruned %d finished tasks", queue.name, pruned)


async def rescue_lost(
    storage: Storage,
    *,
    reach: timedelta = ALL_LEASES,
    on_rescue: Callable[[Rescued], None] | None = None,
) -> None:
    """Take back every task whose lease ran out within `reach`, a batch at a time."""
    run, rescue, part = storage.worker_runner.run, storage.upkeep.rescue_tasks, RESCUE_LIMIT
    while part == RESCUE_LIMIT:
        rescued = await run(rescue, grace=RESCUE_GRACE, reach=reach, limit=RESCUE_LIMIT)
        part = len(rescued)
        # Where there are more than that, the rest may leave the reach meanwhile.
        reach = ALL_LEASES
        for task in rescued:
            end = "failed as crash_loop or canceled" if task.final else "queued again"
            log.warning("task %s: lost by worker %s, %s", task.id, task.worker, end)
            if on_rescue is not None:
                on_rescue(task)
            storage.wakeups.wake_here(task.namespace, task.queue)
        for namespace in {task.namespace for task in rescued if not task.final}:
            queues = {task.queue for task in rescued if task.namespace == namespace}
            await run(storage.wakeups.announce, namespace, sorted(queues), coalesce=True)


async def release_worker(storage: Storage, namespace: str, worker: str) -> int:
    """Take back at once what a worker holds that is known to be dead; each is a crash.

    Returns:
        How many tasks it held.
    """
    held = await storage.worker_runner.run(storage.upkeep.end_leases, namespace, worker)
    if held:
        await rescue_lost(storage)
    return held
