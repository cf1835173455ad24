"""What every engine promises about upkeep: what has to be done for all tasks, by anybody."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple, Protocol
from uuid import UUID

from rowlock.plan import Plan

# No lease is older.
ALL_LEASES = timedelta(days=36_500)


class Ready(NamedTuple):
    """A task that can be claimed from now on."""

    id: UUID
    namespace: str
    queue: str


class Rescued(NamedTuple):
    """A task taken back from a worker whose lease ran out; the definition by its key."""

    id: UUID
    namespace: str
    queue: str
    definition: str | None
    worker: str | None
    final: bool


class UpkeepStore(Protocol):
    """What has to be done for all tasks of all namespaces, by anybody."""

    def promote_tasks(self, *, limit: int, now: datetime | None = None) -> Plan[list[Ready]]:
        """Move scheduled tasks that are due to queued; returns them."""
        ...

    def seconds_to_next_due(self, *, now: datetime | None = None) -> Plan[float | None]:
        """Return how long until the earliest scheduled task is due, by the database's clock."""
        ...

    def end_leases(self, namespace: str, worker: str, *, now: datetime | None = None) -> Plan[int]:
        """End the leases of a worker that is known to be dead; returns how many tasks it held.

        The next rescue takes them back.
        """
        ...

    def rescue_tasks(
        self,
        *,
        grace: timedelta,
        limit: int,
        reach: timedelta = ALL_LEASES,
        now: datetime | None = None,
    ) -> Plan[list[Rescued]]:
        """Take back tasks whose lease ran out more than `grace` ago.

        Each is charged a crash; at `max_crashes` it has failed as `crash_loop`.

        Args:
            grace: How long a lease is out before its task counts as lost.
            limit: How many to take back at most, the longest lost first.
            reach: For how long before that grace to look at least. Where what was finished
                leaves dead entries among the leases, an engine looks no further than that.
            now: The time, for tests; by default the database's.
        """
        ...

    def expire_tasks(self, *, limit: int, now: datetime | None = None) -> Plan[set[UUID]]:
        """Move waiting tasks past their lifetime to history; returns their ids."""
        ...

    def prune_history(
        self,
        namespace: str,
        queue: str,
        *,
        older_than: timedelta,
        limit: int,
        now: datetime | None = None,
    ) -> Plan[int]:
        """Delete finished tasks of a queue with all that belongs to them; returns how many."""
        ...

    def resting_duties(self, *, now: datetime | None = None) -> Plan[set[str]]:
        """Return the names of the duties whose next time has not come."""
        ...

    def take_duty(self, name: str, *, every: timedelta, now: datetime | None = None) -> Plan[bool]:
        """Return whether this process is the one to do the duty now; if so, set its next time."""
        ...
