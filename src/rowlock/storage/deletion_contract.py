"""What every engine promises about the deletion of queues."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple, Protocol
from uuid import UUID

from rowlock.plan import Plan


class Deletion(NamedTuple):
    """A queue that is being deleted: what was enqueued by then goes."""

    namespace: str
    queue: str
    before: datetime


class DeletionStore(Protocol):
    """Queues that are being deleted."""

    def mark(
        self, namespace: str, queue: str, /, *, reason: str, now: datetime | None = None
    ) -> Plan[None]:
        """Pause a queue for the reason, and note that what it holds by now is to go."""
        ...

    def deletion_of(self, namespace: str, queue: str, /) -> Plan[Deletion | None]:
        """Return a queue's deletion, if it is being deleted."""
        ...

    def list_deletions(self) -> Plan[list[Deletion]]:
        """Return what is being deleted, of all namespaces."""
        ...

    def lock_running(self, namespace: str, queue: str, /) -> Plan[list[UUID]]:
        """Lock the running tasks of a queue, in the caller's transaction."""
        ...

    def purge_tasks(self, ids: list[UUID], /) -> Plan[None]:
        """Delete live tasks by their ids, locked before, with all that belongs to them."""
        ...

    def purge_waiting(
        self, deletion: Deletion, /, *, after: UUID | None, limit: int
    ) -> Plan[list[UUID]]:
        """Delete a batch of live tasks that do not run.

        Args:
            deletion: Whose.
            after: The last id of the batch before.
            limit: How many at most.

        Returns:
            Which ones, in the order of ids.
        """
        ...

    def purge_finished(self, deletion: Deletion, /, *, limit: int) -> Plan[int]:
        """Delete a batch of finished tasks; returns how many."""
        ...

    def end(self, deletion: Deletion, /) -> Plan[bool]:
        """Delete the queue's row, unless a task is left that has to go.

        Tasks that were enqueued since then stay, in a queue as new.

        Returns:
            Whether the deletion has ended.
        """
        ...
