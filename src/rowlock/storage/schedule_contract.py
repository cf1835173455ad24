"""What every engine promises about schedules and their firings."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol
from uuid import UUID

from rowlock.model.schedules import Firing, Schedule, ScheduleFilter, ScheduleOrder
from rowlock.plan import Plan

EVERY = ScheduleFilter()
NO_LIMIT = 2**31 - 1


class Moment(NamedTuple):
    """One occurrence of one schedule."""

    schedule: UUID
    occurrence: datetime


class ScheduleStore(Protocol):
    """Schedules; what looks one up finds those deleted softly, too.

    Each write carries the version that was read, and says whether that was still the one.
    """

    def insert_schedule(self, schedule: Schedule, /, *, now: datetime | None = None) -> Plan[bool]:
        """Store a new schedule in place of a deleted one; False if its name is taken."""
        ...

    def get_schedule(self, namespace: str, key: str, /) -> Plan[Schedule | None]:
        """Return the schedule of that key."""
        ...

    def get_schedule_by_id(self, namespace: str, schedule_id: UUID, /) -> Plan[Schedule | None]:
        """Return the schedule of that id."""
        ...

    def lock_schedule(self, namespace: str, key: str, /) -> Plan[Schedule | None]:
        """Return the schedule of that key as nobody else can change it now."""
        ...

    def update_schedule(self, schedule: Schedule, /, *, now: datetime | None = None) -> Plan[bool]:
        """Write all of a schedule, unless its version is no longer the one that was read."""
        ...

    def remove_schedule(self, schedule: Schedule, /) -> Plan[bool]:
        """Remove a schedule's row."""
        ...

    def list_schedules(
        self,
        namespace: str,
        wanted: ScheduleFilter = EVERY,
        *,
        limit: int = NO_LIMIT,
        offset: int = 0,
        order: ScheduleOrder = ScheduleOrder.NAME,
    ) -> Plan[list[Schedule]]:
        """Return the namespace's schedules in an order; equal ones by name."""
        ...

    def count_schedules(self, namespace: str, wanted: ScheduleFilter = EVERY, /) -> Plan[int]:
        """Return how many schedules a list would have without its limit."""
        ...

    def list_firings(
        self, schedule_id: UUID, /, *, limit: int, before: datetime | None = None
    ) -> Plan[list[Firing]]:
        """Return what became of occurrences before a moment, the last ones first."""
        ...


class FiringStore(Protocol):
    """What fires schedules, of all namespaces."""

    def seconds_to_next_schedule(self, *, now: datetime | None = None) -> Plan[float | None]:
        """Return how long until the next schedule is due, by the database's clock; None: never."""
        ...

    def lock_due_schedules(
        self, *, limit: int, now: datetime | None = None
    ) -> Plan[list[Schedule]]:
        """Return schedules that are due, the longest due first, locked; others' are passed over."""
        ...

    def page_schedules(self, after: UUID | None, /, *, limit: int) -> Plan[list[Schedule]]:
        """Return active schedules of all namespaces in the order of their ids."""
        ...

    def read_clock(self, *, now: datetime | None = None) -> Plan[datetime]:
        """Return what the database's clock says."""
        ...

    def has_live_run(self, schedule_id: UUID, /, *, last: int) -> Plan[bool]:
        """Return whether a task of its last occurrences is unfinished, backfilled ones aside."""
        ...

    def move_schedules(self, schedules: Sequence[Schedule], /) -> Plan[int]:
        """Write how far schedules have come; returns how many still had the version read."""
        ...

    def read_firings(self, moments: Collection[Moment], /) -> Plan[set[Moment]]:
        """Return of which of these occurrences it is known what became of them."""
        ...

    def insert_firings(self, firings: Sequence[Firing], /) -> Plan[None]:
        """Store what became of occurrences.

        Raises:
            StorageDataError: It is known already of one of them; nothing is stored.
        """
        ...

    def prune_firings(
        self, *, older_than: timedelta, limit: int, now: datetime | None = None
    ) -> Plan[int]:
        """Forget what became of old occurrences; returns of how many."""
        ...
