"""Queues' policies, remembered for a few seconds so that enqueueing and running stay cheap."""

from __future__ import annotations

import time

from rowlock.model.queues import Queue
from rowlock.plan import Plan
from rowlock.storage.storage import Storage

FRESH_SECONDS = 5.0


class PolicyCache:
    """One namespace's queues as they were at most a few seconds ago."""

    def __init__(self, namespace: str) -> None:
        self._namespace = namespace
        self._queues: dict[str, Queue] = {}
        self._read_at: dict[str, float] = {}

    def is_fresh(self, name: str) -> bool:
        """Whether the queue was read a moment ago."""
        read_at = self._read_at.get(name)
        return read_at is not None and time.monotonic() - read_at < FRESH_SECONDS

    def queue(self, name: str) -> Queue:
        """Return the queue as last seen, or with the built-in policy if never."""
        return self._queues.get(name) or Queue(namespace=self._namespace, name=name)

    def remember(self, queue: Queue) -> None:
        """Keep what was just read or written."""
        self._queues[queue.name] = queue
        self._read_at[queue.name] = time.monotonic()

    def forget(self, name: str) -> None:
        """Ask again for a queue that may be gone."""
        self._queues.pop(name, None)
        self._read_at.pop(name, None)

    def look(self, storage: Storage, name: str) -> Plan[None]:
        """Read a queue again without making it; one that is not there is not remembered."""
        for queue in (yield from storage.queues.list_queues(self._namespace)):
            if queue.name == name:
                self.remember(queue)

    def refresh(self, storage: Storage, names: tuple[str, ...]) -> Plan[None]:
        """Read queues again; those that are not there are made with the defaults."""
        for name in names:
            self.remember((yield from storage.queues.ensure_queue(self._namespace, name)))
