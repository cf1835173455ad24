"""Running tasks in a test: one attempt, everything that can run, or a worker's upkeep."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from contextlib import ExitStack
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Unpack, cast
from uuid import UUID

from rowlock.app import enqueuing
from rowlock.app.core import Application, Core
from rowlock.app.facade import given_payload
from rowlock.app.flow import Flow, Run, run_flow, run_flow_async
from rowlock.definitions.definition import TaskDefinition
from rowlock.definitions.options import GivenOptions, task_options
from rowlock.errors import InvalidValueError, TaskFailedError
from rowlock.model.ids import new_token
from rowlock.model.names import checked_queue
from rowlock.model.queues import Queue, checked_count
from rowlock.model.tasks import Claim, Task
from rowlock.ops.claim import claim_from
from rowlock.ops.upkeep import EXPIRE_LIMIT, PRUNE_LIMIT, RESCUE_GRACE, RESCUE_LIMIT
from rowlock.plan import Plan
from rowlock.runtime.ends import hand_back
from rowlock.storage.contract import ClaimRequest
from rowlock.storage.storage import Storage
from rowlock.testing.attempts import (
    WORKER,
    TaskRun,
    WithErrors,
    attempt,
    checked_with_errors,
    claimed,
    settle,
)
from rowlock.testing.clocks import clock, clock_of
from rowlock.testing.firing import fire_schedules
from rowlock.testing.moving import Reach, checked_reach, moved_on
from rowlock.testing.ticking import make_due_tasks

MAX_RUNS = 1_000


def run_task(
    app: Application,
    task: Task | UUID | TaskDefinition[..., Any] | str,
    payload: Any = None,
    /,
    *,
    with_errors: WithErrors = "raise",
    **options: Unpack[GivenOptions],
) -> TaskRun:
    """Run one attempt of one task for real: claim, conversion, handler, record.

    Args:
        app: A `Rowlock` or an `AsyncRowlock`.
        task: A task that waits, due or not, or its id; or a definition or its alias, of which
            a task is enqueued first.
        payload: With a definition: its arguments.
        with_errors: `raise` what the handler raised, once it is recorded; or `record` it only.
        **options: With a definition: as in `enqueue`.

    Raises:
        Exception: What the handler raised.
        TaskFailedError: The attempt failed for another reason, such as its timeout.
        TaskConflictError: The task runs or is finished.
    """
    return run_flow(app.core, _run_task(app.core, task, payload, options, with_errors))


async def arun_task(
    app: Application,
    task: Task | UUID | TaskDefinition[..., Any] | str,
    payload: Any = None,
    /,
    *,
    with_errors: WithErrors = "raise",
    **options: Unpack[GivenOptions],
) -> TaskRun:
    """Run one attempt of one task for real, on the running event loop. See `run_task`."""
    flow = _run_task(app.core, task, payload, options, with_errors)
    return await run_flow_async(app.core, flow)


def _run_task(
    core: Core,
    what: Task | UUID | TaskDefinition[..., Any] | str,
    payload: Any,
    options: GivenOptions,
    with_errors: WithErrors,
) -> Flow[TaskRun]:
    checked_with_errors(with_errors)
    if isinstance(what, (Task, UUID)):
        if payload is not None or options:
            raise InvalidValueError("payload", "and options belong to a definition, not a task")
        task_id = what if isinstance(what, UUID) else what.id
    else:
        given = task_options(**options)
        if given.transaction is not None:
            raise InvalidValueError("transaction", "use in_transaction(app, …) around the test")
        before, core.on_enqueued = core.on_enqueued, None
        try:
            arguments = given_payload(payload, what)
            task_id = (yield from enqueuing.enqueue(core, what, arguments, given)).id
        finally:
            core.on_enqueued = before
    claim = yield from claimed(core, task_id)
    return (yield from attempt(core, claim, with_errors=with_errors))


def drain(
    app: Application,
    *,
    queues: Iterable[str] | None = None,
    with_scheduled: bool = False,
    until: datetime | None = None,
    with_errors: WithErrors = "raise",
    limit: int = MAX_RUNS,
) -> list[TaskRun]:
    """Run everything that can run, one attempt after the other, until nothing is left.

    Schedules that are due by the clock are fired first, and their tasks run too. Sync handlers
    run on this thread. Tasks of definitions that the app does not have are left.

    Args:
        app: A `Rowlock` or an `AsyncRowlock`.
        queues: Which queues; all that are not paused if not given.
        with_scheduled: Also run tasks that are due later, retries included, by moving the clock
            from one to the next; without a `clock` of the test there is one until this returns.
            Schedules that are passed on the way are caught up with by their policy.
        until: Move the clock on up to this moment instead, to whatever is due next, tasks or
            schedules; there it stands in the end.
        with_errors: `raise` what a handler raises, once it is recorded, and why a schedule could
            not fire; or `record` all.
        limit: How many attempts at most: tasks that make tasks forever end here.

    Returns:
        The attempts in the order in which they were made.

    Raises:
        Exception: What a handler raised.
        TaskFailedError: An attempt failed for another reason, or there were too many.
        DefinitionError: A schedule could not fire, as its definition is missing or closed.
        InvalidValueError: `until` has passed already.
    """
    with _moving_clock(app, wanted=with_scheduled or until is not None):
        reach = checked_reach(app.core, until, with_scheduled=with_scheduled)
        return run_flow(app.core, _drain(app.core, queues, with_errors, limit, reach))


async def adrain(
    app: Application,
    *,
    queues: Iterable[str] | None = None,
    with_scheduled: bool = False,
    until: datetime | None = None,
    with_errors: WithErrors = "raise",
    limit: int = MAX_RUNS,
) -> list[TaskRun]:
    """Run everything that can run, on the running event loop. See `drain`.

    Sync handlers run on a thread, as in a worker.
    """
    with _moving_clock(app, wanted=with_scheduled or until is not None):
        reach = checked_reach(app.core, until, with_scheduled=with_scheduled)
        flow = _drain(app.core, queues, with_errors, limit, reach)
        return await run_flow_async(app.core, flow)


def _moving_clock(app: Application, *, wanted: bool) -> ExitStack:
    stack = ExitStack()
    if wanted and clock_of(app.core) is None:
        stack.enter_context(clock(app))
    return stack


def _drain(
    core: Core,
    queues: Iterable[str] | None,
    with_errors: WithErrors,
    limit: int,
    reach: Reach,
) -> Flow[list[TaskRun]]:
    checked_with_errors(with_errors)
    checked_count("limit", limit)
    names = None if queues is None else _checked_queues(queues)
    # A task that was enqueued in a transaction may be in a queue that has no row yet.
    own = tuple({one.queue for one in core.registry})
    yield Run(partial(core.prepare, names or own, tuple(core.registry)))
    runs: list[TaskRun] = []
    yield from _fire(core, with_errors)
    while True:
        claim: Claim | None = yield Run(partial(_claim_best, core, names))
        if claim is None:
            if not (yield from moved_on(core, reach)):
                return runs
            yield from _fire(core, with_errors)
        elif len(runs) == limit:
            yield Run(partial(settle, core.storage, hand_back(claim)))
            raise TaskFailedError(claim.id, "Limit", f"still waits after {limit:,} attempts")
        else:
            runs.append((yield from attempt(core, claim, with_errors=with_errors)))


def _checked_queues(queues: object) -> tuple[str, ...]:
    if isinstance(queues, str) or not isinstance(queues, Iterable):
        raise InvalidValueError("queues", f"must be names of queues, not {queues!r}")
    return tuple(checked_queue(name) for name in cast("Iterable[str]", queues))


def _claim_best(core: Core, queues: tuple[str, ...] | None) -> Plan[Claim | None]:
    request = ClaimRequest(
        namespace=core.namespace,
        queue="",
        worker=WORKER,
        token=new_token(),
        limit=1,
        lease=Queue(namespace=core.namespace, name="default").lease,
        definitions=tuple(one.key for one in core.registry),
        without_definition=False,
    )
    claims = yield from claim_from(core.storage, request, queues)
    if claims:
        yield from core.policies.refresh(core.storage, (claims[0].queue,))
    return claims[0] if claims else None


def _fire(core: Core, with_errors: WithErrors) -> Flow[None]:
    """Fire what is due, of all namespaces as workers do; raise what was wrong in the app's own."""
    fired = yield from fire_schedules(core.storage)
    for one in fired:
        if one.error is None or one.schedule.namespace != core.namespace:
            continue
        if with_errors == "raise":
            one.error.add_note(f"in schedule {one.schedule.name}")
            raise one.error


