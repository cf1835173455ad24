"""Everything else that the facades do with tasks and queues, as flows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from rowlock.app.flow import Flow, Run
from rowlock.app.opened import Opened
from rowlock.errors import InvalidValueError, QueueNotFoundError
from rowlock.model.changes import NOBODY, By, checked_until
from rowlock.model.ids import task_id_from_text
from rowlock.model.names import checked_name, checked_queue
from rowlock.model.queues import Queue, checked_count, queue_policy
from rowlock.model.tasks import Attempt, LogLine, QueueCounts, Task
from rowlock.ops import queues as ops_queues
from rowlock.ops import tasks as ops
from rowlock.plan import Plan
from rowlock.storage.migrations import Migration

COUNT_CAP = 10_000


def checked_id(value: UUID | str | Task) -> UUID:
    """Return a task's id.

    Raises:
        InvalidValueError: It is none.
    """
    if isinstance(value, Task):
        return value.id
    if isinstance(value, UUID):
        return value
    if not isinstance(value, str):  # pyright: ignore[reportUnnecessaryIsInstance] - callers may be untyped
        raise InvalidValueError("id", f"must be a UUID, not {value!r}")
    return task_id_from_text(value)


def get_task(core: Opened, task: UUID | str | Task) -> Flow[Task]:
    """Return a task."""
    operation = partial(ops.get_task, core.storage, core.namespace, checked_id(task))
    found: Task = yield Run(operation, reads=True)
    return found


def attempts(core: Opened, task: UUID | str | Task) -> Flow[list[Attempt]]:
    """Return every run of a task."""
    found = yield from get_task(core, task)
    runs: list[Attempt] = yield Run(partial(ops.attempts_of, core.storage, found), reads=True)
    return runs


def task_log(core: Opened, task: UUID | str | Task) -> Flow[list[LogLine]]:
    """Return a task's log lines."""
    operation = partial(ops.log_of, core.storage, core.namespace, checked_id(task))
    lines: list[LogLine] = yield Run(operation, reads=True)
    return lines


def resolve(core: Opened, text: str) -> Flow[UUID]:
    """Return the id that a whole id or a unique prefix stands for."""
    operation = partial(ops.resolve_id, core.storage, core.namespace, text)
    found: UUID = yield Run(operation, reads=True)
    return found


def cancel(
    core: Opened, task: UUID | str | Task, *, force: bool, by: By = NOBODY
) -> Flow[ops.Canceled]:
    """Cancel a task."""
    operation = partial(
        ops.cancel_task, core.storage, core.namespace, checked_id(task), force=force, by=by
    )
    done: ops.Canceled = yield Run(operation)
    return done


def retry(
    core: Opened, task: UUID | str | Task, *, attempts: int | None, by: By = NOBODY
) -> Flow[Task]:
    """Put a finished task back to the line."""
    if attempts is not None:
        checked_count("attempts", attempts)
    found = yield from get_task(core, task)
    if not core.policies.is_fresh(found.queue):
        yield Run(partial(core.policies.refresh, core.storage, (found.queue,)))
    policy = core.policies.queue(found.queue)
    more = policy.max_attempts if attempts is None else attempts
    operation = partial(
        ops.retry_task, core.storage, core.namespace, found.id, attempts=more, by=by
    )
    task_now: Task = yield Run(operation)
    core.storage.wakeups.wake_here(core.namespace, task_now.queue)
    return task_now


def register_queue(
    core: Opened, name: str, values: dict[str, Any], *, by: By = NOBODY
) -> Flow[Queue]:
    """Create a queue or change what is given of its policy."""
    return (yield from _written(core, ops_queues.set_policy, name, values, by))


def get_queue(core: Opened, name: str) -> Flow[Queue]:
    """Return a queue.

    Raises:
        QueueNotFoundError: The namespace has none of that name.
    """
    operation = partial(
        ops_queues.get_queue, core.storage, core.namespace, checked_name("queue", name)
    )
    queue: Queue = yield Run(operation, reads=True)
    core.policies.remember(queue)
    return queue


def create_queue(
    core: Opened, name: str, values: dict[str, Any], *, by: By = NOBODY
) -> Flow[Queue]:
    """Create a queue.

    Raises:
        DuplicateQueueError: It is there already.
    """
    return (yield from _written(core, ops_queues.create_queue, name, values, by))


def change_queue(
    core: Opened, name: str, values: dict[str, Any], *, by: By = NOBODY
) -> Flow[Queue]:
    """Change what is given of the policy of a queue that is there.

    Raises:
        QueueNotFoundError: The namespace has none of that name.
    """
    return (yield from _written(core, ops_queues.change_queue, name, values, by))


def _written(
    core: Opened, write: Callable[..., Plan[Queue]], name: str, values: dict[str, Any], by: By
) -> Flow[Queue]:
    policy, queue = queue_policy(**values), checked_name("queue", name)
    written: Queue = yield Run(partial(write, core.storage, core.namespace, queue, policy, by=by))
    core.policies.remember(written)
    return written


def list_namespaces(core: Opened) -> Flow[list[str]]:
    """Return the namespaces of the database that have a queue, by name."""
    found: list[str] = yield Run(core.storage.queues.list_namespaces, reads=True)
    return found


def database_time(core: Opened) -> Flow[datetime]:
    """Return what time it is on the database's clock."""
    now: datetime = yield Run(core.storage.firings.read_clock, reads=True)
    return now


def end_of_pause(core: Opened, until: datetime | None) -> Flow[datetime | None]:
    """Return when a pause ends.

    Raises:
        InvalidValueError: That is in the past, on the database's clock.
    """
    if until is not None and until <= (yield from database_time(core)):
        raise InvalidValueError("until", "is in the past")
    return until


def pause_queue(
    core: Opened, name: str, *, paused: bool, until: datetime | None = None, by: By = NOBODY
) -> Flow[None]:
    """Pause or resume a queue.

    Raises:
        InvalidValueError: `until` has no time zone, or is in the past.
        QueueNotFoundError: There is none of that name.
    """
    queue = checked_queue(name)
    end = yield from end_of_pause(core, checked_until(until))
    operation = partial(
        ops_queues.set_paused, core.storage, core.namespace, queue, paused=paused, until=end, by=by
    )
    done: bool = yield Run(operation)
    if not done:
        raise QueueNotFoundError(queue)
    core.storage.wakeups.wake_here(core.namespace, queue)


def list_queues(core: Opened) -> Flow[list[Queue]]:
    """Return the namespace's queues by name."""
    found: list[Queue] = yield Run(
        partial(core.storage.queues.list_queues, core.namespace), reads=True
    )
    return found


def stats(core: Opened) -> Flow[list[QueueCounts]]:
    """Return counts by queue and state."""
    found: list[QueueCounts] = yield Run(
        partial(core.storage.reads.count_tasks, core.namespace, cap=COUNT_CAP), reads=True
    )
    return found


def queue_counts(core: Opened, name: str) -> Flow[QueueCounts]:
    """Return the counts of one queue by state.

    Raises:
        QueueNotFoundError: The namespace has none of that name.
    """
    queue = checked_name("queue", name)
    for counts in (yield from stats(core)):
        if counts.queue == queue:
            return counts
    raise QueueNotFoundError(queue)


def migrate(core: Opened) -> list[Migration]:
    """Bring the schema up to date; blocking."""
    return core.storage.patient_runner.run(core.storage.migrations.apply)
