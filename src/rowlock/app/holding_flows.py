"""Claiming by hand: a program takes tasks, renews and ends them itself; as flows."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

from rowlock.app.flow import Flow, Run
from rowlock.app.flows import checked_id
from rowlock.app.intake import Intake
from rowlock.backoff import RetryPolicy
from rowlock.definitions.definition import TaskDefinition
from rowlock.definitions.reports import TaskReports, progress_message
from rowlock.definitions.signature import Signature
from rowlock.errors import InvalidValueError, StorageUnavailableError
from rowlock.model import json_text
from rowlock.model.claimed import ClaimedTask, claimed_task
from rowlock.model.definitions import Definition
from rowlock.model.durations import positive_duration_from
from rowlock.model.ids import checked_token, new_token
from rowlock.model.names import checked_alias, checked_queue, checked_worker, definition_key
from rowlock.model.queues import MIN_LEASE, Queue, checked_count
from rowlock.model.states import TaskState
from rowlock.model.tasks import Claim, Finish, Held, Report, Task, TaskFailure
from rowlock.ops import holding
from rowlock.ops.claim import claim_from
from rowlock.ops.tasks import get_task
from rowlock.plan import Plan
from rowlock.runtime.ends import MAX_MESSAGE_LENGTH, failure_from
from rowlock.storage.contract import ClaimRequest

MAX_CLAIM = 1_000
FULL = 100
LEVELS = ("DEBUG", "INFO", "SUCCESS", "WARNING", "ERROR", "CRITICAL")
HeldTask = UUID | str | Task | ClaimedTask


def own_lease(queue: Queue) -> timedelta:
    """Return how long a claim from a queue holds, if nobody says otherwise."""
    return queue.lease


def _held_id(task: HeldTask) -> UUID:
    return task.id if isinstance(task, ClaimedTask) else checked_id(task)


def _checked_lease(lease: object) -> timedelta:
    checked = positive_duration_from("lease", lease)
    if checked < MIN_LEASE:
        raise InvalidValueError("lease", f"must be at least {MIN_LEASE.total_seconds()} s")
    return checked


def _names(field: str, given: Sequence[str] | str) -> list[str]:
    names = [given] if isinstance(given, str) else list(given)
    if not names:
        raise InvalidValueError(field, "names nothing; leave it out for any")
    return names


def claim(
    core: Intake,
    worker: str,
    queues: Sequence[str] | str | None,
    *,
    limit: int,
    lease: object,
    definitions: Sequence[str] | str | None,
    lease_of: Callable[[Queue], timedelta] = own_lease,
    new_token: Callable[[], UUID] = new_token,
) -> Flow[list[ClaimedTask]]:
    """Take tasks for one attempt each, best first."""
    checked_count("limit", limit, most=MAX_CLAIM)
    named = None if queues is None else list(map(checked_queue, _names("queues", queues)))
    keys: tuple[str, ...] | None = None
    if definitions is not None:
        aliases = map(checked_alias, _names("definitions", definitions))
        keys = tuple(map(definition_key, aliases))
    checked_worker(worker)
    given = None if lease is None else _checked_lease(lease)
    known: list[Queue] = yield Run(
        partial(core.storage.queues.list_queues, core.namespace), reads=True
    )
    request = ClaimRequest(
        namespace=core.namespace,
        queue="",
        worker=checked_worker(worker),
        token=new_token(),
        limit=limit,
        lease=given or lease_of(Queue(namespace=core.namespace, name="")),
        definitions=keys,
        without_definition=keys is None,
    )
    leases = {} if given else {queue.name: lease_of(queue) for queue in known}
    chosen = None if named is None else list(dict.fromkeys(named))
    claims = yield from _claims(
        core, request, partial(claim_from, core.storage, request, chosen, leases=leases)
    )
    aliases_by_key = yield from _aliases(core, claims)
    return [
        claimed_task(
            one,
            aliases_by_key.get(one.definition or ""),
            leases.get(one.queue, request.lease),
        )
        for one in claims
    ]


def _claims(
    core: Intake, request: ClaimRequest, operation: Callable[[], Plan[list[Claim]]]
) -> Flow[list[Claim]]:
    """Claim; where the answer is lost, ask once which tasks carry our token."""
    try:
        claims: list[Claim] = yield Run(operation)
    except StorageUnavailableError as error:
        if not error.outcome_unknown:
            raise
        # Otherwise nobody would run them until their leases ran out, and a crash were charged.
        claims = yield Run(partial(core.storage.claims.read_claimed, request.token), reads=True)
    return claims


def _aliases(core: Intake, claims: Sequence[Claim]) -> Flow[dict[str, str]]:
    """Return how the definitions of claims are spelled."""
    keys = {one.definition for one in claims if one.definition is not None}
    if not keys:
        return {}
    operation = partial(core.storage.definitions.list_definitions, core.namespace)
    known: list[Definition] = yield Run(operation, reads=True)
    return {key: key for key in keys} | {one.key: one.alias for one in known}


def heartbeat(
    core: Intake,
    task: HeldTask,
    token: object,
    *,
    lease: object,
    lease_of: Callable[[Queue], timedelta] = own_lease,
) -> Flow[bool]:
    """Extend a claim."""
    task_id, checked = _held_id(task), checked_token(token)
    if lease is not None:
        duration = _checked_lease(lease)
    elif isinstance(task, ClaimedTask):
        duration = task.lease
    else:
        duration = lease_of((yield from _queue_of(core, task_id)))
    operation = partial(
        holding.heartbeat, core.storage, core.namespace, Held(task_id, checked, duration)
    )
    cancel_requested: bool = yield Run(operation)
    return cancel_requested


def _queue_of(core: Intake, task_id: UUID) -> Flow[Queue]:
    """Return the queue of a task with its policy, at most a few seconds old."""
    found: Task = yield Run(partial(get_task, core.storage, core.namespace, task_id), reads=True)
    if not core.policies.is_fresh(found.queue):
        yield Run(partial(core.policies.look, core.storage, found.queue), reads=True)
    return core.policies.queue(found.queue)


def update_progress(
    core: Intake, task: HeldTask, token: object, percent: float, message: str | None
) -> Flow[None]:
    """Record how far a claimed task is."""
    if isinstance(percent, bool) or not isinstance(percent, (int, float)):  # pyright: ignore[reportUnnecessaryIsInstance] - callers may be untyped
        raise InvalidValueError("percent", f"must be a number, not {type(percent).__name__}")
    if math.isnan(percent) or not 0 <= percent <= FULL:
        raise InvalidValueError("percent", f"is {percent}; it must be 0 to {FULL}")
    shown = None if message is None else progress_message(message)
    report = Report(_held_id(task), checked_token(token), float(percent), shown)
    yield Run(partial(holding.report, core.storage, core.namespace, report))


def add_log(
    core: Intake, task: HeldTask, token: object, lines: Iterable[tuple[str, str]]
) -> Flow[None]:
    """Keep log lines with a claimed task: level and text of each."""
    reports = TaskReports()
    for level, text in lines:
        reports.add_line(_checked_level(level), text)
    taken = reports.take()
    if taken is None:
        raise InvalidValueError("lines", "must be one or more")
    report = Report(_held_id(task), checked_token(token), log=taken.log)
    yield Run(partial(holding.report, core.storage, core.namespace, report))


def _checked_level(level: str) -> str:
    name = level.strip().upper()
    if name not in LEVELS:
        raise InvalidValueError("level", f"{level!r} is none of {', '.join(LEVELS)}")
    return name


def served_token(core: Intake, task: HeldTask) -> Flow[UUID]:
    """Return the token under which a task runs that the HTTP service claimed.

    Raises:
        TaskNotFoundError: The namespace has none of that id.
        NotRunningError: It does not run.
        LeaseLostError: Somebody else claimed it, or a claim was lost before this one.
    """
    operation = partial(holding.served_token, core.storage, core.namespace, _held_id(task))
    token: UUID = yield Run(operation, reads=True)
    return token


def complete(core: Intake, task: HeldTask, token: object, result: Any) -> Flow[Task]:
    """Record that a claimed task succeeded."""
    end = Finish(
        _held_id(task),
        checked_token(token),
        TaskState.SUCCEEDED,
        Signature.encode_result(result),
    )
    done: Task = yield Run(partial(holding.complete, core.storage, core.namespace, end))
    core.storage.endings.tell((done.id,))
    return done


def fail(
    core: Intake, task: HeldTask, token: object, error: str | BaseException, *, detail: Any
) -> Flow[Task]:
    """Record that an attempt of a claimed task failed."""
    task_id, checked = _held_id(task), checked_token(token)
    failure = _failure(error, detail)
    queue = yield from _queue_of(core, task_id)

    def retry_of(found: Task) -> RetryPolicy:
        code = core.code_of(core.named(found.definition))
        own = code.defaults.retry if isinstance(code, TaskDefinition) else None
        return found.retry or own or queue.retry

    operation = partial(
        holding.fail, core.storage, core.namespace, task_id, checked, failure, retry_of
    )
    ended: Task = yield Run(operation)
    core.storage.endings.tell((ended.id,))
    core.storage.wakeups.wake_here(core.namespace, None)
    return ended


def _failure(error: str | BaseException, detail: Any) -> TaskFailure:
    if detail is not None:
        json_text.encode("detail", detail)
    if isinstance(error, BaseException):
        found = failure_from(error)
        return TaskFailure(
            type=found.type, message=found.message, traceback=found.traceback, detail=detail
        )
    if not isinstance(error, str):  # pyright: ignore[reportUnnecessaryIsInstance] - callers may be untyped
        raise InvalidValueError("error", f"must be text or an exception, not {error!r}")
    return TaskFailure(type="Failed", message=error[:MAX_MESSAGE_LENGTH], detail=detail)


def release(core: Intake, task: HeldTask, token: object, *, delay: object) -> Flow[Task]:
    """Give a claimed task back."""
    operation = partial(
        holding.release,
        core.storage,
        core.namespace,
        _held_id(task),
        checked_token(token),
        delay=None if delay is None else positive_duration_from("delay", delay),
    )
    waiting: Task = yield Run(operation)
    core.storage.wakeups.wake_here(core.namespace, None)
    return waiting
