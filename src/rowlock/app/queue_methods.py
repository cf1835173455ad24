"""Queues and their counts, for both facades."""

from __future__ import annotations

from typing import Unpack

from rowlock.app import flows
from rowlock.app.facade import GivenPolicy
from rowlock.app.running import AsyncRunning, Running
from rowlock.model.queues import Queue
from rowlock.model.tasks import QueueCounts


class QueueMethods(Running):
    """Queues and their counts."""

    def register_queue(self, name: str, /, **policy: Unpack[GivenPolicy]) -> Queue:
        """Create a queue or change its policy; only what is given changes.

        Args:
            name: A letter, then up to 63 letters, digits, `.`, `_`, `-`; case is ignored.
            **policy: `lifetime`, `max_attempts`, `max_crashes`, `retry`, `lease`, `timeout`,
                `retention`; durations may be text such as `"30s"`.

        Raises:
            InvalidValueError: A value is refused; nothing changed.
        """
        return self._run(flows.register_queue(self.core, name, dict(policy)))

    def pause_queue(self, name: str, /) -> None:
        """Let workers claim nothing more from a queue; running tasks go on.

        Raises:
            QueueNotFoundError: The namespace has no such queue.
        """
        return self._run(flows.pause_queue(self.core, name, paused=True))

    def resume_queue(self, name: str, /) -> None:
        """Let workers claim from a paused queue again.

        Raises:
            QueueNotFoundError: The namespace has no such queue.
        """
        return self._run(flows.pause_queue(self.core, name, paused=False))

    def list_queues(self) -> list[Queue]:
        """Return the namespace's queues by name."""
        return self._run(flows.list_queues(self.core))

    def stats(self) -> list[QueueCounts]:
        """Return how many tasks of each queue are in each state.

        Final states are counted over the last 10,000 finished tasks of a queue.
        """
        return self._run(flows.stats(self.core))


class AsyncQueueMethods(AsyncRunning):
    """Queues and their counts, for async code. See `QueueMethods`."""

    async def register_queue(self, name: str, /, **policy: Unpack[GivenPolicy]) -> Queue:
        """Create a queue or change its policy; only what is given changes.

        See `Rowlock.register_queue`.
        """
        return await self._run(flows.register_queue(self.core, name, dict(policy)))

    async def pause_queue(self, name: str, /) -> None:
        """Let workers claim nothing more from a queue; running tasks go on.

        See `Rowlock.pause_queue`.
        """
        return await self._run(flows.pause_queue(self.core, name, paused=True))

    async def resume_queue(self, name: str, /) -> None:
        """Let workers claim from a paused queue again. See `Rowlock.resume_queue`."""
        return await self._run(flows.pause_queue(self.core, name, paused=False))

    async def list_queues(self) -> list[Queue]:
        """Return the namespace's queues by name. See `Rowlock.list_queues`."""
        return await self._run(flows.list_queues(self.core))

    async def stats(self) -> list[QueueCounts]:
        """Return how many tasks of each queue are in each state. See `Rowlock.stats`."""
        return await self._run(flows.stats(self.core))
