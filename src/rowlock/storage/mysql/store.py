"""What MySQL does in another shape than the shared plans, for want of RETURNING."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any
from uuid import UUID

from rowlock.errors import StorageConflictError
from rowlock.model.ids import new_token
from rowlock.model.queues import Share
from rowlock.model.slices import slices
from rowlock.model.tasks import NewTask, Task
from rowlock.plan import BEGIN, Plan, Row
from rowlock.storage.contract import FIRST_PRIORITY, LAST_PRIORITY, ClaimRequest, Lane
from rowlock.storage.migrations import Migration, Migrations
from rowlock.storage.rows import task_from_row
from rowlock.storage.sql.enqueue import EnqueuePlans, inline_payload, is_inline
from rowlock.storage.sql.events import one, tells
from rowlock.storage.sql.operating import SteppedOperatePlans
from rowlock.storage.sql.reading import ReadPlans
from rowlock.storage.sql.stepped_claiming import SteppedClaimPlans
from rowlock.storage.wakeups import Hint


class MySQLEnqueuePlans(EnqueuePlans):
    """`EnqueuePlans` that find out in a second step what went in."""

    def insert_task(
        self,
        new: NewTask,
        *,
        namespace: str,
        hint: Hint | None = None,
        now: datetime | None = None,
    ) -> Plan[Task | None]:
        """Insert a task, then read it. See `EnqueueStore.insert_task`."""
        del hint  # this engine cannot call
        if not (yield from self.insert_tasks([new], namespace=namespace, now=now)):
            return None
        result = yield self._sql.bind("get_task", namespace=namespace, id=new.id, now=now)
        return task_from_row(result.rows[0], self._values)

    def _insert(
        self, tasks: Sequence[NewTask], namespace: str, now: datetime | None
    ) -> Plan[set[UUID]]:
        """Insert what is not there, and tell which rows are this call's.

        A row that is met is stamped with this call's marks, so the count is exact for one task
        under every client flag: 1 went in, 2 was met. For several, a sum of as many as were
        given means that all went in, unless a unique key was met: a second meeting of the same
        row changes nothing and counts 0 or 1. Then the rows are read back within the same
        transaction, in which nobody else can touch them: a given id that is there was inserted
        here, or was met by its id and carries `by_id`. A row of ours that a later task of the
        batch met by its unique key carries `by_key`.
        """
        # In one order everywhere, so that two batches wait for each other and do not deadlock.
        given = {task.id: task for task in reversed(tasks)}
        ordered = sorted(given.values(), key=lambda task: (task.unique_key or "", task.id))
        if len(ordered) > 1:
            yield BEGIN
        by_id, by_key = new_token(), new_token()
        result = yield self._sql.bind(
            "insert_tasks",
            namespace=namespace,
            now=now,
            by_id=by_id,
            by_key=by_key,
            **self._columns(ordered),
        )
        if len(ordered) == 1:
            return set(given) if result.count == 1 else set()
        if result.count == len(ordered) and not any(task.unique_key for task in ordered):
            return set(given)
        result = yield self._sql.bind(
            "read_inserted", by_id=by_id, **self._batch(ids=[task.id for task in ordered])
        )
        return self._ids(result.rows)

    def _forget_replayed(self, inserted: set[UUID]) -> Plan[set[UUID]]:
        result = yield self._sql.bind("find_replayed", **self._batch(ids=sorted(inserted)))
        replayed = self._ids(result.rows)
        if replayed:
            yield self._sql.bind("delete_tasks", **self._batch(ids=sorted(replayed)))
        return replayed

    def _insert_alike(self, tasks: Iterator[NewTask], common: Mapping[str, Any]) -> Plan[None]:
        for part in slices(tasks):
            columns = self._batch(
                ids=[task.id for task in part], payloads=[inline_payload(task) for task in part]
            )
            yield self._sql.bind("insert_alike", **columns, **common)
            yield from self._insert_payloads([task for task in part if not is_inline(task)])


class MySQLClaimPlans(SteppedClaimPlans):
    """`SteppedClaimPlans` that look above a line only if something is there."""

    def _lock_lane(
        self, request: ClaimRequest, share: Share, lane: Lane, now: datetime | None
    ) -> Plan[list[Row]]:
        if lane.from_priority == FIRST_PRIORITY and lane.to_priority < LAST_PRIORITY:
            result = yield self._sql.bind(
                "is_any_above",
                namespace=request.namespace,
                queue=share.queue,
                to_priority=lane.to_priority,
            )
            if not result.rows:
                return []
        return (yield from super()._lock_lane(request, share, lane, now))


class MySQLOperatePlans(SteppedOperatePlans):
    """`SteppedOperatePlans` without a count of rows that an UPDATE may leave as they were."""

    @tells(one)
    def request_cancel(self, namespace: str, task_id: UUID, /) -> Plan[bool]:
        """Mark a running task, whose row is locked first. See `OperateStore.request_cancel`."""
        yield BEGIN
        result = yield self._sql.bind("lock_running", namespace=namespace, id=task_id)
        if not result.rows:
            return False
        yield self._sql.bind("request_cancel", namespace=namespace, id=task_id)
        return True


class MySQLReadPlans(ReadPlans):
    """`ReadPlans` without LATERAL, which MariaDB lacks: a window would read all of history."""

    def _count_finished(self, namespace: str, queues: Sequence[str], cap: int) -> Plan[list[Row]]:
        rows: list[Row] = []
        for queue in queues:
            result = yield self._sql.bind(
                "count_finished", namespace=namespace, queue=queue, cap=cap
            )
            rows += result.rows
        return rows


class MySQLMigrations(Migrations):
    """`Migrations` under a named lock, which outlives transactions and has to be given back.

    DDL commits by itself here. A migration that was interrupted is applied again from its
    start, so each of its statements can be run again.
    """

    def apply(self) -> Plan[list[Migration]]:
        """Apply what is missing, under a lock. See `Migrations.apply`."""
        granted = yield self._sql.bind("lock_migrations", table=self._table)
        if granted.rows[0][0] != 1:
            raise StorageConflictError("another process is migrating this database")
        try:
            return (yield from super().apply())
        except Exception:
            # Where the connection is what broke, the server has released the lock already.
            with suppress(Exception):
                yield self._sql.bind("unlock_migrations", table=self._table)
            raise
