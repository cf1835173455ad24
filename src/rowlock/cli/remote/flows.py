"""`rowlock.app.flows`, asked of a server."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from rowlock.app.flows import checked_id
from rowlock.cli.remote.reading import model, models, paged, queue_from
from rowlock.cli.remote.saying import said
from rowlock.client import Client
from rowlock.errors import DuplicateQueueError, QueueNotFoundError
from rowlock.model.changes import NOBODY, By, checked_until
from rowlock.model.names import checked_name, checked_queue
from rowlock.model.queues import Queue, QueuePolicy, checked_count, queue_policy
from rowlock.model.tasks import Attempt, LogLine, QueueCounts, Task
from rowlock.ops.tasks import Canceled, ids_meant, only_id


def get_task(client: Client, task: UUID | str | Task) -> Task:
    """Show a task."""
    return model(Task, client.get_task(checked_id(task)))


def attempts(client: Client, task: UUID | str | Task) -> list[Attempt]:
    """List a task's runs."""
    task_id = checked_id(task)
    found = paged(lambda offset, limit: client.list_attempts(task_id, offset=offset, limit=limit))
    return models(Attempt, found, task_id=task_id)


def task_log(client: Client, task: UUID | str | Task) -> list[LogLine]:
    """List a task's log lines."""
    task_id = checked_id(task)
    found = paged(lambda offset, limit: client.get_log(task_id, offset=offset, limit=limit))
    return [model(LogLine, one, message=one.message or "") for one in found]


def resolve(client: Client, text: str) -> UUID:
    """Find the task whose id begins so: a convenience of this side, the service knows ids."""
    low, high = ids_meant(text)
    if low == high:
        return low
    page = client.list_tasks(before=str(high), include_deleted=True, limit=2)
    found = [UUID(one.id) for one in page.body]
    return only_id(text, [one for one in found if one >= low])


def cancel(client: Client, task: UUID | str | Task, *, force: bool, by: By = NOBODY) -> Canceled:
    """Cancel a task."""
    done = client.cancel(checked_id(task), force=force, reason=by.reason)
    return Canceled(done.outcome)


def retry(
    client: Client, task: UUID | str | Task, *, attempts: int | None, by: By = NOBODY
) -> Task:
    """Run a finished task again."""
    if attempts is not None:
        checked_count("attempts", attempts)
    return model(Task, client.retry(checked_id(task), attempts=attempts, reason=by.reason))


def list_namespaces(client: Client) -> list[str]:
    """List namespaces; those that the token is good for."""
    return client.list_namespaces().body


def queue_counts(client: Client, name: str) -> QueueCounts:
    """Count a queue's tasks by state."""
    return model(QueueCounts, client.count_queue(checked_name("queue", name)))


def list_queues(client: Client) -> list[Queue]:
    """List queues by name."""
    found = paged(lambda offset, limit: client.list_queues(offset=offset, limit=limit))
    return [queue_from(one) for one in found]


def get_queue(client: Client, name: str) -> Queue:
    """Show a queue."""
    return queue_from(client.get_queue(checked_name("queue", name)))


def create_queue(client: Client, name: str, values: dict[str, Any], *, by: By = NOBODY) -> Queue:
    """Create a queue."""
    queue, policy = checked_name("queue", name), _policy(values)
    return queue_from(client.create_queue(name=queue, reason=by.reason, **policy))


def change_queue(client: Client, name: str, values: dict[str, Any], *, by: By = NOBODY) -> Queue:
    """Change what is given of a queue's policy."""
    queue, policy = checked_name("queue", name), _policy(values)
    if not policy:
        return get_queue(client, queue)
    return queue_from(client.change_queue(queue, reason=by.reason, **policy))


def register_queue(client: Client, name: str, values: dict[str, Any], *, by: By = NOBODY) -> Queue:
    """Create a queue or change what is given of its policy."""
    try:
        return change_queue(client, name, values, by=by)
    except QueueNotFoundError:
        pass
    try:
        return create_queue(client, name, values, by=by)
    except DuplicateQueueError:
        return change_queue(client, name, values, by=by)


def pause_queue(
    client: Client, name: str, *, paused: bool, until: datetime | None = None, by: By = NOBODY
) -> None:
    """Pause or resume a queue."""
    queue, end = checked_queue(name), checked_until(until)
    if paused:
        client.pause_queue(queue, until=end, reason=by.reason)
    else:
        client.resume_queue(queue, reason=by.reason)


def _policy(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return a policy for a request, refused here if it makes no sense."""
    policy = queue_policy(**values)
    return said({name: getattr(policy, name) for name in QueuePolicy.__slots__})
