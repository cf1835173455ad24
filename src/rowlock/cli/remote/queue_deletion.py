"""`rowlock.app.queue_deletion`, asked of a server."""

from __future__ import annotations

from rowlock.app.queue_deletion import Deleted
from rowlock.cli.remote.reading import queue_from
from rowlock.client import Client
from rowlock.model.changes import By
from rowlock.model.names import checked_name


def delete_queue(client: Client, name: str, *, force: bool, by: By) -> Deleted:
    """Delete a queue and its tasks; what takes long goes on at the server."""
    gone = client.delete_queue(checked_name("queue", name), force=force, reason=by.reason)
    return Deleted(queue_from(gone), gone.deleted)
