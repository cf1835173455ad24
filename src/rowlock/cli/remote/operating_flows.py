"""`rowlock.app.operating_flows`, asked of a server."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from rowlock.app.flows import checked_id
from rowlock.app.operating_flows import Cleaned
from rowlock.cli.remote.reading import model, with_queue
from rowlock.cli.remote.saying import said
from rowlock.client import Client
from rowlock.definitions.options import task_options
from rowlock.errors import ConfigError
from rowlock.model.changes import Action, By, Change, Edits, checked_until
from rowlock.model.durations import Duration, duration_from
from rowlock.model.tasks import Task


def change(client: Client, task: UUID | str | Task, wanted: Change, by: By) -> Task:
    """Resume, delete or restore a task."""
    task_id = checked_id(task)
    match wanted.action:
        case Action.RESUME:
            return model(Task, client.resume(task_id, reason=by.reason))
        case Action.DELETE:
            return model(Task, client.delete(task_id, force=wanted.force, reason=by.reason))
        case Action.RESTORE:
            return model(Task, client.restore(task_id, reason=by.reason))
        case _:
            raise ConfigError(f"{wanted.action} of a task has a route of its own")


def pause(client: Client, task: UUID | str | Task, by: By, *, until: datetime | None) -> Task:
    """Hold a waiting task back."""
    task_id, end = checked_id(task), checked_until(until)
    return model(Task, client.pause(task_id, until=end, reason=by.reason))


def purge(client: Client, task: UUID | str | Task, by: By) -> None:
    """Delete a finished task for good."""
    client.purge(checked_id(task), reason=by.reason)


def edit(
    client: Client,
    task: UUID | str | Task,
    by: By,
    *,
    arguments: Mapping[str, Any] | None,
    edits: Edits,
    merge: bool = False,
) -> Task:
    """Change a waiting task."""
    given = None if arguments is None else dict(arguments)
    content = {"set_arguments" if merge else "arguments": given}
    values = said({**edits._asdict(), **content, "reason": by.reason})
    return model(Task, client.edit(checked_id(task), **values))


def requeue(
    client: Client,
    task: UUID | str | Task,
    by: By,
    *,
    arguments: Mapping[str, Any] | None,
    changes: Mapping[str, Any],
) -> Task:
    """Store a new task like another one."""
    task_id, options = checked_id(task), task_options(**changes)
    given = {name: value for name, value in options._asdict().items() if name in changes}
    values = said({**given, "arguments": arguments, "reason": by.reason})
    made = with_queue(client, options.queue, lambda: client.requeue(task_id, **values))
    return model(Task, made)


def cleanup(
    client: Client,
    by: By,
    *,
    older_than: Duration,
    queue: str | None,
    states: tuple[str, ...],
) -> Cleaned:
    """Purge old finished tasks, to the end."""
    age = duration_from("older_than", older_than).total_seconds()
    removed, done = 0, False
    while not done:
        part = client.cleanup(older_than=age, queue=queue, states=list(states), reason=by.reason)
        removed, done = removed + part.removed, part.done
    return Cleaned(removed, done=True)