def do_upkeep(app: Application) -> None:
    """Do now what workers do every few seconds, for all namespaces of the database.

    Fires schedules, makes the tasks of tickers, promotes tasks that are due, takes back tasks whose
    lease ran out, expires what waited too long, and deletes finished tasks past the retention of
    their queue.
    """
    run_flow(app.core, _upkeep(app.core.storage))


async def ado_upkeep(app: Application) -> None:
    """Do now what workers do every few seconds. See `do_upkeep`."""
    await run_flow_async(app.core, _upkeep(app.core.storage))


def _upkeep(storage: Storage) -> Flow[None]:
    upkeep = storage.upkeep
    yield from fire_schedules(storage)
    yield from make_due_tasks(storage)
    yield from _until_short(partial(upkeep.promote_tasks, limit=RESCUE_LIMIT), RESCUE_LIMIT)
    rescue = partial(upkeep.rescue_tasks, grace=RESCUE_GRACE, limit=RESCUE_LIMIT)
    yield from _until_short(rescue, RESCUE_LIMIT)
    yield from _until_short(partial(upkeep.expire_tasks, limit=EXPIRE_LIMIT), EXPIRE_LIMIT)
    known: list[Queue] = yield Run(partial(storage.queues.list_queues, None), reads=True)
    for queue in known:
        age: timedelta = queue.retention
        names = (queue.namespace, queue.name)
        prune = partial(upkeep.prune_history, *names, older_than=age, limit=PRUNE_LIMIT)
        yield from _until_short(prune, PRUNE_LIMIT)


def _until_short(operation: Callable[[], Plan[int | Collection[Any]]], limit: int) -> Flow[None]:
    """Repeat what does a batch at a time until a batch is not full."""
    part = limit
    while part == limit:
        done: int | Collection[Any] = yield Run(operation)
        part = done if isinstance(done, int) else len(done)
