"""What every engine promises about telling those who watch."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

from rowlock.model.events import TaskEvent
from rowlock.plan import Plan

WATCHED_SECONDS = 1.0
"""For how long a process takes for granted that nobody watches, or that somebody does."""


class Kept(NamedTuple):
    """A subscription that goes on.

    Attributes:
        at: When it was looked at, by the database's clock.
        unbroken: Whether events were written up to then.
    """

    at: datetime
    unbroken: bool


class EventStore(Protocol):
    """Events of tasks, written by the transactions that change these while somebody watches."""

    def keep_subscription(
        self, namespace: str, /, *, lasting: timedelta, now: datetime | None = None
    ) -> Plan[Kept]:
        """Have events of a namespace written for so long, from now on or still.

        Every process does within `WATCHED_SECONDS`: what changes later than that is told.
        """
        ...

    def newest_event(self) -> Plan[int]:
        """Return the highest id that can be seen; 0 if there is none."""
        ...

    def read_events(self, *, after: int, limit: int) -> Plan[list[TaskEvent]]:
        """Return events above an id in the order of their ids, of all namespaces."""
        ...

    def read_late_events(self, ids: Sequence[int], /) -> Plan[list[TaskEvent]]:
        """Return those of these events that are there by now, in the order of their ids."""
        ...

    def delete_events(
        self, *, older_than: timedelta, limit: int, now: datetime | None = None
    ) -> Plan[int]:
        """Delete old events, the oldest first; returns how many."""
        ...
