"""What every engine promises of lists and counts of tasks."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple, Protocol
from uuid import UUID

from rowlock.model.tasks import Task, TaskFilter
from rowlock.plan import Plan


class Position(NamedTuple):
    """Where a list in order of time goes on: the last task of the page before."""

    at: datetime
    id: UUID


class ListStore(Protocol):
    """Choosing tasks by a filter, live and finished ones."""

    def list_tasks(
        self,
        namespace: str,
        wanted: TaskFilter,
        *,
        limit: int,
        before: UUID | None = None,
        now: datetime | None = None,
    ) -> Plan[list[Task]]:
        """Return tasks newest first, those with ids below `before`."""
        ...

    def list_finished(
        self,
        namespace: str,
        wanted: TaskFilter,
        *,
        limit: int,
        after: Position | None = None,
        now: datetime | None = None,
    ) -> Plan[list[Task]]:
        """Return finished tasks, the last one to finish first; of the namespace's queues."""
        ...

    def list_waiting(
        self,
        namespace: str,
        wanted: TaskFilter,
        *,
        limit: int,
        after: Position | None = None,
        now: datetime | None = None,
    ) -> Plan[list[Task]]:
        """Return waiting tasks, the first one to be due first."""
        ...

    def count_matching(
        self, namespace: str, wanted: TaskFilter, *, cap: int, now: datetime | None = None
    ) -> Plan[int]:
        """Return how many tasks a filter chooses; more than `cap` is all that is said above it."""
        ...
