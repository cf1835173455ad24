"""`AsyncRowlock`: the app for async code."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Self, TypeVar, Unpack
from uuid import UUID

from rowlock.app import enqueuing, flows
from rowlock.app.core import Settings
from rowlock.app.facade import Facade, GivenPolicy, Wanted, given_payload
from rowlock.app.flow import Flow, run_flow_async
from rowlock.definitions.definition import TaskDefinition
from rowlock.definitions.options import GivenOptions, task_options
from rowlock.model.queues import Queue
from rowlock.model.tasks import Attempt, LogLine, QueueCounts, Task, TaskFilter
from rowlock.ops.tasks import Canceled

T = TypeVar("T")


class AsyncRowlock(Facade):
    """A task queue in a database, for async code. See `Rowlock` for each method."""

    def __init__(self, url: str, /, **settings: Unpack[Settings]) -> None:
        """Name the database; nothing is connected yet. See `Rowlock`."""
        super().__init__(url, **settings)

    async def __aenter__(self) -> Self:
        """Return the app; it is closed at the end of the block."""
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        """Close the app."""
        await self.close()

    async def _run(self, flow: Flow[T]) -> T:
        return await run_flow_async(self.core, flow)

    async def close(self) -> None:
        """Close every connection and thread of this app. See `Rowlock.close`."""
        import asyncio  # start-up time of sync programs

        await asyncio.to_thread(self.core.close)

    async def migrate(self) -> list[str]:
        """Bring the schema up to date; returns the names of the migrations applied.

        See `Rowlock.migrate`.
        """
        import asyncio

        applied = await asyncio.to_thread(flows.migrate, self.core)
        return [f"{one.version:04} {one.name}" for one in applied]

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

    async def get_task(self, task: UUID | str | Task, /) -> Task:
        """Return a task as it is now, live or finished. See `Rowlock.get_task`."""
        return await self._run(flows.get_task(self.core, task))

    async def list_tasks(
        self, *, limit: int = 100, before: UUID | str | None = None, **wanted: Unpack[Wanted]
    ) -> list[Task]:
        """Return tasks, newest first. See `Rowlock.list_tasks`."""
        return await self._run(
            flows.list_tasks(self.core, TaskFilter(**wanted), limit=limit, before=before)
        )

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

    async def cancel(self, task: UUID | str | Task, /, *, force: bool = False) -> Canceled:
        """Cancel a task: at once while it waits, by asking its handler while it runs.

        See `Rowlock.cancel`.
        """
        return await self._run(flows.cancel(self.core, task, force=force))

    async def retry(self, task: UUID | str | Task, /, *, attempts: int | None = None) -> Task:
        """Run a finished task again under the same id; its earlier runs stay on record.

        See `Rowlock.retry`.
        """
        return await self._run(flows.retry(self.core, task, attempts=attempts))

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
