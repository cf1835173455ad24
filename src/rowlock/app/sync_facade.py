"""`Rowlock`: the app for sync code."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Self, TypeVar, Unpack
from uuid import UUID

from rowlock.app import enqueuing, flows
from rowlock.app.core import Settings
from rowlock.app.facade import Facade, GivenPolicy, Wanted, given_payload
from rowlock.app.flow import Flow, run_flow
from rowlock.definitions.definition import TaskDefinition
from rowlock.definitions.options import GivenOptions, task_options
from rowlock.model.queues import Queue
from rowlock.model.tasks import Attempt, LogLine, QueueCounts, Task, TaskFilter
from rowlock.ops.tasks import Canceled

T = TypeVar("T")


class Rowlock(Facade):
    """A task queue in a database: definitions, enqueueing and everything about tasks.

    Methods block. `AsyncRowlock` has the same ones for async code; definitions of either have
    `enqueue` and `aenqueue`.

    Example:
        >>> app = Rowlock("memory://")
        >>> @app.task
        ... def add(a: int, b: int) -> int:
        ...     return a + b
        >>> add.enqueue(1, 2).state.value
        'queued'
    """

    def __init__(self, url: str, /, **settings: Unpack[Settings]) -> None:
        """Name the database; nothing is connected yet.

        Args:
            url: `sqlite:///path`, `memory://`, `postgresql://…`, `mysql://…`, `mariadb://…`.
            **settings: See `Settings`.

        Raises:
            ConfigError: The URL names no engine, or a setting does not fit it.
            InvalidValueError: The namespace's name is refused.
        """
        super().__init__(url, **settings)

    def __enter__(self) -> Self:
        """Return the app; it is closed at the end of the block."""
        return self

    def __exit__(self, *exc_info: object) -> None:
        """Close the app."""
        self.close()

    def _run(self, flow: Flow[T]) -> T:
        return run_flow(self.core, flow)

    def close(self) -> None:
        """Close every connection and thread of this app."""
        self.core.close()

    def migrate(self) -> list[str]:
        """Bring the schema up to date; returns the names of the migrations applied.

        Raises:
            SchemaTooNewError: The schema belongs to a newer version of this package.
        """
        return [f"{one.version:04} {one.name}" for one in flows.migrate(self.core)]

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
            DuplicateTaskError: A live task holds a unique key; nothing was stored.
        """
        given = task_options(**options)
        return self._run(
            enqueuing.enqueue_many(self.core, definition, payloads, given, chunk=chunk)
        )

    def get_task(self, task: UUID | str | Task, /) -> Task:
        """Return a task as it is now, live or finished.

        Raises:
            TaskNotFoundError: The namespace has none of that id.
        """
        return self._run(flows.get_task(self.core, task))

    def list_tasks(
        self, *, limit: int = 100, before: UUID | str | None = None, **wanted: Unpack[Wanted]
    ) -> list[Task]:
        """Return tasks, newest first.

        Args:
            limit: At most this many, up to 1,000.
            before: Only those older than this id; the last one of a page gives the next page.
            **wanted: `states` (words of any of the systems that Rowlock replaces), `queue`,
                `definition`, `tag`, `created_after`, `created_before`, `include_deleted`.

        Raises:
            InvalidValueError: An unknown state, or a limit out of range.
        """
        return self._run(
            flows.list_tasks(self.core, TaskFilter(**wanted), limit=limit, before=before)
        )

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

    def cancel(self, task: UUID | str | Task, /, *, force: bool = False) -> Canceled:
        """Cancel a task: at once while it waits, by asking its handler while it runs.

        Args:
            task: Which task.
            force: Cancel a running one at once; what its handler still does is not recorded.

        Returns:
            Whether it is canceled or was asked to.

        Raises:
            TaskNotFoundError: The namespace has none of that id.
            TaskConflictError: It is already finished.
        """
        return self._run(flows.cancel(self.core, task, force=force))

    def retry(self, task: UUID | str | Task, /, *, attempts: int | None = None) -> Task:
        """Run a finished task again under the same id; its earlier runs stay on record.

        Args:
            task: Which task.
            attempts: How many more runs it gets; the queue's `max_attempts` if not given.

        Raises:
            TaskNotFoundError: The namespace has none of that id.
            TaskConflictError: It is not finished.
            DuplicateTaskError: Another live task holds its unique key.
        """
        return self._run(flows.retry(self.core, task, attempts=attempts))

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
