"""What a program does with tasks that it claimed by hand; each write carries the claim's token.

The task is looked at first, so that nobody reaches into another namespace; what decides is the
guard in the write that follows.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from rowlock.backoff import RetryPolicy
from rowlock.errors import LeaseLostError, NotRunningError
from rowlock.model.ids import is_served_token
from rowlock.model.states import TaskState
from rowlock.model.tasks import (
    Claim,
    Finish,
    Held,
    Outcome,
    Release,
    Report,
    Task,
    TaskFailure,
)
from rowlock.ops.tasks import get_task
from rowlock.plan import BEGIN, Plan
from rowlock.runtime.ends import end_of_failure
from rowlock.storage.storage import Storage


def heartbeat(
    storage: Storage,
    namespace: str,
    held: Held,
    *,
    now: datetime | None = None,
) -> Plan[bool]:
    """Extend a claim; returns whether the task is asked to be canceled.

    Raises:
        TaskNotFoundError: The namespace has none of that id.
        LeaseLostError: The claim is over.
    """
    yield from get_task(storage, namespace, held.id, now=now)
    [pulse] = yield from storage.claims.renew_leases([held], now=now)
    if not pulse.held:
        raise LeaseLostError(held.id)
    return pulse.cancel_requested


def report(
    storage: Storage, namespace: str, report: Report, *, now: datetime | None = None
) -> Plan[None]:
    """Record how far a claimed task is, or what it has to say.

    Raises:
        TaskNotFoundError: The namespace has none of that id.
        LeaseLostError: The claim is over.
    """
    yield BEGIN
    yield from get_task(storage, namespace, report.id, now=now)
    yield from storage.claims.report([report], now=now)
    # Within the transaction the row that was written is still ours: if it is not there now, it
    # was not there to be written.
    if not (yield from storage.claims.is_held(report.id, report.token)):
        raise LeaseLostError(report.id)


def complete(
    storage: Storage, namespace: str, end: Finish, *, now: datetime | None = None
) -> Plan[Task]:
    """Record that a claimed task succeeded; once more with the same token changes nothing.

    Raises:
        TaskNotFoundError: The namespace has none of that id.
        LeaseLostError: The claim is over, and did not end so.
    """
    yield BEGIN
    yield from get_task(storage, namespace, end.id, now=now)
    recorded = yield from storage.claims.finish_tasks([end], now=now)
    task = yield from get_task(storage, namespace, end.id, now=now)
    if not recorded or task.state is not TaskState.SUCCEEDED:
        raise LeaseLostError(end.id)
    return task


def fail(
    storage: Storage,
    namespace: str,
    task_id: UUID,
    token: UUID,
    failure: TaskFailure,
    retry_of: Callable[[Task], RetryPolicy],
    *,
    now: datetime | None = None,
) -> Plan[Task]:
    """Record that an attempt failed: the task waits for another one, or has failed.

    Args:
        storage: Where.
        namespace: In which namespace.
        task_id: Which task.
        token: The claim's.
        failure: Why.
        retry_of: Returns the retry policy that applies to the task.
        now: Instead of the database's clock; for tests.

    Raises:
        TaskNotFoundError: The namespace has none of that id.
        LeaseLostError: The claim is over, and did not end so.
    """
    yield BEGIN
    task = yield from get_task(storage, namespace, task_id, now=now)
    end = end_of_failure(_claim_of(task, token), retry_of(task), failure)
    return (yield from _end_badly(storage, namespace, end, now))


def release(
    storage: Storage,
    namespace: str,
    task_id: UUID,
    token: UUID,
    *,
    delay: timedelta | None,
    now: datetime | None = None,
) -> Plan[Task]:
    """Give a claimed task back to the line; the attempt does not count.

    Raises:
        TaskNotFoundError: The namespace has none of that id.
        LeaseLostError: The claim is over, and did not end so.
    """
    yield BEGIN
    yield from get_task(storage, namespace, task_id, now=now)
    outcome = Outcome.SNOOZED if delay else Outcome.HANDED_BACK
    return (yield from _end_badly(storage, namespace, Release(task_id, token, outcome, delay), now))


def served_token(
    storage: Storage, namespace: str, task_id: UUID, *, now: datetime | None = None
) -> Plan[UUID]:
    """Return the token under which a task runs that the HTTP service claimed.

    Raises:
        TaskNotFoundError: The namespace has none of that id.
        NotRunningError: It does not run.
        LeaseLostError: Somebody else claimed it, or a claim was lost before this one.
    """
    task = yield from get_task(storage, namespace, task_id, now=now)
    token = yield from storage.claims.read_token(namespace, task_id)
    if token is None:
        raise NotRunningError(task_id, task.state)
    if task.crashes or not is_served_token(token):
        raise LeaseLostError(task_id)
    return token


def _end_badly(
    storage: Storage, namespace: str, end: Finish | Release, now: datetime | None
) -> Plan[Task]:
    if isinstance(end, Finish):
        recorded = yield from storage.claims.finish_tasks([end], now=now)
    else:
        recorded = yield from storage.claims.release_tasks([end], now=now)
    task = yield from get_task(storage, namespace, end.id, now=now)
    if not recorded or task.state is TaskState.SUCCEEDED:
        raise LeaseLostError(end.id)
    if task.state is TaskState.QUEUED:
        yield from storage.wakeups.announce(namespace, [task.queue], coalesce=False)
    return task


def _claim_of(task: Task, token: UUID) -> Claim:
    """Return a task as the claim that decides how a failure of it ends."""
    return Claim(
        id=task.id,
        token=token,
        queue=task.queue,
        definition=task.definition,
        payload="",
        attempt=task.attempt,
        crashes=task.crashes,
        max_attempts=task.max_attempts,
        max_crashes=task.max_crashes,
        priority=task.priority,
        run_at=task.run_at,
        created_at=task.created_at,
        started_at=task.started_at or task.created_at,
        lease_until=task.lease_until or task.created_at,
        expires_at=task.expires_at,
        cancel_requested=task.cancel_requested,
        unique_key=task.unique_key,
        tags=None,
        options=None,
    )
