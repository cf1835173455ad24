"""What every engine promises of figures about tasks."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Protocol

from rowlock.model.measures import Claimable, Ended, Run, Running
from rowlock.model.tasks import Task
from rowlock.plan import Plan


class MeasureStore(Protocol):
    """Figures about tasks that run and that have finished of late."""

    def list_stuck(
        self, namespace: str, *, longer_than: timedelta, limit: int, now: datetime | None = None
    ) -> Plan[list[Task]]:
        """Return tasks that run for longer, or whose lease ran out; the first to start first."""
        ...

    def recent_ends(
        self,
        namespace: str,
        queue: str,
        *,
        window: timedelta,
        cap: int,
        now: datetime | None = None,
    ) -> Plan[Ended]:
        """Return how the last tasks of a queue ended, `cap` at most, of a time up to now."""
        ...

    def recent_runs(
        self,
        namespace: str,
        queue: str,
        *,
        window: timedelta,
        cap: int,
        now: datetime | None = None,
    ) -> Plan[list[Run]]:
        """Return the last runs of a queue's last finished tasks, `cap` at most."""
        ...

    def running_now(
        self, namespace: str, *, limit: int, now: datetime | None = None
    ) -> Plan[list[Running]]:
        """Return what runs, by queue and worker; at most so many pairs of these."""
        ...

    def count_claimable(
        self,
        namespace: str,
        queue: str,
        *,
        within: timedelta,
        cap: int,
        now: datetime | None = None,
    ) -> Plan[Claimable]:
        """Count what can start now or within some time, and what runs, each up to `cap`.

        Whether the queue is paused is not looked at. What expires before it can start does
        not count.
        """
        ...
