"""Claiming tasks by hand, for both facades."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from rowlock.app import claiming_flows, holding_flows, settling_flows
from rowlock.app.holding_flows import HeldTask
from rowlock.app.running import AsyncRunning, Running
from rowlock.model.claimed import ClaimedTask
from rowlock.model.durations import Duration
from rowlock.model.tasks import Task


class HoldingMethods(Running):
    """Claiming tasks by hand: for programs that run them in their own way."""

    def claim(
        self,
        worker: str,
        queues: Sequence[str] | str | None = None,
        *,
        limit: int = 1,
        lease: Duration | None = None,
        definitions: Sequence[str] | str | None = None,
    ) -> list[ClaimedTask]:
        """Take tasks for one attempt each, the best ones first; none is no error.

        What is due is promoted first. A paused queue gives nothing, and neither do tasks past
        their lifetime. Without a heartbeat before the lease runs out a task goes to somebody
        else, if a worker or server looks after the database, and a crash is charged to it.

        Args:
            worker: What is written on the claims, for people.
            queues: From these alone; any of the namespace if not given.
            limit: At most this many, up to 1,000.
            lease: How long the claims hold; the queue's `lease` if not given.
            definitions: Only tasks of these; if not given, any, and those without one too.

        Raises:
            InvalidValueError: A name, the limit or the lease is refused; nothing is claimed.
        """
        flow = claiming_flows.claim(
            self.core, worker, queues, limit=limit, lease=lease, definitions=definitions
        )
        return self._run(flow)

    def heartbeat(
        self, task: HeldTask, token: UUID | str, /, *, lease: Duration | None = None
    ) -> bool:
        """Extend a claim from now on; returns whether the task was asked to cancel.

        Args:
            task: What `claim` returned, or its id.
            token: The claim's token.
            lease: For how long; as claimed, or if only an id is given the queue's `lease`.

        Raises:
            TaskNotFoundError: The namespace has none of that id.
            LeaseLostError: The claim is over: its lease ran out, or it was ended.
        """
        return self._run(holding_flows.heartbeat(self.core, task, token, lease=lease))

    def update_progress(
        self, task: HeldTask, token: UUID | str, /, percent: float, message: str | None = None
    ) -> None:
        """Record how far a claimed task is. It is no heartbeat.

        Args:
            task: What `claim` returned, or its id.
            token: The claim's token.
            percent: 0 to 100.
            message: What is being done; without one the last one stands.

        Raises:
            InvalidValueError: `percent` is outside 0 to 100, or the message is not text.
            TaskNotFoundError: The namespace has none of that id.
            LeaseLostError: The claim is over.
        """
        return self._run(holding_flows.update_progress(self.core, task, token, percent, message))

    def complete(self, task: HeldTask, token: UUID | str, /, result: Any = None) -> Task:
        """Record that a claimed task succeeded.

        Called again with the same token it changes nothing and answers the same.

        Args:
            task: What `claim` returned, or its id.
            token: The claim's token.
            result: What came of it; any JSON.

        Raises:
            PayloadError: The result cannot be stored; the task still runs.
            TaskNotFoundError: The namespace has none of that id.
            LeaseLostError: The claim is over, and did not end so.
        """
        return self._run(settling_flows.complete(self.core, task, token, result))

    def fail(
        self,
        task: HeldTask,
        token: UUID | str,
        /,
        error: str | BaseException,
        *,
        detail: Any = None,
    ) -> Task:
        """Record that an attempt failed: the task is tried again later, or has failed.

        Which of the two its attempts and its retry policy say, as in a worker.

        Args:
            task: What `claim` returned, or its id.
            token: The claim's token.
            error: Why: a text, or an exception with its traceback.
            detail: Anything else worth keeping; any JSON.

        Returns:
            The task as it is then: `retrying`, `queued` or `failed`.

        Raises:
            PayloadError: The detail cannot be stored; the task still runs.
            TaskNotFoundError: The namespace has none of that id.
            LeaseLostError: The claim is over, and did not end so.
        """
        return self._run(settling_flows.fail(self.core, task, token, error, detail=detail))

    def release(
        self, task: HeldTask, token: UUID | str, /, *, delay: Duration | None = None
    ) -> Task:
        """Give a claimed task back; the attempt does not count.

        Args:
            task: What `claim` returned, or its id.
            token: The claim's token.
            delay: Not before; without it the task keeps its place in the line.

        Raises:
            TaskNotFoundError: The namespace has none of that id.
            LeaseLostError: The claim is over, and did not end so.
        """
        return self._run(settling_flows.release(self.core, task, token, delay=delay))


class AsyncHoldingMethods(AsyncRunning):
    """Claiming tasks by hand, for async code. See `HoldingMethods`."""

    async def claim(
        self,
        worker: str,
        queues: Sequence[str] | str | None = None,
        *,
        limit: int = 1,
        lease: Duration | None = None,
        definitions: Sequence[str] | str | None = None,
    ) -> list[ClaimedTask]:
        """Take tasks for one attempt each, the best ones first; none is no error.

        See `Rowlock.claim`.
        """
        flow = claiming_flows.claim(
            self.core, worker, queues, limit=limit, lease=lease, definitions=definitions
        )
        return await self._run(flow)

    async def heartbeat(
        self, task: HeldTask, token: UUID | str, /, *, lease: Duration | None = None
    ) -> bool:
        """Extend a claim from now on; returns whether the task was asked to cancel.

        See `Rowlock.heartbeat`.
        """
        return await self._run(holding_flows.heartbeat(self.core, task, token, lease=lease))

    async def update_progress(
        self, task: HeldTask, token: UUID | str, /, percent: float, message: str | None = None
    ) -> None:
        """Record how far a claimed task is. It is no heartbeat. See `Rowlock.update_progress`."""
        return await self._run(
            holding_flows.update_progress(self.core, task, token, percent, message)
        )

    async def complete(self, task: HeldTask, token: UUID | str, /, result: Any = None) -> Task:
        """Record that a claimed task succeeded. See `Rowlock.complete`."""
        return await self._run(settling_flows.complete(self.core, task, token, result))

    async def fail(
        self,
        task: HeldTask,
        token: UUID | str,
        /,
        error: str | BaseException,
        *,
        detail: Any = None,
    ) -> Task:
        """Record that an attempt failed: the task is tried again later, or has failed.

        See `Rowlock.fail`.
        """
        return await self._run(settling_flows.fail(self.core, task, token, error, detail=detail))

    async def release(
        self, task: HeldTask, token: UUID | str, /, *, delay: Duration | None = None
    ) -> Task:
        """Give a claimed task back; the attempt does not count. See `Rowlock.release`."""
        return await self._run(settling_flows.release(self.core, task, token, delay=delay))
