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
from rowlock.ops.queues import get_queue
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
    purge = Purge(deletion)
    while True:
        began = time.monotonic()
        purge = yield Run(partial(purge_batch, core.storage, purge))
        if purge.over or (until is not None and time.monotonic() >= until):
            break
        yield Pause(min(time.monotonic() - began, MOST_PAUSE_SECONDS))
    if not purge.ended:
        queue = yield Run(partial(get_queue, core.storage, core.namespace, name), reads=True)
    core.storage.wakeups.wake_here(core.namespace, name)
    return Deleted(queue, purge.ended)
