"""Looking at tasks and steering them, for both facades."""

from __future__ import annotations

from uuid import UUID

from rowlock.app import flows
from rowlock.app.running import AsyncRunning, Running
from rowlock.model.changes import checked_by
from rowlock.model.tasks import Attempt, LogLine, Task
from rowlock.ops.tasks import Canceled


class TaskMethods(Running):
    """Looking at tasks and steering them."""

    def get_task(self, task: UUID | str | Task, /) -> Task:
        """Return a task as it is now, live or finished.

        Raises:
            TaskNotFoundError: The namespace has none of that id.
        """
        return self._run(flows.get_task(self.core, task))

    def attempts(self, task: UUID | str | Task, /) -> list[Attempt]:
        """Return every run of a task, oldest first.

        Raises:
            TaskNotFoundError: The namespace has none of that id.
        """
        return self._run(flows.attempts(self.core, task))

    def task_log(self, task: UUID | str | Task, /) -> list[LogLine]:
        """Return the lines that the task's handler logged.

        Raises:
            TaskNotFoundError: The namespace has none of that id.
        """
        return self._run(flows.task_log(self.core, task))

    def resolve(self, text: str, /) -> UUID:
        """Return the id that a whole id or a unique prefix of one stands for.

        Raises:
            InvalidValueError: Neither, or the prefix fits several tasks.
            TaskNotFoundError: It fits none.
        """
        return self._run(flows.resolve(self.core, text))

    def cancel(
        self,
        task: UUID | str | Task,
        /,
        *,
        force: bool = False,
        actor: str | None = None,
        reason: str | None = None,
    ) -> Canceled:
        """Cancel a task: at once while it waits, by asking its handler while it runs.

        Args:
            task: Which task.
            force: Cancel a running one at once; what its handler still does is not recorded.
            actor: Who asks for it, for the audit.
            reason: Why, for the audit.

        Returns:
            Whether it is canceled or was asked to.

        Raises:
            TaskNotFoundError: The namespace has none of that id.
            TaskConflictError: It is already finished.
        """
        return self._run(flows.cancel(self.core, task, force=force, by=checked_by(actor, reason)))

    def retry(
        self,
        task: UUID | str | Task,
        /,
        *,
        attempts: int | None = None,
        actor: str | None = None,
        reason: str | None = None,
    ) -> Task:
        """Run a finished task again under the same id; its earlier runs stay on record.

        Args:
            task: Which task.
            attempts: How many more runs it gets; the queue's `max_attempts` if not given.
            actor: Who asks for it, for the audit.
            reason: Why, for the audit.

        Raises:
            TaskNotFoundError: The namespace has none of that id.
            TaskConflictError: It is not finished.
            DuplicateTaskError: Another live task holds its unique key.
        """
        return self._run(
            flows.retry(self.core, task, attempts=attempts, by=checked_by(actor, reason))
        )


class AsyncTaskMethods(AsyncRunning):
    """Looking at tasks and steering them, for async code. See `TaskMethods`."""

    async def get_task(self, task: UUID | str | Task, /) -> Task:
        """Return a task as it is now, live or finished. See `Rowlock.get_task`."""
        return await self._run(flows.get_task(self.core, task))

    async def attempts(self, task: UUID | str | Task, /) -> list[Attempt]:
        """Return every run of a task, oldest first. See `Rowlock.attempts`."""
        return await self._run(flows.attempts(self.core, task))

    async def task_log(self, task: UUID | str | Task, /) -> list[LogLine]:
        """Return the lines that the task's handler logged. See `Rowlock.task_log`."""
        return await self._run(flows.task_log(self.core, task))

    async def resolve(self, text: str, /) -> UUID:
        """Return the id that a whole id or a unique prefix of one stands for.

        See `Rowlock.resolve`.
        """
        return await self._run(flows.resolve(self.core, text))

    async def cancel(
        self,
        task: UUID | str | Task,
        /,
        *,
        force: bool = False,
        actor: str | None = None,
        reason: str | None = None,
    ) -> Canceled:
        """Cancel a task: at once while it waits, by asking its handler while it runs.

        See `Rowlock.cancel`.
        """
        return await self._run(
            flows.cancel(self.core, task, force=force, by=checked_by(actor, reason))
        )

    async def retry(
        self,
        task: UUID | str | Task,
        /,
        *,
        attempts: int | None = None,
        actor: str | None = None,
        reason: str | None = None,
    ) -> Task:
        """Run a finished task again under the same id; its earlier runs stay on record.

        See `Rowlock.retry`.
        """
        return await self._run(
            flows.retry(self.core, task, attempts=attempts, by=checked_by(actor, reason))
        )
