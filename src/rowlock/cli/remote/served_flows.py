"""`rowlock.app.served_flows`, asked of a server."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from rowlock.app.flows import checked_id
from rowlock.app.holding_flows import checked_lease
from rowlock.cli.remote.reading import model
from rowlock.client import Client
from rowlock.model.claimed import ClaimedTask
from rowlock.model.ids import checked_token
from rowlock.model.names import checked_name, checked_worker
from rowlock.model.tasks import Task


def claim_served(
    client: Client, worker: str, queues: Sequence[str], *, lease: object
) -> ClaimedTask:
    """Take the best task of any queue, or of those named."""
    names = [checked_name("queue", queue) for queue in queues]
    held = None if lease is None else str(checked_lease(lease).total_seconds())
    found = client.claim_any(worker=checked_worker(worker), lease=held, queue=names or None)
    return model(ClaimedTask, found)


def settle_served(
    client: Client, task: UUID | str, token: object, *, failed: bool, result: Any
) -> Task:
    """Record how the attempt of a claimed task ended."""
    held = None if token is None else str(checked_token(token))
    ended = client.settle(checked_id(task), token=held, fail=failed, result=result)
    return model(Task, ended)
