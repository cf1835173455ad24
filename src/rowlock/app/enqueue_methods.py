"""Storing tasks, for both facades."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Unpack
from uuid import UUID

from rowlock.app import enqueuing
from rowlock.app.facade import given_payload
from rowlock.app.running import AsyncRunning, Running
from rowlock.definitions.definition import TaskDefinition
from rowlock.definitions.options import GivenOptions, task_options
from rowlock.model.tasks import Task


class Enqueueing(Running):
    """Storing tasks."""

    def enqueue(
        self,
        definition: TaskDefinition[..., Any] | str | None,
        payload: Any = None,
        /,
        **options: Unpack[GivenOptions],
    ) -> Task:
        """Store one task and return it; it is durable once this returns.

        Args:
            definition: A definition, or the alias of one: its code may be elsewhere. None for
                a task of queue and payload alone.
            payload: The arguments by name; any JSON but null without a definition.
            **options: `queue`, `delay`, `run_at`, `priority` (higher first), `max_attempts`,
                `timeout`, `lifetime`, `retry`, `tags`, `unique`, `id`, `transaction`.

        Raises:
            InvalidValueError: A value is refused; nothing was stored.
            UnknownDefinitionError: Nobody knows the alias.
            DefinitionClosedError: The definition is canceled or deleted.
            DuplicateTaskError: A live task holds the unique key.
            StorageUnavailableError: The database cannot be reached.
        """
        given = task_options(**options)
        return self._run(
            enqueuing.enqueue(self.core, definition, given_payload(payload, definition), given)
        )

    def enqueue_if_not_exists(
        self,
        definition: TaskDefinition[..., Any] | str | None,
        payload: Any = None,
        /,
        **options: Unpack[GivenOptions],
    ) -> tuple[Task, bool]:
        """Store one task unless a live one holds its unique key, by default all arguments.

        Args:
            definition: As in `enqueue`.
            payload: As in `enqueue`.
            **options: As in `enqueue`.

        Returns:
            The stored task and True, or the one that was there and False.

        Raises:
            InvalidValueError: A value is refused; nothing was stored.
            UnknownDefinitionError: Nobody knows the alias.
            DefinitionClosedError: The definition is canceled or deleted.
        """
        given = task_options(**options)
        return self._run(
            enqueuing.enqueue_if_not_exists(
                self.core, definition, given_payload(payload, definition), given
            )
        )

    def enqueue_many(
        self,
        definition: TaskDefinition[..., Any] | str | None,
        payloads: Iterable[Any],
        /,
        *,
        chunk: int | None = None,
        **options: Unpack[GivenOptions],
    ) -> list[UUID]:
        """Store a task for each payload, all or none, in one transaction.

        Payloads are read as they are sent, so an iterator keeps memory small.

        Args:
            definition: As in `enqueue`.
            payloads: The arguments of each task.
            chunk: Commit in pieces of this many instead.
            **options: As in `enqueue`, for all of them.

        Raises:
            InvalidValueError: A value is refused; nothing was stored.
            DefinitionClosedError: The definition is canceled or deleted.
            DuplicateTaskError: A live task holds a unique key; nothing was stored.
        """
        given = task_options(**options)
        return self._run(
            enqueuing.enqueue_many(self.core, definition, payloads, given, chunk=chunk)
        )


class AsyncEnqueueing(AsyncRunning):
    """Storing tasks, for async code. See `Enqueueing`."""

    async def enqueue(
        self,
        definition: TaskDefinition[..., Any] | str | None,
        payload: Any = None,
        /,
        **options: Unpack[GivenOptions],
    ) -> Task:
        """Store one task and return it; it is durable once this returns. See `Rowlock.enqueue`."""
        given = task_options(**options)
        return await self._run(
            enqueuing.enqueue(self.core, definition, given_payload(payload, definition), given)
        )

    async def enqueue_if_not_exists(
        self,
        definition: TaskDefinition[..., Any] | str | None,
        payload: Any = None,
        /,
        **options: Unpack[GivenOptions],
    ) -> tuple[Task, bool]:
        """Store one task unless a live one holds its unique key, by default all arguments.

        See `Rowlock.enqueue_if_not_exists`.
        """
        given = task_options(**options)
        return await self._run(
            enqueuing.enqueue_if_not_exists(
                self.core, definition, given_payload(payload, definition), given
            )
        )

    async def enqueue_many(
        self,
        definition: TaskDefinition[..., Any] | str | None,
        payloads: Iterable[Any],
        /,
        *,
        chunk: int | None = None,
        **options: Unpack[GivenOptions],
    ) -> list[UUID]:
        """Store a task for each payload, all or none, in one transaction.

        See `Rowlock.enqueue_many`.
        """
        given = task_options(**options)
        return await self._run(
            enqueuing.enqueue_many(self.core, definition, payloads, given, chunk=chunk)
        )
