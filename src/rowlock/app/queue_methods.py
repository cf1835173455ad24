"""Queues and their counts, for both facades."""

from __future__ import annotations

from datetime import datetime
from typing import Unpack

from rowlock.app import flows
from rowlock.app.facade import GivenPolicy
from rowlock.app.queue_deletion import delete_queue
from rowlock.app.running import AsyncRunning, Running
from rowlock.model.changes import checked_by
from rowlock.model.queues import Queue
from rowlock.model.tasks import QueueCounts


class QueueMethods(Running):
    """Queues and their counts."""

    def register_queue(
        self,
        name: str,
        /,
        *,
        actor: str | None = None,
        reason: str | None = None,
        **policy: Unpack[GivenPolicy],
    ) -> Queue:
        """Create a queue or change its policy; only what is given changes.

        Args:
            name: A letter, then up to 63 letters, digits, `.`, `_`, `-`; case is ignored.
            actor: Who asks for it, for the audit.
            reason: Why, for the audit.
            **policy: `lifetime`, `max_attempts`, `max_crashes`, `retry`, `lease`, `timeout`,
                `retention`; durations may be text such as `"30s"`.

        Raises:
            InvalidValueError: A value is refused; nothing changed.
        """
        return self._run(
            flows.register_queue(self.core, name, dict(policy), by=checked_by(actor, reason))
        )

    def pause_queue(
        self,
        name: str,
        /,
        *,
        until: datetime | None = None,
        actor: str | None = None,
        reason: str | None = None,
    ) -> None:
        """Let workers claim nothing more from a queue; running tasks go on.

        Args:
            name: Which queue.
            until: When the pause ends by itself; with a time zone.
            actor: Who asks for it, for the audit.
            reason: Why; shown with the queue, and in the audit.

        Raises:
            InvalidValueError: `until` has no time zone, or is in the past.
            QueueNotFoundError: The namespace has no such queue.
        """
        return self._run(
            flows.pause_queue(
                self.core, name, paused=True, until=until, by=checked_by(actor, reason)
            )
        )

    def resume_queue(
        self, name: str, /, *, actor: str | None = None, reason: str | None = None
    ) -> None:
        """Let workers claim from a paused queue again.

        Raises:
            QueueNotFoundError: The namespace has no such queue.
        """
        return self._run(
            flows.pause_queue(self.core, name, paused=False, by=checked_by(actor, reason))
        )

    def delete_queue(
        self,
        name: str,
        /,
        *,
        force: bool = False,
        actor: str | None = None,
        reason: str | None = None,
    ) -> Queue:
        """Delete a queue and all of its tasks, finished ones too; nothing brings them back.

        The queue is paused first, so that no more of them are claimed. What is enqueued
        meanwhile stays, in a queue as new. Schedules, tickers and definitions that name the
        queue are left as they are.

        Args:
            name: Which queue.
            force: Also if tasks of it run: they are gone for whoever runs them.
            actor: Who asks for it, for the audit.
            reason: Why, for the audit.

        Returns:
            The queue as it was. If it is still there, because tasks of it were claimed at that
            very moment, as it is: upkeep deletes what is left.

        Raises:
            QueueNotFoundError: The namespace has no such queue.
            QueueBusyError: Tasks of it run; nothing changed.
        """
        flow = delete_queue(self.core, name, force=force, by=checked_by(actor, reason))
        return self._run(flow).queue

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

    async def register_queue(
        self,
        name: str,
        /,
        *,
        actor: str | None = None,
        reason: str | None = None,
        **policy: Unpack[GivenPolicy],
    ) -> Queue:
        """Create a queue or change its policy; only what is given changes.

        See `Rowlock.register_queue`.
        """
        return await self._run(
            flows.register_queue(self.core, name, dict(policy), by=checked_by(actor, reason))
        )

    async def pause_queue(
        self,
        name: str,
        /,
        *,
        until: datetime | None = None,
        actor: str | None = None,
        reason: str | None = None,
    ) -> None:
        """Let workers claim nothing more from a queue; running tasks go on.

        See `Rowlock.pause_queue`.
        """
        return await self._run(
            flows.pause_queue(
                self.core, name, paused=True, until=until, by=checked_by(actor, reason)
            )
        )

    async def resume_queue(
        self, name: str, /, *, actor: str | None = None, reason: str | None = None
    ) -> None:
        """Let workers claim from a paused queue again. See `Rowlock.resume_queue`."""
        return await self._run(
            flows.pause_queue(self.core, name, paused=False, by=checked_by(actor, reason))
        )

    async def delete_queue(
        self,
        name: str,
        /,
        *,
        force: bool = False,
        actor: str | None = None,
        reason: str | None = None,
    ) -> Queue:
        """Delete a queue and all of its tasks, finished ones too; nothing brings them back.

        See `Rowlock.delete_queue`.
        """
        flow = delete_queue(self.core, name, force=force, by=checked_by(actor, reason))
        return (await self._run(flow)).queue

    async def list_queues(self) -> list[Queue]:
        """Return the namespace's queues by name. See `Rowlock.list_queues`."""
        return await self._run(flows.list_queues(self.core))

    async def stats(self) -> list[QueueCounts]:
        """Return how many tasks of each queue are in each state. See `Rowlock.stats`."""
        return await self._run(flows.stats(self.core))
