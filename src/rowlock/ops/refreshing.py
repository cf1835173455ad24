"""Computing again when schedules are due: the rules of time zones change."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from rowlock.model.schedules import Schedule
from rowlock.ops.occurrences import awaiting, next_occurrence
from rowlock.plan import Plan
from rowlock.storage.storage import Storage


def refresh_schedules(
    storage: Storage, after: UUID | None, *, limit: int, now: datetime | None = None
) -> Plan[UUID | None]:
    """Compute the next occurrences of some active schedules again.

    They change when the rules of time zones do. What is due already is left to those who fire.

    Args:
        storage: Where; all namespaces of it.
        after: Go on behind this schedule; None from the first.
        limit: How many schedules at most.
        now: Instead of the database's clock; for tests.

    Returns:
        Behind which one to go on; None at the end.
    """
    page = yield from storage.firings.page_schedules(after, limit=limit)
    clock = yield from storage.firings.read_clock(now=now)
    moved: list[Schedule] = []
    for schedule in page:
        planned = schedule.next_at
        if planned is None or planned <= clock or schedule.waits:
            continue
        try:
            # Only a clock that was set back has others before one that still holds: old ones.
            if next_occurrence(schedule, planned, inclusive=True) != planned:
                moved.append(awaiting(schedule, next_occurrence(schedule, clock)))
        except Exception:  # noqa: BLE001, S112 - told when it is due
            continue
    if moved:
        yield from storage.firings.move_schedules(moved)
    return page[-1].id if len(page) == limit else None
