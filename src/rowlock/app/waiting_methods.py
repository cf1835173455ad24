"""Waiting for tasks and asking how far they are, for both facades."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from rowlock.app import waiting_flows as flows
from rowlock.app.running import AsyncRunning, Running
from rowlock.model.durations import Duration
from rowlock.model.progress import TaskProgress
from rowlock.model.tasks import Task


class WaitingMethods(Running):
    """Waiting for tasks and asking how far they are."""

    def wait(self, task: UUID | str | Task, /, *, timeout: Duration | None = None) -> Task:
        """Return a task once it is finished, however it ended.

        It reads one row now and then, at first every 10 ms, later once a second, and holds no
        connection in between.

        Args:
            task: Which task.
            timeout: For how long at most; without one, for ever.

        Raises:
            TaskNotFoundError: The namespace has none of that id.
            WaitTimeoutError: It is not finished by then; the error has its `state`.
        """
        return self._run(flows.wait(self.core, task, timeout=timeout))

    def wait_all(
        self, tasks: Iterable[UUID | str | Task], /, *, timeout: Duration | None = None
    ) -> list[Task]:
        """Return tasks in the order given, once every one is finished.

        Args:
            tasks: Which tasks.
            timeout: For how long at most in all; without one, for ever.

        Raises:
            TaskNotFoundError: The namespace has none of one of the ids.
            WaitTimeoutError: One is not finished by then.
        """
        return self._run(flows.wait_all(self.core, tasks, timeout=timeout))

    def get_task_progress(
        self, definition: str, arguments: Mapping[str, Any] | None = None, /
    ) -> TaskProgress | None:
        """Return how far the unfinished task of a definition with these arguments is.

        A running one comes first, then the newest; None if there is no unfinished one.

        Args:
            definition: An alias, in any spelling.
            arguments: Values that the task was given: texts, numbers, true, false or None.

        Raises:
            InvalidValueError: The alias or a value is refused.
        """
        return self._run(flows.get_task_progress(self.core, definition, arguments))


class AsyncWaitingMethods(AsyncRunning):
    """Waiting for tasks and asking how far they are, for async code. See `WaitingMethods`."""

    async def wait(self, task: UUID | str | Task, /, *, timeout: Duration | None = None) -> Task:
        """Return a task once it is finished, however it ended. See `Rowlock.wait`."""
        return await self._run(flows.wait(self.core, task, timeout=timeout))

    async def wait_all(
        self, tasks: Iterable[UUID | str | Task], /, *, timeout: Duration | None = None
    ) -> list[Task]:
        """Return tasks in the order given, once every one is finished.

        See `Rowlock.wait_all`.
        """
        return await self._run(flows.wait_all(self.core, tasks, timeout=timeout))

    async def get_task_progress(
        self, definition: str, arguments: Mapping[str, Any] | None = None, /
    ) -> TaskProgress | None:
        """Return how far the unfinished task of a definition with these arguments is.

        See `Rowlock.get_task_progress`.
        """
        return await self._run(flows.get_task_progress(self.core, definition, arguments))
