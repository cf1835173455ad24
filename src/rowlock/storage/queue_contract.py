"""What every engine promises about queues."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from rowlock.model.queues import Queue, QueuePolicy
from rowlock.plan import Plan


class QueueStore(Protocol):
    """Queues and their policies."""

    def ensure_queue(self, namespace: str, name: str, /) -> Plan[Queue]:
        """Return the queue, made with the defaults if it was not there."""
        ...

    def get_queue(self, namespace: str, name: str, /) -> Plan[Queue | None]:
        """Return the queue, if it is there."""
        ...

    def create_queue(self, namespace: str, name: str, /) -> Plan[bool]:
        """Make the queue with the defaults; False if it was there."""
        ...

    def list_namespaces(self) -> Plan[list[str]]:
        """Return the namespaces that have a queue, by name."""
        ...

    def update_queue(self, namespace: str, name: str, given: QueuePolicy, /) -> Plan[Queue]:
        """Create the queue or change what is given of its policy; returns it as it is then."""
        ...

    def pause_queue(
        self,
        namespace: str,
        name: str,
        paused: bool,  # noqa: FBT001
        /,
        *,
        until: datetime | None = None,
        reason: str | None = None,
    ) -> Plan[bool]:
        """Pause or resume a queue, for ever or until a time; False if there is none."""
        ...

    def list_queues(self, namespace: str | None, /) -> Plan[list[Queue]]:
        """Return the queues of a namespace, or of all, by name."""
        ...

    def forget_namespace(self, namespace: str, /) -> Plan[None]:
        """Delete the rows of all queues and definitions of a namespace that has no tasks."""
        ...
