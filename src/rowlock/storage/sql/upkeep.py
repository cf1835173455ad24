"""Plans of upkeep, for engines where each is one statement and for those that take steps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from rowlock.model.failures import failure_to_text
from rowlock.model.tallies import Counted, TallyKey
from rowlock.model.tasks import TaskFailure
from rowlock.plan import BEGIN, Plan, Row
from rowlock.storage.sql.events import TellingPlans, ready, returned, tells
from rowlock.storage.upkeep_contract import ALL_LEASES, Ready, Rescued

LOST = failure_to_text(
    TaskFailure(
        type="WorkerLost",
        message="the lease ran out without a heartbeat: the worker died, froze or was cut off",
    )
)

# Longer than a lease that ran out is spared, and so little that short looks find it.
JUST_OVER = timedelta(seconds=3)


def _of_rescued(rescued: list[Rescued], **_: object) -> list[UUID]:
    return [task.id for task in rescued]


class UpkeepPlans(TellingPlans):
    """`UpkeepStore` over a statement catalogue."""

    @tells(ready)
    def promote_tasks(self, *, limit: int, now: datetime | None = None) -> Plan[list[Ready]]:
        result = yield self._sql.bind("promote_tasks", limit=limit, now=now)
        return self._ready(result.rows)

    def _ready(self, rows: Sequence[Row]) -> list[Ready]:
        return [Ready(self._values.read_id(row[0]), row[1], row[2]) for row in rows]

    def seconds_to_next_due(self, *, now: datetime | None = None) -> Plan[float | None]:
        result = yield self._sql.bind("next_due", now=now)
        if not result.rows:
            return None
        due, clock = (self._values.read_time(value) for value in result.rows[0])
        return max(0.0, (due - clock).total_seconds())

    def end_leases(self, namespace: str, worker: str, *, now: datetime | None = None) -> Plan[int]:
        result = yield self._sql.bind(
            "end_leases", namespace=namespace, worker=worker, ago=JUST_OVER, now=now
        )
        return result.count

    @tells(_of_rescued)
    def rescue_tasks(
        self,
        *,
        grace: timedelta,
        limit: int,
        reach: timedelta = ALL_LEASES,
        now: datetime | None = None,
    ) -> Plan[list[Rescued]]:
        result = yield self._sql.bind(
            "rescue_tasks", grace=grace, reach=reach, limit=limit, error=LOST, now=now
        )
        rescued = self._rescued(result.rows)
        yield from self._count_rescued(rescued)
        return rescued

    def _rescued(self, rows: Sequence[Row]) -> list[Rescued]:
        return [
            Rescued(
                self._values.read_id(task_id), namespace, queue, definition, worker, bool(final)
            )
            for task_id, namespace, queue, definition, worker, final in rows
        ]

    def _count_rescued(self, rescued: Sequence[Rescued]) -> Plan[None]:
        yield from self.count(
            Counter(
                TallyKey(one.namespace, one.queue, one.definition, Counted.RESCUED)
                for one in rescued
            )
        )
        yield from self.count_ends([one.id for one in rescued if one.final])

    @tells(returned, ends=True)
    def expire_tasks(self, *, limit: int, now: datetime | None = None) -> Plan[set[UUID]]:
        result = yield self._sql.bind("expire_tasks", limit=limit, now=now)
        return self._ids(result.rows)

    def prune_history(
        self,
        namespace: str,
        queue: str,
        *,
        older_than: timedelta,
        limit: int,
        now: datetime | None = None,
    ) -> Plan[int]:
        result = yield self._sql.bind(
            "prune_history",
            namespace=namespace,
            queue=queue,
            older_than=older_than,
            limit=limit,
            now=now,
        )
        return len(result.rows)

    def resting_duties(self, *, now: datetime | None = None) -> Plan[set[str]]:
        result = yield self._sql.bind("resting_duties", now=now)
        return {name for (name,) in result.rows}

    def take_duty(self, name: str, *, every: timedelta, now: datetime | None = None) -> Plan[bool]:
        result = yield self._sql.bind("take_duty", name=name, every=every, now=now)
        if result.count == 0:
            made = yield self._sql.bind("make_duty", name=name, now=now)
            if made.count == 0:
                return False
            result = yield self._sql.bind("take_duty", name=name, every=every, now=now)
        return result.count == 1


class SteppedUpkeepPlans(UpkeepPlans):
    """`UpkeepPlans` for engines without data-modifying subqueries."""

    @tells(ready)
    def promote_tasks(self, *, limit: int, now: datetime | None = None) -> Plan[list[Ready]]:
        yield BEGIN
        result = yield self._sql.bind("lock_due", limit=limit, now=now)
        if result.rows:
            yield self._sql.bind("mark_queued", **self._batch(ids=self._row_ids(result.rows)))
        return self._ready(result.rows)

    @tells(_of_rescued)
    def rescue_tasks(
        self,
        *,
        grace: timedelta,
        limit: int,
        reach: timedelta = ALL_LEASES,  # noqa: ARG002 - no dead entries lie behind it
        now: datetime | None = None,
    ) -> Plan[list[Rescued]]:
        yield BEGIN
        result = yield self._sql.bind("lock_lost", grace=grace, limit=limit, now=now)
        rescued = self._rescued(result.rows)
        again = [task.id for task in rescued if not task.final]
        if again:
            yield self._sql.bind("record_lost", error=LOST, now=now, **self._batch(ids=again))
        if rescued:
            lost = self._batch(ids=[task.id for task in rescued])
            yield self._sql.bind("charge_crash", error=LOST, **lost)
        hopeless = [task.id for task in rescued if task.final]
        if hopeless:
            yield self._sql.bind("bury_hopeless", now=now, **self._batch(ids=hopeless))
            yield self._sql.bind("delete_tasks", **self._batch(ids=hopeless))
        yield from self._count_rescued(rescued)
        return rescued

    @tells(returned, ends=True)
    def expire_tasks(self, *, limit: int, now: datetime | None = None) -> Plan[set[UUID]]:
        yield BEGIN
        result = yield self._sql.bind("lock_late", limit=limit, now=now)
        if result.rows:
            late = self._batch(ids=self._row_ids(result.rows))
            yield self._sql.bind(
                "bury_waiting", state="expired", reason="lifetime", now=now, **late
            )
            yield self._sql.bind("delete_tasks", **late)
        return self._ids(result.rows)

    def prune_history(
        self,
        namespace: str,
        queue: str,
        *,
        older_than: timedelta,
        limit: int,
        now: datetime | None = None,
    ) -> Plan[int]:
        yield BEGIN
        result = yield self._sql.bind(
            "lock_old",
            namespace=namespace,
            queue=queue,
            older_than=older_than,
            limit=limit,
            now=now,
        )
        if result.rows:
            old = self._batch(ids=self._row_ids(result.rows))
            for table in ("attempts", "log", "payloads", "history"):
                yield self._sql.bind(f"delete_{table}", **old)
        return len(result.rows)

    def _row_ids(self, rows: Sequence[Row]) -> list[UUID]:
        return [self._values.read_id(row[0]) for row in rows]
