"""Changing many tasks, and the audit, as flows."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple, TypeAlias
from uuid import UUID

from rowlock.app.facade import Wanted
from rowlock.app.flow import Flow, Pause, Run
from rowlock.app.flows import checked_id, end_of_pause
from rowlock.app.intake import Intake
from rowlock.app.listing_flows import (
    MAX_LIMIT,
    checked_filter,
    checked_limit,
    count_tasks,
    filter_from,
    list_tasks,
)
from rowlock.app.opened import Opened
from rowlock.app.operating_flows import (
    EDITABLE,
    GivenEdits,
    checked_edits,
    requeue_terms,
    run_keyed,
)
from rowlock.app.orders import Order
from rowlock.app.rewriting import merged, rewriting_many, why_refused
from rowlock.definitions.conversion import stored_text
from rowlock.errors import InvalidValueError, UnknownDefinitionError
from rowlock.model import json_text
from rowlock.model.changes import (
    MAX_ACTOR_LENGTH,
    MAX_REASON_LENGTH,
    Action,
    AuditEntry,
    By,
    Change,
    Edits,
    Operation,
    OperationState,
    checked_action,
    checked_note,
    checked_until,
)
from rowlock.model.ids import new_task_id
from rowlock.model.listing import TaskCount
from rowlock.model.queues import checked_count
from rowlock.model.tasks import NewTask, Task, TaskFilter
from rowlock.ops.bulk import (
    BATCH,
    Page,
    Work,
    filter_to_data,
    find_work,
    make_batch,
    start_operation,
)

OnProgress: TypeAlias = Callable[[Operation], None]
"""Called after each batch with the operation as it is then."""

# Half of the time belongs to everybody else; a batch takes a few hundredths of a second.
MOST_PAUSE_SECONDS = 0.5


class GivenBulk(Wanted, total=False):
    """What a change to many tasks may be told besides its filter."""

    all_tasks: bool
    force: bool
    attempts: int | None
    until: datetime | None
    changes: GivenEdits | None
    set_arguments: Mapping[str, Any] | None


class Wish(NamedTuple):
    """What a caller asks to be done to many tasks, as given."""

    action: str
    all_tasks: bool = False
    force: bool = False
    attempts: int | None = None
    until: datetime | None = None
    changes: GivenEdits | None = None
    set_arguments: Mapping[str, Any] | None = None


def wish_from(action: str, given: GivenBulk) -> tuple[Wish, TaskFilter]:
    """Return what is to be done, and to which tasks."""
    told: dict[str, Any] = {name: value for name, value in given.items() if name in Wish._fields}
    filtered: dict[str, Any] = {name: value for name, value in given.items() if name not in told}
    return Wish(action, **told), filter_from(filtered)


def checked_change(wish: Wish) -> Change:
    """Return the change that a caller asks for.

    Raises:
        InvalidValueError: No action, a value that is refused, or one that it does not take.
    """
    action = checked_action(wish.action)
    takes: dict[str, tuple[Action, ...]] = {
        "force": (Action.CANCEL, Action.DELETE),
        "attempts": (Action.RETRY,),
        "until": (Action.PAUSE,),
        "changes": (Action.EDIT, Action.REQUEUE),
        "set_arguments": (Action.EDIT, Action.REQUEUE),
    }
    for name, actions in takes.items():
        if getattr(wish, name) and action not in actions:
            raise InvalidValueError(name, f"means nothing for {action.value}")
    edits = checked_edits(wish.changes or {})
    arguments = None if wish.set_arguments is None else checked_settings(wish.set_arguments)
    if action is Action.EDIT and edits == Edits() and arguments is None:
        raise InvalidValueError(
            "changes",
            f"nothing is given to edit; there are {', '.join(EDITABLE)}, and set_arguments",
        )
    return Change(
        action,
        force=wish.force,
        attempts=None if wish.attempts is None else checked_count("attempts", wish.attempts),
        until=checked_until(wish.until),
        edits=edits,
        arguments=arguments,
    )


def checked_settings(given: object) -> dict[str, Any]:
    """Return the arguments that are to be set in many tasks, as JSON.

    Raises:
        InvalidValueError: No mapping, an empty one, or a value that cannot be stored.
    """
    arguments: Mapping[Any, Any] = given if isinstance(given, Mapping) else {}  # pyright: ignore[reportUnknownVariableType] - its keys are checked next
    if not arguments or not all(isinstance(name, str) for name in arguments):
        raise InvalidValueError("set_arguments", "must be values by argument, at least one")
    settings: dict[str, Any] = json_text.decode(stored_text("set_arguments", arguments))
    return settings


def checked_bulk(asked: tuple[Wish, TaskFilter]) -> tuple[Change, TaskFilter]:
    """Return the change that a caller asks for, and the filter it is for.

    Raises:
        InvalidValueError: A value is refused, or the filter says nothing.
    """
    wish, given = asked
    # An empty list chooses nothing, so it is no filter: it must not stand for every task.
    wanted = checked_filter(given)
    change = checked_change(wish)
    if change.action is Action.RESTORE and not wanted.states:
        wanted = wanted._replace(states=("deleted",))
    elif not wish.all_tasks and not filter_to_data(wanted._replace(include_deleted=False)):
        raise InvalidValueError("filter", "nothing is given; all_tasks=True means every task")
    return change, wanted


def planned(change: Change, wanted: TaskFilter, by: By, matched: int) -> Operation:
    """Return the operation of a dry run."""
    return Operation(
        id=new_task_id(),
        action=change.action,
        state=OperationState.PLANNED,
        filter=filter_to_data(wanted),
        matched=matched,
        actor=by.actor,
        reason=by.reason,
    )


def bulk(
    core: Intake,
    asked: tuple[Wish, TaskFilter],
    by: By,
    *,
    dry_run: bool,
    on_progress: OnProgress | None,
    until: float | None = None,
) -> Flow[Operation]:
    """Change every task that passes a filter. See `resume_operation` for `until`."""
    change, wanted = checked_bulk(asked)
    yield from end_of_pause(core, change.until)
    if dry_run:
        matched = yield from count_matching(core, wanted)
        return planned(change, wanted, by, matched)
    start = partial(start_operation, core.storage, core.namespace, wanted, change, by)
    operation_id: UUID = yield Run(start)
    return (yield from resume_operation(core, operation_id, on_progress=on_progress, until=until))


def preview(
    core: Intake, asked: tuple[Wish, TaskFilter], by: By
) -> Flow[tuple[Operation, TaskCount]]:
    """Return the operation of a dry run whose count has a cap, and that count."""
    change, wanted = checked_bulk(asked)
    yield from end_of_pause(core, change.until)
    found = yield from count_tasks(core, wanted)
    return planned(change, wanted, by, found.count), found


def count_matching(core: Opened, wanted: TaskFilter) -> Flow[int]:
    """Return how many tasks pass a filter; reads all of them."""
    count, before = 0, None
    while True:
        page = yield from list_tasks(core, wanted, limit=MAX_LIMIT, before=before)
        count += len(page)
        if len(page) < MAX_LIMIT:
            return count
        before = page[-1].id


def resume_operation(
    core: Intake,
    operation: UUID | str | Operation,
    *,
    on_progress: OnProgress | None,
    until: float | None = None,
) -> Flow[Operation]:
    """Make what is left of an operation.

    Args:
        core: Where.
        operation: Which one.
        on_progress: Called at once and after each batch.
        until: Stop after the batch in which the monotonic clock shows this; the operation can
            be resumed. At least one batch is made.
    """
    work = yield from _find(core, operation)
    _tell(on_progress, work)
    while work.operation.state is OperationState.RUNNING:
        began = time.monotonic()
        tasks = yield from list_tasks(core, work.wanted, limit=BATCH, before=work.position)
        page = yield from _page(core, work.change, tasks)
        make = partial(make_batch, core.storage, core.namespace, work, page)
        work = yield from run_keyed(make, lingers=True)
        for queue in {task.queue for task in tasks}:
            core.storage.wakeups.wake_here(core.namespace, queue)
        _tell(on_progress, work)
        if until is not None and time.monotonic() >= until:
            break
        if work.operation.state is OperationState.RUNNING:
            yield Pause(min(time.monotonic() - began, MOST_PAUSE_SECONDS))
    return work.operation


def _find(core: Opened, operation: UUID | str | Operation) -> Flow[Work]:
    wanted = operation.id if isinstance(operation, Operation) else checked_id(operation)
    find = partial(find_work, core.storage, core.namespace, wanted)
    work: Work = yield Run(find, reads=True)
    return work


def _tell(on_progress: OnProgress | None, work: Work) -> None:
    if on_progress is not None:
        on_progress(work.operation)


def _page(core: Intake, change: Change, tasks: Sequence[Task]) -> Flow[Page]:
    if change.action is Action.REQUEUE:
        copies: dict[UUID, NewTask | str] = {}
        for task in tasks:
            copies[task.id] = yield from _copy(core, task, change)
        return Page(tasks, copies=copies)
    if change.arguments is not None:
        rewrite = yield from rewriting_many(core, tasks, change.arguments)
        return Page(tasks, rewrite=rewrite)
    if change.action is not Action.RETRY:
        return Page(tasks)
    attempts: dict[str, int] = {}
    for queue in {task.queue for task in tasks}:
        if change.attempts is None:
            yield from _refresh(core, queue)
        attempts[queue] = change.attempts or core.policies.queue(queue).max_attempts
    return Page(tasks, attempts)


def _refresh(core: Opened, queue: str) -> Flow[None]:
    if not core.policies.is_fresh(queue):
        yield Run(partial(core.policies.refresh, core.storage, (queue,)))


def _copy(core: Intake, task: Task, change: Change) -> Flow[NewTask | str]:
    """Return the new task for a requeue, or why there can be none."""
    changes = {name: value for name, value in change.edits._asdict().items() if value is not None}
    try:
        given = None if change.arguments is None else merged(task.payload, change.arguments)
        options, payload, definition = yield from requeue_terms(core, task, given, changes)
        target = core.target(core.named(definition))
        assert target is not None  # noqa: S101 - requeue_terms read it
        yield from _refresh(core, task.queue)
        queue = core.policies.queue(core.queue_name(target, options))
        return Order(target, options, queue, unique_by_default=False).task(payload)
    except UnknownDefinitionError:
        return "unknown_definition"
    except InvalidValueError as error:
        return why_refused(error)


def get_operation(core: Opened, operation: UUID | str | Operation) -> Flow[Operation]:
    """Return an operation as it is now."""
    return (yield from _find(core, operation)).operation


def list_operations(core: Opened, *, limit: int) -> Flow[list[Operation]]:
    """Return operations, newest first."""
    checked_limit(limit)
    found: list[Operation] = yield Run(
        partial(core.storage.records.list_operations, core.namespace, limit=limit), reads=True
    )
    return found


def audit(
    core: Opened,
    *,
    limit: int,
    before: UUID | str | None,
    actor: str | None,
    action: str | None,
    target: UUID | str | Task | None,
) -> Flow[list[AuditEntry]]:
    """Return what was recorded, newest first."""
    checked_limit(limit)
    wanted = target.id if isinstance(target, Task) else target
    wanted = str(wanted) if isinstance(wanted, UUID) else wanted
    operation = partial(
        core.storage.records.list_audit,
        core.namespace,
        limit=limit,
        before=None if before is None else checked_id(before),
        actor=checked_note("actor", actor, MAX_ACTOR_LENGTH),
        action=checked_note("action", action, MAX_ACTOR_LENGTH),
        target=checked_note("target", wanted, MAX_REASON_LENGTH),
    )
    found: list[AuditEntry] = yield Run(operation, reads=True)
    return found
