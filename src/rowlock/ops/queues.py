"""What people change about queues, recorded in the transaction that changes them."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime
from typing import Any

from rowlock.errors import DuplicateQueueError, InvalidValueError, QueueNotFoundError
from rowlock.model.changes import By, NewAudit
from rowlock.model.queues import Queue, QueuePolicy
from rowlock.plan import BEGIN, Plan
from rowlock.storage.storage import Storage


def set_policy(
    storage: Storage, namespace: str, name: str, given: QueuePolicy, *, by: By
) -> Plan[Queue]:
    """Create a queue or change what is given of its policy; a change is recorded."""
    yield BEGIN
    before = yield from storage.queues.ensure_queue(namespace, name)
    after = yield from storage.queues.update_queue(namespace, name, given)
    changed = _differences(before.policy, after.policy)
    if changed:
        entry = NewAudit("set_policy", "queue", name, changed)
        yield from storage.records.add_audit(namespace, entry, by)
    return after


def get_queue(storage: Storage, namespace: str, name: str) -> Plan[Queue]:
    """Return the queue.

    Raises:
        QueueNotFoundError: The namespace has none of that name.
    """
    found = yield from storage.queues.get_queue(namespace, name)
    if found is None:
        raise QueueNotFoundError(name)
    return found


def create_queue(
    storage: Storage, namespace: str, name: str, given: QueuePolicy, *, by: By
) -> Plan[Queue]:
    """Create a queue with a policy, and record it.

    Raises:
        DuplicateQueueError: It is there already.
    """
    yield BEGIN
    if not (yield from storage.queues.create_queue(namespace, name)):
        raise DuplicateQueueError(name)
    made = yield from storage.queues.update_queue(namespace, name, given)
    entry = NewAudit("create", "queue", name, _differences(QueuePolicy(), given) or None)
    yield from storage.records.add_audit(namespace, entry, by)
    return made


def change_queue(
    storage: Storage, namespace: str, name: str, given: QueuePolicy, *, by: By
) -> Plan[Queue]:
    """Change what is given of the policy of a queue that is there; a change is recorded.

    Raises:
        QueueNotFoundError: The namespace has none of that name.
    """
    yield BEGIN
    yield from get_queue(storage, namespace, name)
    return (yield from set_policy(storage, namespace, name, given, by=by))


def _differences(before: QueuePolicy, after: QueuePolicy) -> dict[str, Any]:
    """Return what a policy says now that it did not say before, as text."""
    names = (field.name for field in fields(QueuePolicy))
    return {
        name: str(getattr(after, name))
        for name in names
        if getattr(after, name) != getattr(before, name)
    }


def set_paused(
    storage: Storage,
    namespace: str,
    name: str,
    *,
    paused: bool,
    until: datetime | None,
    by: By,
) -> Plan[bool]:
    """Pause or resume a queue and record it; False if there is none.

    Raises:
        InvalidValueError: It is being deleted.
    """
    yield BEGIN
    done = yield from storage.queues.pause_queue(
        namespace, name, paused, until=until, reason=by.reason if paused else None
    )
    if done:
        # Looked at once its row is locked: a deletion comes before, or waits and pauses it again.
        if (yield from storage.deletions.deletion_of(namespace, name)) is not None:
            raise InvalidValueError("queue", f"{name!r} is being deleted")
        detail = None if until is None else {"until": until.isoformat()}
        entry = NewAudit("pause" if paused else "resume", "queue", name, detail)
        yield from storage.records.add_audit(namespace, entry, by)
    return done
