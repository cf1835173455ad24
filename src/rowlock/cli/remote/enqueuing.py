"""`rowlock.app.enqueuing`, asked of a server."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from rowlock.cli.remote.flows import get_task
from rowlock.cli.remote.reading import model, with_queue
from rowlock.cli.remote.saying import said
from rowlock.client import Client
from rowlock.definitions.options import TaskOptions
from rowlock.errors import DuplicateTaskError
from rowlock.model.names import checked_alias
from rowlock.model.tasks import Task


def enqueue(client: Client, definition: Any, payload: Any, options: TaskOptions) -> Task:
    """Store a task."""
    given = options._asdict()
    own_id: UUID | None = given.pop("id")
    del given["transaction"]
    alias = None if definition is None else checked_alias(definition)
    content = {"definition": alias, "payload": payload}
    made = with_queue(
        client,
        options.queue,
        lambda: client.create_task(**content, **said(given), idempotency_key=own_id),
    )
    return model(Task, made)


def enqueue_if_not_exists(
    client: Client, definition: Any, payload: Any, options: TaskOptions
) -> tuple[Task, bool]:
    """Store a task unless a live one holds its unique key, by default all arguments."""
    keyed = options._replace(unique=True) if options.unique is None else options
    try:
        return enqueue(client, definition, payload, keyed), True
    except DuplicateTaskError as error:
        return get_task(client, error.task_id), False
