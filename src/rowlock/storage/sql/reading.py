"""Plans that read over live and finished tasks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from rowlock.model.states import FINAL_STATES, TaskState
from rowlock.model.tasks import Attempt, LogLine, QueueCounts, Task
from rowlock.plan import Plan, Row
from rowlock.storage.contract import ServerFacts
from rowlock.storage.rows import attempt_from_row, log_from_row, task_from_row
from rowlock.storage.sql.listing import ListPlans
from rowlock.storage.sql.measuring import MeasurePlans


class ReadPlans(ListPlans, MeasurePlans):
    """`ReadStore` over a statement catalogue."""

    def get_task(
        self, namespace: str, task_id: UUID, *, now: datetime | None = None
    ) -> Plan[Task | None]:
        result = yield self._sql.bind("get_task", namespace=namespace, id=task_id, now=now)
        return task_from_row(result.rows[0], self._values) if result.rows else None

    def find_by_prefix(self, namespace: str, low: UUID, high: UUID, /) -> Plan[list[UUID]]:
        result = yield self._sql.bind("find_by_prefix", namespace=namespace, low=low, high=high)
        return sorted(self._ids(result.rows))

    def list_attempts(self, task_id: UUID, /) -> Plan[list[Attempt]]:
        result = yield self._sql.bind("list_attempts", id=task_id)
        return [attempt_from_row(row, self._values) for row in result.rows]

    def read_log(self, task_id: UUID, /) -> Plan[list[LogLine]]:
        result = yield self._sql.bind("read_log", id=task_id)
        return [line for row in result.rows for line in log_from_row(row)]

    def count_tasks(
        self, namespace: str, *, cap: int, now: datetime | None = None
    ) -> Plan[list[QueueCounts]]:
        queues = yield self._sql.bind("list_queues", namespace=namespace)
        counts: dict[str, dict[TaskState, int]] = {row[1]: {} for row in queues.rows}
        oldest: dict[str, timedelta] = {}
        live = yield self._sql.bind("count_live", namespace=namespace, now=now)
        for queue, state, count, waiting_since, clock in live.rows:
            counts.setdefault(queue, {})[TaskState(state)] = count
            # What has expired waits for nothing but its removal.
            if waiting_since is not None and state == TaskState.QUEUED:
                waited = self._values.read_time(clock) - self._values.read_time(waiting_since)
                oldest[queue] = max(waited, timedelta(0))
        finished = yield from self._count_finished(namespace, [row[1] for row in queues.rows], cap)
        for queue, state, count in finished:
            seen = counts.setdefault(queue, {})
            seen[TaskState(state)] = seen.get(TaskState(state), 0) + count
        paused = {row[1]: bool(row[2]) for row in queues.rows}
        return [
            QueueCounts(
                queue=queue,
                paused=paused.get(queue, False),
                counts=by_state,
                oldest_wait=oldest.get(queue),
                capped=sum(by_state.get(state, 0) for state in FINAL_STATES) >= cap,
            )
            for queue, by_state in sorted(counts.items())
        ]

    def _count_finished(self, namespace: str, queues: Sequence[str], cap: int) -> Plan[list[Row]]:
        del queues  # for engines that have to ask for each
        result = yield self._sql.bind("count_finished", namespace=namespace, cap=cap)
        return result.rows

    def server_facts(self) -> Plan[ServerFacts]:
        result = yield self._sql.bind("server_facts", now=None)
        version, now = result.rows[0]
        return ServerFacts(version, self._values.read_time(now))

    def waiting_definitions(
        self, namespace: str, queue: str, *, limit: int
    ) -> Plan[dict[str, int]]:
        result = yield self._sql.bind(
            "waiting_definitions", namespace=namespace, queue=queue, limit=limit
        )
        return dict(result.rows)
