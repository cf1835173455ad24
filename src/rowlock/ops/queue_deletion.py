"""Deleting a queue with its tasks, a batch at a time."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from rowlock.errors import QueueBusyError, QueueNotFoundError
from rowlock.model.changes import By, NewAudit
from rowlock.model.queues import Queue
from rowlock.ops.queues import get_queue
from rowlock.plan import BEGIN, Plan
from rowlock.storage.deletion_contract import Deletion
from rowlock.storage.storage import Storage

BATCH = 5_000
"""Rows of one transaction: nobody else wants them."""

BEING_DELETED = "being deleted"


class Purge(NamedTuple):
    """How far a deletion has come.

    Attributes:
        deletion: Of what.
        waiting: Whether tasks that are not finished are still looked for.
        after: Those up to this id were looked for.
        over: Whether everything was looked for.
        ended: Whether the queue is gone.
    """

    deletion: Deletion
    waiting: bool = True
    after: UUID | None = None
    over: bool = False
    ended: bool = False


def start_deletion(
    storage: Storage,
    namespace: str,
    name: str,
    *,
    force: bool,
    by: By,
    now: datetime | None = None,
) -> Plan[tuple[Queue, Deletion]]:
    """Let nothing more be claimed from a queue, and note that it is to go; recorded.

    Returns:
        The queue as it was before, and its deletion.

    Raises:
        QueueNotFoundError: The namespace has none of that name.
        QueueBusyError: Tasks of it run, and `force` is not given; with it their rows are gone.
    """
    yield BEGIN
    queue = yield from get_queue(storage, namespace, name)
    deletions = storage.deletions
    yield from deletions.mark(namespace, name, reason=BEING_DELETED, now=now)
    running = yield from deletions.lock_running(namespace, name)
    if running and not force:
        raise QueueBusyError(name, len(running))
    if running:
        yield from deletions.purge_tasks(running)
    detail = {"running": len(running)} if running else None
    yield from storage.records.add_audit(namespace, NewAudit("delete", "queue", name, detail), by)
    deletion = yield from deletions.deletion_of(namespace, name)
    if deletion is None:
        raise QueueNotFoundError(name)
    return queue, deletion


def purge_batch(storage: Storage, purge: Purge, /) -> Plan[Purge]:
    """Delete a batch of what has to go: what waits, then what is finished, then the queue."""
    deletions, deletion = storage.deletions, purge.deletion
    if purge.waiting:
        gone = yield from deletions.purge_waiting(deletion, after=purge.after, limit=BATCH)
        if len(gone) == BATCH:
            return purge._replace(after=gone[-1])
        return purge._replace(waiting=False)
    if (yield from deletions.purge_finished(deletion, limit=BATCH)) == BATCH:
        return purge
    ended = yield from deletions.end(deletion)
    if ended:
        yield from storage.tallies.forget_tallies(deletion.namespace, deletion.queue)
    return purge._replace(over=True, ended=ended)
