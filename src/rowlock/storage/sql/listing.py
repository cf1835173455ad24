"""Plans that list and count tasks by a filter."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from rowlock.model.tasks import Task, TaskFilter
from rowlock.plan import Plan
from rowlock.storage.listing_contract import Position
from rowlock.storage.rows import task_from_row
from rowlock.storage.sql.base import Plans
from rowlock.storage.sql.filters import filter_params


class ListPlans(Plans):
    """`ListStore` over a statement catalogue."""

    def list_tasks(
        self,
        namespace: str,
        wanted: TaskFilter,
        *,
        limit: int,
        before: UUID | None = None,
        now: datetime | None = None,
    ) -> Plan[list[Task]]:
        result = yield self._sql.bind(
            "list_tasks",
            namespace=namespace,
            before=before,
            limit=limit,
            now=now,
            **filter_params(wanted),
        )
        return [task_from_row(row, self._values) for row in result.rows]

    def list_finished(
        self,
        namespace: str,
        wanted: TaskFilter,
        *,
        limit: int,
        after: Position | None = None,
        now: datetime | None = None,
    ) -> Plan[list[Task]]:
        queues = [wanted.queue]
        if wanted.queue is None:
            known = yield self._sql.bind("list_queues", namespace=namespace)
            queues = [row[1] for row in known.rows]
        found: list[tuple[datetime, UUID, Task]] = []
        for queue in queues:
            tasks = yield from self._list_from(
                "list_finished", namespace, wanted._replace(queue=queue), limit, after, now
            )
            found += [(task.finished_at, task.id, task) for task in tasks if task.finished_at]
        found.sort(key=lambda one: one[:2], reverse=True)
        return [task for *_, task in found[:limit]]

    def list_waiting(
        self,
        namespace: str,
        wanted: TaskFilter,
        *,
        limit: int,
        after: Position | None = None,
        now: datetime | None = None,
    ) -> Plan[list[Task]]:
        return (yield from self._list_from("list_waiting", namespace, wanted, limit, after, now))

    def _list_from(
        self,
        statement: str,
        namespace: str,
        wanted: TaskFilter,
        limit: int,
        after: Position | None,
        now: datetime | None,
    ) -> Plan[list[Task]]:
        result = yield self._sql.bind(
            statement,
            namespace=namespace,
            at=None if after is None else after.at,
            before=None if after is None else after.id,
            limit=limit,
            now=now,
            **filter_params(wanted),
        )
        return [task_from_row(row, self._values) for row in result.rows]

    def count_matching(
        self, namespace: str, wanted: TaskFilter, *, cap: int, now: datetime | None = None
    ) -> Plan[int]:
        result = yield self._sql.bind(
            "count_matching", namespace=namespace, limit=cap + 1, now=now, **filter_params(wanted)
        )
        count: int = result.rows[0][0]
        return min(count, cap + 1)
