"""Plans that find figures about tasks."""

from __future__ import annotations

from datetime import datetime, timedelta

from rowlock.model.measures import Claimable, Ended, Run, Running
from rowlock.model.states import TaskState
from rowlock.model.tasks import Task
from rowlock.plan import Plan
from rowlock.storage.rows import task_from_row
from rowlock.storage.sql.base import Plans


class MeasurePlans(Plans):
    """`MeasureStore` over a statement catalogue."""

    def list_stuck(
        self, namespace: str, *, longer_than: timedelta, limit: int, now: datetime | None = None
    ) -> Plan[list[Task]]:
        result = yield self._sql.bind(
            "list_stuck", namespace=namespace, longer_than=longer_than, limit=limit, now=now
        )
        return [task_from_row(row, self._values) for row in result.rows]

    def recent_ends(
        self,
        namespace: str,
        queue: str,
        *,
        window: timedelta,
        cap: int,
        now: datetime | None = None,
    ) -> Plan[Ended]:
        result = yield self._sql.bind(
            "recent_ends", namespace=namespace, queue=queue, window=window, cap=cap, now=now
        )
        read = self._values.read_time
        rows = [(TaskState(state), count, read(first)) for state, count, first, _ in result.rows]
        return Ended(
            counts={state: count for state, count, _ in rows},
            since=min((first for *_, first in rows), default=None),
            now=read(result.rows[0][3]) if rows else None,
        )

    def recent_runs(
        self,
        namespace: str,
        queue: str,
        *,
        window: timedelta,
        cap: int,
        now: datetime | None = None,
    ) -> Plan[list[Run]]:
        result = yield self._sql.bind(
            "recent_runs", namespace=namespace, queue=queue, window=window, cap=cap, now=now
        )
        read, none = self._values.read_time, timedelta(0)
        runs: list[Run] = []
        for definition, state, run_at, started_at, finished_at in result.rows:
            started = read(started_at)
            # Two readings of the clock: a task may seem to start before it was due.
            waited = max(started - read(run_at), none)
            took = max(read(finished_at) - started, none)
            runs.append(Run(definition or None, TaskState(state), waited, took))
        return runs

    def running_now(
        self, namespace: str, *, limit: int, now: datetime | None = None
    ) -> Plan[list[Running]]:
        result = yield self._sql.bind("running_now", namespace=namespace, limit=limit, now=now)
        read, none = self._values.read_time, timedelta(0)
        return [
            Running(queue, worker, tasks, max(read(clock) - read(first), none), overdue)
            for queue, worker, tasks, first, overdue, clock in result.rows
        ]

    def count_claimable(
        self,
        namespace: str,
        queue: str,
        *,
        within: timedelta,
        cap: int,
        now: datetime | None = None,
    ) -> Plan[Claimable]:
        result = yield self._sql.bind(
            "count_claimable", namespace=namespace, queue=queue, within=within, cap=cap, now=now
        )
        queued, due, running, clock = result.rows[0]
        return Claimable(queued, due, running, self._values.read_time(clock))
