"""Deleting a queue with its tasks, as a flow."""

from __future__ import annotations

import time
from functools import partial
from typing import NamedTuple

from rowlock.app.bulk_flows import MOST_PAUSE_SECONDS
from rowlock.app.flow import Flow, Pause, Run
from rowlock.app.opened import Opened
from rowlock.model.changes import By
from rowlock.model.names import checked_name
from rowlock.model.queues import Queue
from rowlock.ops.queue_deletion import Purge, purge_batch, start_deletion
from rowlock.storage.deletion_contract import Deletion


class Deleted(NamedTuple):
    """What became of a deletion.

    Attributes:
        queue: The queue as it was; as it is, if it is still there.
        ended: Whether it is gone; upkeep goes on if not.
    """

    queue: Queue
    ended: bool


def delete_queue(
    core: Opened, name: str, *, force: bool, by: By, until: float | None = None
) -> Flow[Deleted]:
    """Delete a queue and its tasks.

    Args:
        core: Where.
        name: Which queue.
        force: Also if tasks of it run; whoever runs them finds them gone.
        by: Who asks.
        until: Stop after the batch in which the monotonic clock shows this.
    """
    name = checked_name("queue", name)
    start = partial(start_deletion, core.storage, core.namespace, name, force=force, by=by)
    started: tuple[Queue, Deletion] = yield Run(start)
    queue, deletion = started
    core.policies.forget(name)
    look = partial(core.storage.deletions.deletion_of, core.namespace, name)
    while True:
        in_time = yield from _purge(core, deletion, until)
        left: Deletion | None = yield Run(look, reads=True)
        if left is None or left == deletion or not in_time:
            break
        deletion = left  # somebody asked for it again meanwhile, and may have left it to us
    core.storage.wakeups.wake_here(core.namespace, name)
    if left is None:
        return Deleted(queue, ended=True)
    read = partial(core.storage.queues.get_queue, core.namespace, name)
    found: Queue | None = yield Run(read, reads=True)
    return Deleted(found or queue, ended=found is None)


def _purge(core: Opened, deletion: Deletion, until: float | None) -> Flow[bool]:
    """Delete what has to go; returns whether that was looked for to the end."""
    purge = Purge(deletion)
    while not purge.over:
        began = time.monotonic()
        purge = yield Run(partial(purge_batch, core.storage, purge))
        if until is not None and time.monotonic() >= until:
            break
        if not purge.over:
            yield Pause(min(time.monotonic() - began, MOST_PAUSE_SECONDS))
    return purge.over
