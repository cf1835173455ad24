"""Figures about tasks, for both facades."""

from __future__ import annotations

from rowlock.app import measuring_flows as flows
from rowlock.app.running import AsyncRunning, Running
from rowlock.model.durations import Duration
from rowlock.model.measures import Durations, Throughput
from rowlock.model.tasks import Task


class MeasuringMethods(Running):
    """Figures about tasks."""

    def stuck(self, *, longer_than: Duration = "1h", limit: int = 100) -> list[Task]:
        """Return tasks that run for longer than they should, the first to start first.

        Also those whose lease ran out: their worker is gone, and nobody has rescued them yet.

        Args:
            longer_than: Since the start of the attempt.
            limit: At most this many, up to 1,000.

        Raises:
            InvalidValueError: The duration or the limit is refused.
        """
        return self._run(flows.stuck(self.core, longer_than=longer_than, limit=limit))

    def failures(self, *, limit: int = 100, queue: str | None = None) -> list[Task]:
        """Return the tasks that failed last, the newest failure first.

        Args:
            limit: At most this many, up to 1,000.
            queue: Only of this queue.

        Raises:
            InvalidValueError: The limit or the queue's name is refused.
        """
        return self._run(flows.failures(self.core, limit=limit, queue=queue))

    def durations(self, *, window: Duration = "24h", queue: str | None = None) -> list[Durations]:
        """Return how long tasks took, by definition, the busiest one first.

        They are those that finished within the window, at most the last 10,000 of each queue;
        the last run of each counts.

        Args:
            window: Up to now.
            queue: Only of this queue.

        Raises:
            InvalidValueError: The window or the queue's name is refused.
        """
        return self._run(flows.durations(self.core, window=window, queue=queue))

    def throughput(self, *, window: Duration = "1h", queue: str | None = None) -> list[Throughput]:
        """Return how many tasks were finished, by queue.

        At most the last 10,000 of each queue are counted; `per_second` is then over the time
        that those took.

        Args:
            window: Up to now.
            queue: Only of this queue.

        Raises:
            InvalidValueError: The window or the queue's name is refused.
        """
        return self._run(flows.throughput(self.core, window=window, queue=queue))


class AsyncMeasuringMethods(AsyncRunning):
    """Figures about tasks, for async code. See `MeasuringMethods`."""

    async def stuck(self, *, longer_than: Duration = "1h", limit: int = 100) -> list[Task]:
        """Return tasks that run for longer than they should, the first to start first.

        See `Rowlock.stuck`.
        """
        return await self._run(flows.stuck(self.core, longer_than=longer_than, limit=limit))

    async def failures(self, *, limit: int = 100, queue: str | None = None) -> list[Task]:
        """Return the tasks that failed last, the newest failure first. See `Rowlock.failures`."""
        return await self._run(flows.failures(self.core, limit=limit, queue=queue))

    async def durations(
        self, *, window: Duration = "24h", queue: str | None = None
    ) -> list[Durations]:
        """Return how long tasks took, by definition, the busiest one first.

        See `Rowlock.durations`.
        """
        return await self._run(flows.durations(self.core, window=window, queue=queue))

    async def throughput(
        self, *, window: Duration = "1h", queue: str | None = None
    ) -> list[Throughput]:
        """Return how many tasks were finished, by queue. See `Rowlock.throughput`."""
        return await self._run(flows.throughput(self.core, window=window, queue=queue))
