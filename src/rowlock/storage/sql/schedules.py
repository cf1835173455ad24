"""Plans for schedules and for firing them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from rowlock.model.schedules import Firing, Schedule, ScheduleFilter, ScheduleOrder
from rowlock.plan import BEGIN, Plan, Row, Statement
from rowlock.storage.schedule_contract import EVERY, NO_LIMIT, Moment
from rowlock.storage.schedule_rows import (
    firing_from_row,
    moved_columns,
    schedule_columns,
    schedule_from_row,
)
from rowlock.storage.sql.base import Plans


class SchedulePlans(Plans):
    """`ScheduleStore` over a statement catalogue."""

    def insert_schedule(self, schedule: Schedule, /, *, now: datetime | None = None) -> Plan[bool]:
        yield BEGIN
        columns = schedule_columns(schedule)
        names = {"namespace": schedule.namespace, "key": schedule.key}
        yield self._sql.bind("remove_deleted_schedule", **names)
        yield self._sql.bind("insert_schedule", now=now, **columns)
        # A row of another id was there first, and not every engine counts alike.
        stored = yield from self.get_schedule(schedule.namespace, schedule.key)
        return stored is not None and stored.id == schedule.id

    def get_schedule(self, namespace: str, key: str, /) -> Plan[Schedule | None]:
        return self._one(self._sql.bind("get_schedule", namespace=namespace, key=key))

    def get_schedule_by_id(self, namespace: str, schedule_id: UUID, /) -> Plan[Schedule | None]:
        return self._one(self._sql.bind("get_schedule_by_id", namespace=namespace, id=schedule_id))

    def lock_schedule(self, namespace: str, key: str, /) -> Plan[Schedule | None]:
        yield BEGIN
        return (yield from self._one(self._sql.bind("lock_schedule", namespace=namespace, key=key)))

    def update_schedule(self, schedule: Schedule, /, *, now: datetime | None = None) -> Plan[bool]:
        result = yield self._sql.bind("update_schedule", now=now, **schedule_columns(schedule))
        return result.count == 1

    def remove_schedule(self, schedule: Schedule, /) -> Plan[bool]:
        result = yield self._sql.bind("remove_schedule", id=schedule.id, version=schedule.version)
        return result.count == 1

    def list_schedules(
        self,
        namespace: str,
        wanted: ScheduleFilter = EVERY,
        *,
        limit: int = NO_LIMIT,
        offset: int = 0,
        order: ScheduleOrder = ScheduleOrder.NAME,
    ) -> Plan[list[Schedule]]:
        result = yield self._sql.bind(
            "list_schedules",
            namespace=namespace,
            limit=limit,
            offset=offset,
            order=order.value,
            **wanted._asdict(),
        )
        return [schedule_from_row(row, self._values) for row in result.rows]

    def count_schedules(self, namespace: str, wanted: ScheduleFilter = EVERY, /) -> Plan[int]:
        result = yield self._sql.bind("count_schedules", namespace=namespace, **wanted._asdict())
        count: int = result.rows[0][0]
        return count

    def list_firings(
        self, schedule_id: UUID, /, *, limit: int, before: datetime | None = None
    ) -> Plan[list[Firing]]:
        result = yield self._sql.bind(
            "list_firings", schedule=schedule_id, limit=limit, before=before
        )
        return [firing_from_row(row, self._values) for row in result.rows]

    def _one(self, statement: Statement) -> Plan[Schedule | None]:
        result = yield statement
        return schedule_from_row(result.rows[0], self._values) if result.rows else None


class FiringPlans(Plans):
    """`FiringStore` over a statement catalogue."""

    def seconds_to_next_schedule(self, *, now: datetime | None = None) -> Plan[float | None]:
        result = yield self._sql.bind("next_schedule", now=now)
        if not result.rows:
            return None
        due, clock = (self._values.read_time(value) for value in result.rows[0])
        return max(0.0, (due - clock).total_seconds())

    def lock_due_schedules(
        self, *, limit: int, now: datetime | None = None
    ) -> Plan[list[Schedule]]:
        yield BEGIN
        result = yield self._sql.bind("lock_due_schedules", limit=limit, now=now)
        return self._schedules(result.rows)

    def page_schedules(self, after: UUID | None, /, *, limit: int) -> Plan[list[Schedule]]:
        result = yield self._sql.bind("page_schedules", after=after or UUID(int=0), limit=limit)
        return self._schedules(result.rows)

    def _schedules(self, rows: Sequence[Row]) -> list[Schedule]:
        return [schedule_from_row(row, self._values) for row in rows]

    def read_clock(self, *, now: datetime | None = None) -> Plan[datetime]:
        result = yield self._sql.bind("read_clock", now=now)
        return self._values.read_time(result.rows[0][0])

    def has_live_run(self, schedule_id: UUID, /, *, last: int) -> Plan[bool]:
        result = yield self._sql.bind("count_live_runs", schedule=schedule_id, last=last)
        return bool(result.rows[0][0])

    def move_schedules(self, schedules: Sequence[Schedule], /) -> Plan[int]:
        columns = [moved_columns(one) for one in schedules]
        result = yield self._sql.bind(
            "move_schedules",
            **self._batch(
                ids=[one.id for one in schedules],
                versions=[one["version"] for one in columns],
                statuses=[one["status"] for one in columns],
                runs=[one["runs"] for one in columns],
                missed=[one["missed"] for one in columns],
                last_run_ats=[one["last_run_at"] for one in columns],
                last_tasks=[one["last_task"] for one in columns],
                next_ats=[one["next_at"] for one in columns],
                due_ats=[one["due_at"] for one in columns],
                waits=[one["waits"] for one in columns],
                problems=[one["problem"] for one in columns],
            ),
        )
        return result.count

    def read_firings(self, moments: Collection[Moment], /) -> Plan[set[Moment]]:
        result = yield self._sql.bind(
            "read_firings",
            **self._batch(
                schedules=[one.schedule for one in moments],
                occurrences=[one.occurrence for one in moments],
            ),
        )
        return {
            Moment(self._values.read_id(schedule), self._values.read_time(occurrence))
            for schedule, occurrence in result.rows
        }

    def insert_firings(self, firings: Sequence[Firing], /) -> Plan[None]:
        yield self._sql.bind(
            "insert_firings",
            **self._batch(
                schedules=[one.schedule for one in firings],
                occurrences=[one.occurrence for one in firings],
                outcomes=[one.outcome.value for one in firings],
                ats=[one.at for one in firings],
                tasks=[one.task for one in firings],
                reasons=[None if one.reason is None else one.reason.value for one in firings],
                passed=[one.passed for one in firings],
            ),
        )

    def prune_firings(
        self, *, older_than: timedelta, limit: int, now: datetime | None = None
    ) -> Plan[int]:
        result = yield self._sql.bind("prune_firings", older_than=older_than, limit=limit, now=now)
        return result.count
