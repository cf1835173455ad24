"""What a program does with tasks that it claimed by hand; each write carries the claim's token.

The tasks are looked at first, so that nobody reaches into another namespace; what decides is
the guard in the write that follows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import TypeAlias
from uuid import UUID

from rowlock.backoff import RetryPolicy
from rowlock.errors import LeaseLostError, NotRunningError, RowlockError, TaskNotFoundError
from rowlock.model.ends import ClaimKey, Ending, Standing, ToldEnd
from rowlock.model.ids import is_served_token
from rowlock.model.states import TaskState
from rowlock.model.tallies import counted_as
from rowlock.model.tasks import Finish, Held, Outcome, Release, Report, TaskFailure
from rowlock.ops.tasks import get_task
from rowlock.plan import BEGIN, Plan, after_commit
from rowlock.runtime.ends import End, end_of_failure
from rowlock.storage.storage import Storage
from rowlock.storage.tallier import Ran

RetryOf: TypeAlias = Callable[[Standing], RetryPolicy]
Verdict: TypeAlias = Standing | RowlockError
"""How a task stands after what was asked, or why it was refused."""


def heartbeat(
    storage: Storage, namespace: str, held: Sequence[Held], *, now: datetime | None = None
) -> Plan[dict[UUID, bool | RowlockError]]:
    """Extend claims; returns whether each task is asked to be canceled, or why it is not held."""
    asked = [ClaimKey(one.id, one.token) for one in held]
    standings = yield from storage.claims.read_standings(namespace, asked)
    ours = [one for one in held if one.id in standings]
    pulses = (yield from storage.claims.renew_leases(ours, now=now)) if ours else []
    told: dict[UUID, bool | RowlockError] = {
        pulse.id: pulse.cancel_requested if pulse.held else LeaseLostError(pulse.id)
        for pulse in pulses
    }
    return {one.id: told.get(one.id, TaskNotFoundError(one.id)) for one in held}


def report(
    storage: Storage, namespace: str, reports: Sequence[Report], *, now: datetime | None = None
) -> Plan[dict[UUID, RowlockError]]:
    """Record how far claimed tasks are, or what they have to say; returns what was refused."""
    asked = [ClaimKey(one.id, one.token) for one in reports]
    yield BEGIN
    standings = yield from storage.claims.read_standings(namespace, asked)
    yield from storage.claims.report([one for one in reports if one.id in standings], now=now)
    # Within the transaction a row that was written is still ours: if it is not there now, it was
    # not there to be written.
    standings = yield from storage.claims.read_standings(namespace, asked)
    refused: dict[UUID, RowlockError] = {}
    for task_id, _ in asked:
        if task_id not in standings:
            refused[task_id] = TaskNotFoundError(task_id)
        elif not standings[task_id].held:
            refused[task_id] = LeaseLostError(task_id)
    return refused


def settle(
    storage: Storage,
    namespace: str,
    told: Sequence[ToldEnd],
    retry_of: RetryOf,
    *,
    now: datetime | None = None,
) -> Plan[dict[UUID, Verdict]]:
    """Record how attempts ended, of each task one; once more with the same token changes nothing.

    Args:
        storage: Where.
        namespace: In which namespace.
        told: The ends.
        retry_of: Returns the retry policy that applies to a task.
        now: Instead of the database's clock; for tests.

    Returns:
        How each task stands then; `TaskNotFoundError` if the namespace has none of that id,
        `LeaseLostError` if the claim is over, and did not end so.
    """
    asked = [ClaimKey(one.id, one.token) for one in told]
    yield BEGIN
    found = yield from storage.claims.read_standings(namespace, asked, now=now)
    ends = [_end_of(one, found[one.id], retry_of) for one in told if one.id in found]
    recorded = yield from _record(storage, ends, now)
    standings = yield from storage.claims.read_standings(namespace, asked)
    verdicts = {one.id: _verdict(one, standings.get(one.id), recorded) for one in told}
    waiting = {
        one.queue
        for one in verdicts.values()
        if isinstance(one, Standing) and one.state is TaskState.QUEUED
    }
    if waiting:
        yield from storage.wakeups.announce(namespace, sorted(waiting), coalesce=False)
    # What was over before was told, and counted, before.
    runs = [_run(found[end.id], end) for end in ends if found[end.id].held and end.id in recorded]
    yield after_commit(partial(storage.tallier.count_runs, namespace, runs))
    return verdicts


def _run(standing: Standing, end: End) -> Ran:
    started = standing.started_at or standing.now
    waited = (started - standing.run_at).total_seconds()
    took = (standing.now - started).total_seconds()
    return standing.queue, standing.definition, counted_as(end), waited, took


def _record(storage: Storage, ends: Sequence[End], now: datetime | None) -> Plan[set[UUID]]:
    finished = [end for end in ends if isinstance(end, Finish)]
    released = [end for end in ends if isinstance(end, Release)]
    recorded: set[UUID] = set()
    if finished:
        recorded |= yield from storage.claims.finish_tasks(finished, now=now)
    if released:
        recorded |= yield from storage.claims.release_tasks(released, now=now)
    return recorded


def _verdict(told: ToldEnd, standing: Standing | None, recorded: set[UUID]) -> Verdict:
    if standing is None:
        return TaskNotFoundError(told.id)
    if told.id not in recorded or not standing.agrees(told.ending):
        return LeaseLostError(told.id)
    return standing


def _end_of(told: ToldEnd, standing: Standing, retry_of: RetryOf) -> End:
    """Return what an end makes of its task, as a worker of our own would decide it.

    What was said is a wish: a task without attempts left is not tried again.
    """
    task_id, token = told.id, told.token
    match told.ending:
        case Ending.SUCCEEDED:
            return Finish(task_id, token, TaskState.SUCCEEDED, told.result)
        case Ending.CANCELED:
            return Finish(task_id, token, TaskState.CANCELED, reason=told.reason or "canceled")
        case Ending.SNOOZED:
            return Release(task_id, token, Outcome.SNOOZED, told.delay or None)
        case Ending.HANDED_BACK:
            return Release(task_id, token, Outcome.HANDED_BACK)
        case Ending.FAILED:
            failure = told.failure or TaskFailure(type="Failed", message="")
            return end_of_failure(
                standing,
                retry_of(standing),
                failure,
                reason=told.reason,
                final=not told.retry,
                delay=told.delay,
            )


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
