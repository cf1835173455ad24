"""Plans for the deletion of queues."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from rowlock.plan import BEGIN, Plan, Row
from rowlock.storage.deletion_contract import Deletion
from rowlock.storage.sql.base import Plans

_LIVE_ROWS = ("delete_tasks", "delete_attempts", "delete_log", "delete_payloads", "forget_pauses")
_FINAL_ROWS = ("delete_attempts", "delete_log", "delete_payloads", "delete_history")


class DeletionPlans(Plans):
    """`DeletionStore` over a statement catalogue."""

    def mark(
        self, namespace: str, queue: str, /, *, reason: str, now: datetime | None = None
    ) -> Plan[None]:
        yield self._sql.bind(
            "mark_deleting", namespace=namespace, queue=queue, reason=reason, now=now
        )

    def deletion_of(self, namespace: str, queue: str, /) -> Plan[Deletion | None]:
        result = yield self._sql.bind("list_deletions", namespace=namespace, queue=queue)
        return self._deletion(result.rows[0]) if result.rows else None

    def list_deletions(self) -> Plan[list[Deletion]]:
        result = yield self._sql.bind("list_deletions", namespace=None, queue=None)
        return [self._deletion(row) for row in result.rows]

    def _deletion(self, row: Row) -> Deletion:
        namespace, queue, before = row
        return Deletion(namespace, queue, self._values.read_time(before))

    def lock_running(self, namespace: str, queue: str, /) -> Plan[list[UUID]]:
        result = yield self._sql.bind("lock_running_of", namespace=namespace, queue=queue)
        return self._in_order(result.rows)

    def purge_tasks(self, ids: list[UUID], /) -> Plan[None]:
        yield from self._purge(_LIVE_ROWS, ids)

    def purge_waiting(
        self, deletion: Deletion, /, *, after: UUID | None, limit: int
    ) -> Plan[list[UUID]]:
        yield BEGIN
        result = yield self._sql.bind(
            "lock_doomed_live", after=after, limit=limit, **deletion._asdict()
        )
        ids = self._in_order(result.rows)
        yield from self._purge(_LIVE_ROWS, ids)
        return ids

    def purge_finished(self, deletion: Deletion, /, *, limit: int) -> Plan[int]:
        yield BEGIN
        result = yield self._sql.bind("lock_doomed_final", limit=limit, **deletion._asdict())
        ids = self._in_order(result.rows)
        yield from self._purge(_FINAL_ROWS, ids)
        return len(ids)

    def end(self, deletion: Deletion, /) -> Plan[bool]:
        yield BEGIN
        told = deletion._asdict()
        result = yield self._sql.bind("read_left", **told)
        has_to_go, may_stay = result.rows[0]
        if has_to_go:
            return False
        ended = yield self._sql.bind("renew_queue" if may_stay else "remove_queue", **told)
        return ended.count == 1

    def _purge(self, statements: tuple[str, ...], ids: list[UUID]) -> Plan[None]:
        if ids:
            batch = self._batch(ids=ids)
            for statement in statements:
                yield self._sql.bind(statement, **batch)

    def _in_order(self, rows: list[Row]) -> list[UUID]:
        return [self._values.read_id(row[0]) for row in rows]
