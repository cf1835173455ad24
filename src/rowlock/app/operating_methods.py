"""Changing tasks, one at a time, for both facades."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Unpack
from uuid import UUID

from rowlock.app import operating_flows as flows
from rowlock.app.operating_flows import GivenEdits
from rowlock.app.running import AsyncRunning, Running
from rowlock.definitions.options import GivenOptions
from rowlock.model.changes import Action, Change, checked_by
from rowlock.model.durations import Duration
from rowlock.model.tasks import Task


class OperatingMethods(Running):
    """Changing tasks, one at a time; each change is in the audit."""

    def requeue(
        self,
        task: UUID | str | Task,
        arguments: Mapping[str, Any] | None = None,
        /,
        *,
        actor: str | None = None,
        reason: str | None = None,
        **changes: Unpack[GivenOptions],
    ) -> Task:
        """Store a new task like another one, in the same queue; that one stays as it is.

        Definition, arguments, queue, priority, tags, timeout and retry policy are taken over;
        attempts and lifetime are what the definition and the queue say now. A unique key that
        was made from the arguments is made from the new ones.

        Args:
            task: Which task, in any state.
            arguments: All of the new task's arguments; the same if not given.
            actor: Who asks for it, for the audit.
            reason: Why, for the audit.
            **changes: Options of `enqueue` but `id` and `transaction`.

        Raises:
            TaskNotFoundError: The namespace has none of that id.
            InvalidValueError: A value is refused; nothing was stored.
            DuplicateTaskError: A live task holds the unique key.
        """
        return self._run(
            flows.requeue(
                self.core, task, checked_by(actor, reason), arguments=arguments, changes=changes
            )
        )

    def edit(
        self,
        task: UUID | str | Task,
        /,
        *,
        arguments: Mapping[str, Any] | None = None,
        actor: str | None = None,
        reason: str | None = None,
        **changes: Unpack[GivenEdits],
    ) -> Task:
        """Change a task that waits; only what is given changes.

        A task that is due later also expires later. A unique key that was made from the
        arguments is made from the new ones.

        Args:
            task: Which task: scheduled, retrying, queued or paused.
            arguments: All of its arguments from now on.
            actor: Who asks for it, for the audit.
            reason: Why, for the audit.
            **changes: `priority`, `run_at` or `delay`, `max_attempts`, `tags`.

        Raises:
            TaskNotFoundError: The namespace has none of that id.
            TaskConflictError: It runs or is finished; nothing changed.
            InvalidValueError: A value is refused; nothing changed.
            DuplicateTaskError: A live task holds the unique key of the new arguments.
        """
        return self._run(
            flows.edit(
                self.core,
                task,
                checked_by(actor, reason),
                arguments=arguments,
                edits=flows.checked_edits(changes),
            )
        )

    def pause(
        self,
        task: UUID | str | Task,
        /,
        *,
        until: datetime | None = None,
        actor: str | None = None,
        reason: str | None = None,
    ) -> Task:
        """Hold a waiting task back; its lifetime goes on.

        Args:
            task: Which task.
            until: When it waits on by itself, to about two seconds, while a worker is up.
            actor: Who asks for it, for the audit.
            reason: Why, for the audit.

        Raises:
            TaskNotFoundError: The namespace has none of that id.
            TaskConflictError: It does not wait.
            InvalidValueError: `until` has no time zone, or is in the past.
        """
        return self._run(flows.pause(self.core, task, checked_by(actor, reason), until=until))

    def resume(
        self,
        task: UUID | str | Task,
        /,
        *,
        actor: str | None = None,
        reason: str | None = None,
    ) -> Task:
        """Let a paused task wait again: for its time if that is to come, else in its queue.

        Raises:
            TaskNotFoundError: The namespace has none of that id.
            TaskConflictError: It is not paused.
        """
        return self._run(
            flows.change(self.core, task, Change(Action.RESUME), checked_by(actor, reason))
        )

    def delete(
        self,
        task: UUID | str | Task,
        /,
        *,
        force: bool = False,
        actor: str | None = None,
        reason: str | None = None,
    ) -> Task:
        """Hide a task from every list; one that waits is canceled.

        `restore` brings it back until its queue's retention removes it.

        Args:
            task: Which task.
            force: Also one that runs; what its handler still does is not recorded.
            actor: Who asks for it, for the audit.
            reason: Why, for the audit.

        Raises:
            TaskNotFoundError: The namespace has none of that id.
            TaskConflictError: It runs.
        """
        return self._run(
            flows.change(
                self.core, task, Change(Action.DELETE, force=force), checked_by(actor, reason)
            )
        )

    def restore(
        self,
        task: UUID | str | Task,
        /,
        *,
        actor: str | None = None,
        reason: str | None = None,
    ) -> Task:
        """Show a deleted task again; one that was canceled by that stays canceled.

        Raises:
            TaskNotFoundError: The namespace has none of that id.
            TaskConflictError: It is not deleted.
        """
        return self._run(
            flows.change(self.core, task, Change(Action.RESTORE), checked_by(actor, reason))
        )

    def purge(
        self,
        task: UUID | str | Task,
        /,
        *,
        actor: str | None = None,
        reason: str | None = None,
    ) -> None:
        """Remove a finished or deleted task for good, with its attempts and its log.

        Raises:
            TaskNotFoundError: The namespace has none of that id.
            TaskConflictError: It is not finished.
        """
        return self._run(flows.purge(self.core, task, checked_by(actor, reason)))

    def cleanup(
        self,
        older_than: Duration,
        /,
        *,
        queue: str | None = None,
        states: tuple[str, ...] = (),
        actor: str | None = None,
        reason: str | None = None,
    ) -> int:
        """Remove tasks for good that finished longer ago than a duration; returns how many.

        Args:
            older_than: Since the end of each; `"7d"`, seconds or a `timedelta`.
            queue: Only of this queue.
            states: Only these final states; all of them if none is given.
            actor: Who asks for it, for the audit.
            reason: Why, for the audit.

        Raises:
            InvalidValueError: No duration, or a state that is not final; nothing was removed.
            QueueNotFoundError: The namespace has no such queue.
        """
        by = checked_by(actor, reason)
        flow = flows.cleanup(self.core, by, older_than=older_than, queue=queue, states=states)
        return self._run(flow).removed


class AsyncOperatingMethods(AsyncRunning):
    """Changing tasks, one at a time, for async code. See `OperatingMethods`."""

    async def requeue(
        self,
        task: UUID | str | Task,
        arguments: Mapping[str, Any] | None = None,
        /,
        *,
        actor: str | None = None,
        reason: str | None = None,
        **changes: Unpack[GivenOptions],
    ) -> Task:
        """Store a new task like another one, in the same queue; that one stays as it is.

        See `Rowlock.requeue`.
        """
        return await self._run(
            flows.requeue(
                self.core, task, checked_by(actor, reason), arguments=arguments, changes=changes
            )
        )

    async def edit(
        self,
        task: UUID | str | Task,
        /,
        *,
        arguments: Mapping[str, Any] | None = None,
        actor: str | None = None,
        reason: str | None = None,
        **changes: Unpack[GivenEdits],
    ) -> Task:
        """Change a task that waits; only what is given changes. See `Rowlock.edit`."""
        return await self._run(
            flows.edit(
                self.core,
                task,
                checked_by(actor, reason),
                arguments=arguments,
                edits=flows.checked_edits(changes),
            )
        )

    async def pause(
        self,
        task: UUID | str | Task,
        /,
        *,
        until: datetime | None = None,
        actor: str | None = None,
        reason: str | None = None,
    ) -> Task:
        """Hold a waiting task back; its lifetime goes on. See `Rowlock.pause`."""
        return await self._run(flows.pause(self.core, task, checked_by(actor, reason), until=until))

    async def resume(
        self,
        task: UUID | str | Task,
        /,
        *,
        actor: str | None = None,
        reason: str | None = None,
    ) -> Task:
        """Let a paused task wait again: for its time if that is to come, else in its queue.

        See `Rowlock.resume`.
        """
        return await self._run(
            flows.change(self.core, task, Change(Action.RESUME), checked_by(actor, reason))
        )

    async def delete(
        self,
        task: UUID | str | Task,
        /,
        *,
        force: bool = False,
        actor: str | None = None,
        reason: str | None = None,
    ) -> Task:
        """Hide a task from every list; one that waits is canceled. See `Rowlock.delete`."""
        return await self._run(
            flows.change(
                self.core, task, Change(Action.DELETE, force=force), checked_by(actor, reason)
            )
        )

    async def restore(
        self,
        task: UUID | str | Task,
        /,
        *,
        actor: str | None = None,
        reason: str | None = None,
    ) -> Task:
        """Show a deleted task again; one that was canceled by that stays canceled.

        See `Rowlock.restore`.
        """
        return await self._run(
            flows.change(self.core, task, Change(Action.RESTORE), checked_by(actor, reason))
        )

    async def purge(
        self,
        task: UUID | str | Task,
        /,
        *,
        actor: str | None = None,
        reason: str | None = None,
    ) -> None:
        """Remove a finished or deleted task for good, with its attempts and its log.

        See `Rowlock.purge`.
        """
        return await self._run(flows.purge(self.core, task, checked_by(actor, reason)))

    async def cleanup(
        self,
        older_than: Duration,
        /,
        *,
        queue: str | None = None,
        states: tuple[str, ...] = (),
        actor: str | None = None,
        reason: str | None = None,
    ) -> int:
        """Remove tasks for good that finished longer ago than a duration; returns how many.

        See `Rowlock.cleanup`.
        """
        by = checked_by(actor, reason)
        flow = flows.cleanup(self.core, by, older_than=older_than, queue=queue, states=states)
        return (await self._run(flow)).removed
