"""Claiming over several queues: what is best of all of them comes first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from rowlock.model.tasks import Claim
from rowlock.plan import Plan
from rowlock.storage.contract import ClaimRequest
from rowlock.storage.storage import Storage

PROMOTE_LIMIT = 500


def promote_due(storage: Storage, *, now: datetime | None = None) -> Plan[int]:
    """Move what is due to queued, the earliest first; returns how many tasks."""
    return len((yield from storage.upkeep.promote_tasks(limit=PROMOTE_LIMIT, now=now)))


def claim_from(
    storage: Storage,
    request: ClaimRequest,
    queues: Sequence[str] | None = None,
    *,
    leases: Mapping[str, timedelta] | None = None,
    now: datetime | None = None,
) -> Plan[list[Claim]]:
    """Claim the best tasks of several queues, after promoting what is due.

    Args:
        storage: Where.
        request: What is asked for; its `queue` is replaced.
        queues: Which queues; None for every queue of the namespace.
        leases: How long a claim of each queue holds; the request's where there is none.
        now: Instead of the database's clock; for tests.
    """
    yield from promote_due(storage, now=now)
    if queues is None:
        queues = yield from _open_queues(storage, request.namespace)
    shares = yield from _shares(storage, request, queues)
    claims: list[Claim] = []
    for queue, share in shares:
        lease = (leases or {}).get(queue, request.lease)
        asked = request._replace(queue=queue, limit=share, lease=lease)
        claims += yield from storage.claims.claim_tasks(asked, now=now)
    return sorted(claims, key=Claim.place_in_line)


def is_claimable(
    storage: Storage, request: ClaimRequest, queues: Sequence[str] | None = None
) -> Plan[bool]:
    """Whether a claim would take something now. See `claim_from`."""
    yield from promote_due(storage)
    if queues is None:
        queues = yield from _open_queues(storage, request.namespace)
    for queue in queues:
        if (yield from storage.claims.peek_queue(request._replace(queue=queue, limit=1))):
            return True
    return False


def _open_queues(storage: Storage, namespace: str) -> Plan[list[str]]:
    known = yield from storage.queues.list_queues(namespace)
    return [queue.name for queue in known if not queue.paused]


def _shares(
    storage: Storage, request: ClaimRequest, queues: Sequence[str]
) -> Plan[list[tuple[str, int]]]:
    """Return how many to claim from each queue so that together they are the best."""
    if len(queues) == 1:
        return [(queues[0], request.limit)]
    heads: list[tuple[tuple[object, ...], str]] = []
    for queue in queues:
        places = yield from storage.claims.peek_queue(request._replace(queue=queue))
        heads += [(place, queue) for place in places]
    best = [queue for _, queue in sorted(heads)[: request.limit]]
    return [(queue, best.count(queue)) for queue in dict.fromkeys(best)]
