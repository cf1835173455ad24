"""Changing many tasks, and who changed what, for both facades."""

from __future__ import annotations

from typing import Unpack
from uuid import UUID

from rowlock.app import bulk_flows as flows
from rowlock.app.bulk_flows import GivenBulk, OnProgress
from rowlock.app.running import AsyncRunning, Running
from rowlock.model.changes import AuditEntry, Operation, checked_by
from rowlock.model.tasks import Task


class BulkMethods(Running):
    """Changing many tasks, and the audit."""

    def bulk(
        self,
        action: str,
        /,
        *,
        dry_run: bool = False,
        actor: str | None = None,
        reason: str | None = None,
        on_progress: OnProgress | None = None,
        **given: Unpack[GivenBulk],
    ) -> Operation:
        """Change every task that passes a filter, in batches, newest first.

        Tasks stored later are left alone. A batch and the operation's position are one
        transaction: if the process dies, `resume_operation` goes on where it stopped.

        Args:
            action: `cancel`, `retry`, `requeue`, `edit`, `pause`, `resume`, `delete`,
                `restore` or `purge`.
            dry_run: Change nothing, count what passes the filter.
            actor: Who asks for it, for the audit.
            reason: Why, for the audit.
            on_progress: Called before the first batch and after each.
            **given: The filter, as in `list_tasks`; `all_tasks=True` instead takes every task.
                `force` with `cancel` and `delete`: also tasks that run. `attempts` with
                `retry`: how many more runs. `until` with `pause`. `changes` with `edit` and
                `requeue`: a dict of `priority`, `run_at` or `delay`, `max_attempts`, `tags`; and
                `set_arguments`: arguments to set in each, the others stay.

        Returns:
            How many were changed, and how many were not, by reason.

        Raises:
            InvalidValueError: No filter, or a value is refused; nothing was changed.
        """
        return self._run(
            flows.bulk(
                self.core,
                flows.wish_from(action, given),
                checked_by(actor, reason),
                dry_run=dry_run,
                on_progress=on_progress,
            )
        )

    def resume_operation(
        self,
        operation: UUID | str | Operation,
        /,
        *,
        on_progress: OnProgress | None = None,
    ) -> Operation:
        """Go on with an operation that was interrupted; one that is done is returned as it is.

        Args:
            operation: Which one.
            on_progress: Called at once and after each batch.

        Raises:
            OperationNotFoundError: The namespace has none of that id.
        """
        return self._run(flows.resume_operation(self.core, operation, on_progress=on_progress))

    def get_operation(
        self,
        operation: UUID | str | Operation,
        /,
    ) -> Operation:
        """Return an operation as it is now.

        Raises:
            OperationNotFoundError: The namespace has none of that id.
        """
        return self._run(flows.get_operation(self.core, operation))

    def list_operations(
        self,
        *,
        limit: int = 20,
    ) -> list[Operation]:
        """Return operations, newest first.

        Args:
            limit: At most this many, up to 1,000.
        """
        return self._run(flows.list_operations(self.core, limit=limit))

    def audit(
        self,
        *,
        limit: int = 100,
        before: UUID | str | None = None,
        actor: str | None = None,
        action: str | None = None,
        target: UUID | str | Task | None = None,
    ) -> list[AuditEntry]:
        """Return who changed what and why, newest first.

        Args:
            limit: At most this many, up to 1,000.
            before: Only older than the entry of this id: the next page.
            actor: Only what they did.
            action: Only this, such as `retry`.
            target: Only what was done to this task, queue or operation.
        """
        return self._run(
            flows.audit(
                self.core,
                limit=limit,
                before=before,
                actor=actor,
                action=action,
                target=target,
            )
        )


class AsyncBulkMethods(AsyncRunning):
    """Changing many tasks, and the audit, for async code. See `BulkMethods`."""

    async def bulk(
        self,
        action: str,
        /,
        *,
        dry_run: bool = False,
        actor: str | None = None,
        reason: str | None = None,
        on_progress: OnProgress | None = None,
        **given: Unpack[GivenBulk],
    ) -> Operation:
        """Change every task that passes a filter, in batches, newest first. See `Rowlock.bulk`."""
        return await self._run(
            flows.bulk(
                self.core,
                flows.wish_from(action, given),
                checked_by(actor, reason),
                dry_run=dry_run,
                on_progress=on_progress,
            )
        )

    async def resume_operation(
        self,
        operation: UUID | str | Operation,
        /,
        *,
        on_progress: OnProgress | None = None,
    ) -> Operation:
        """Go on with an operation that was interrupted; one that is done is returned as it is.

        See `Rowlock.resume_operation`.
        """
        return await self._run(
            flows.resume_operation(self.core, operation, on_progress=on_progress)
        )

    async def get_operation(
        self,
        operation: UUID | str | Operation,
        /,
    ) -> Operation:
        """Return an operation as it is now. See `Rowlock.get_operation`."""
        return await self._run(flows.get_operation(self.core, operation))

    async def list_operations(
        self,
        *,
        limit: int = 20,
    ) -> list[Operation]:
        """Return operations, newest first. See `Rowlock.list_operations`."""
        return await self._run(flows.list_operations(self.core, limit=limit))

    async def audit(
        self,
        *,
        limit: int = 100,
        before: UUID | str | None = None,
        actor: str | None = None,
        action: str | None = None,
        target: UUID | str | Task | None = None,
    ) -> list[AuditEntry]:
        """Return who changed what and why, newest first. See `Rowlock.audit`."""
        return await self._run(
            flows.audit(
                self.core,
                limit=limit,
                before=before,
                actor=actor,
                action=action,
                target=target,
            )
        )
