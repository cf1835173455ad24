"""Claims as the HTTP service makes them for workers elsewhere, and their ends, as flows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from rowlock.app import settling_flows
from rowlock.app.claiming_flows import claim
from rowlock.app.flow import Flow
from rowlock.app.flows import checked_id, get_queue
from rowlock.app.intake import Intake
from rowlock.errors import NoTaskError
from rowlock.model.claimed import ClaimedTask
from rowlock.model.ids import new_served_token
from rowlock.model.queues import Queue
from rowlock.model.tasks import Task

DEFAULT_LEASE: Final = timedelta(minutes=5)
UNEXPLAINED: Final = "its worker said that it failed"


def served_lease(queue: Queue) -> timedelta:
    """Return how long a claim over HTTP holds if nobody says: workers elsewhere answer slowly."""
    return queue.timeout or DEFAULT_LEASE


def claim_served(
    core: Intake, worker: str, queues: Sequence[str], *, lease: object
) -> Flow[ClaimedTask]:
    """Take the best task of any queue, or of those named; its end needs no token.

    Raises:
        QueueNotFoundError: There is none of a name.
        NoTaskError: There is nothing to do.
    """
    for queue in queues:
        yield from get_queue(core, queue)
    flow = claim(
        core,
        worker,
        queues or None,
        limit=1,
        lease=lease,
        definitions=None,
        lease_of=served_lease,
        new_token=new_served_token,
    )
    claims = yield from flow
    if not claims:
        raise NoTaskError
    return claims[0]


def settle_served(
    core: Intake, task: UUID | str, token: object, *, failed: bool, result: Any
) -> Flow[Task]:
    """Record how the attempt of a claimed task ended.

    Args:
        core: Where.
        task: Which one.
        token: What the claim came with; None if it was claimed for a worker elsewhere.
        failed: Whether it failed.
        result: What came of it, or why it failed; any JSON.
    """
    task_id = checked_id(task)
    held = (yield from settling_flows.served_token(core, task_id)) if token is None else token
    if not failed:
        return (yield from settling_flows.complete(core, task_id, held, result))
    error = result if isinstance(result, str) else UNEXPLAINED
    return (yield from settling_flows.fail(core, task_id, held, error, detail=result))
