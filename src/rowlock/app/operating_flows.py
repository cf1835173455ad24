"""Changing single tasks, as flows."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NamedTuple, TypedDict, TypeVar
from uuid import UUID

from rowlock.app import enqueuing
from rowlock.app.flow import Flow, Run
from rowlock.app.flows import checked_id, end_of_pause, get_task, list_queues
from rowlock.app.intake import Intake
from rowlock.app.opened import Opened
from rowlock.app.orders import payload_text
from rowlock.app.rewriting import known_target, refuse_unknown_key, rewriting, unique_of
from rowlock.definitions.options import task_options
from rowlock.errors import InvalidValueError, QueueNotFoundError, StorageDataError
from rowlock.model.changes import Action, By, Change, Edits, NewAudit, checked_until
from rowlock.model.durations import Duration, duration_from
from rowlock.model.ids import new_task_id
from rowlock.model.names import checked_name
from rowlock.model.states import FINAL_STATES, state_filter
from rowlock.model.tasks import NewTask, Task
from rowlock.ops.changes import change_task, cleanup_batch
from rowlock.ops.contents import Rewrite
from rowlock.plan import Plan
from rowlock.storage.change_contract import Aging, Purged

T = TypeVar("T")


class Cleaned(NamedTuple):
    """How many finished tasks were purged, and whether those were all."""

    removed: int
    done: bool


class GivenEdits(TypedDict, total=False):
    """What an edit may set; what is not given stays."""

    priority: int | None
    run_at: datetime | None
    delay: Duration | None
    max_attempts: int | None
    tags: list[str] | tuple[str, ...] | None


EDITABLE = tuple(GivenEdits.__annotations__)


def checked_edits(given: Mapping[str, Any]) -> Edits:
    """Return what an edit sets, checked as when a task is enqueued.

    Raises:
        InvalidValueError: A value is refused, or cannot be edited.
    """
    for name in given:
        if name not in EDITABLE:
            known = ", ".join(("arguments", *EDITABLE))
            raise InvalidValueError(name, f"cannot be edited; there are {known}")
    options = task_options(**given)
    return Edits(
        options.priority, options.run_at, options.delay, options.max_attempts, options.tags
    )


def change(
    core: Opened,
    task: UUID | str | Task,
    wanted: Change,
    by: By,
    *,
    rewrite: Rewrite | None = None,
) -> Flow[Task]:
    """Make a change to one task that is there afterwards."""
    operation = partial(
        change_task, core.storage, core.namespace, checked_id(task), wanted, by=by, rewrite=rewrite
    )
    changed = yield from run_keyed(operation)
    assert changed is not None  # noqa: S101 - only a purge leaves none
    core.storage.wakeups.wake_here(core.namespace, changed.queue)
    return changed


def run_keyed(operation: Callable[[], Plan[T]], *, lingers: bool = False) -> Flow[T]:
    """Run an operation that looks who holds a unique key before it takes it. See `Run`."""
    done: T
    try:
        done = yield Run(operation, lingers=lingers)
    except StorageDataError:
        # Another task took the key between the look and the write: the next look sees it.
        done = yield Run(operation, lingers=lingers)
    return done


def pause(core: Opened, task: UUID | str | Task, by: By, *, until: datetime | None) -> Flow[Task]:
    """Hold a waiting task back."""
    end = yield from end_of_pause(core, checked_until(until))
    return (yield from change(core, task, Change(Action.PAUSE, until=end), by))


def purge(core: Opened, task: UUID | str | Task, by: By) -> Flow[None]:
    """Delete a finished task for good."""
    wanted = Change(Action.PURGE)
    operation = partial(change_task, core.storage, core.namespace, checked_id(task), wanted, by=by)
    yield Run(operation)


def edit(
    core: Intake,
    task: UUID | str | Task,
    by: By,
    *,
    arguments: Mapping[str, Any] | None,
    edits: Edits,
    merge: bool = False,
) -> Flow[Task]:
    """Change a waiting task; with `merge`, the arguments that are not given stay."""
    if arguments is None and edits == Edits():
        raise InvalidValueError(
            "edit", f"nothing is given; there are arguments, {', '.join(EDITABLE)}"
        )
    wanted = Change(Action.EDIT, edits=edits)
    if arguments is None:
        return (yield from change(core, task, wanted, by))
    found = yield from get_task(core, task)
    target = yield from known_target(core, found.definition)
    if not merge:
        # Arguments that nobody takes are refused as such, whatever the task's state is.
        payload_text(target, arguments)
    rewrite = rewriting(target, arguments, merge=merge)
    return (yield from change(core, found, wanted, by, rewrite=rewrite))


def requeue(
    core: Intake,
    task: UUID | str | Task,
    by: By,
    *,
    arguments: Mapping[str, Any] | None,
    changes: Mapping[str, Any],
) -> Flow[Task]:
    """Store a new task like another one, which stays as it is."""
    found = yield from get_task(core, task)
    options, payload, definition = yield from requeue_terms(core, found, arguments, changes)

    def record(new: NewTask) -> Plan[None]:
        detail = {"task": str(new.id)} | ({} if arguments is None else {"arguments": "replaced"})
        entry = NewAudit(Action.REQUEUE.value, "task", str(found.id), detail)
        # An id of its own, so that a repeated try does not record it twice.
        return core.storage.records.add_audit(core.namespace, entry, by, audit_id=audit_id)

    audit_id = new_task_id()
    return (yield from enqueuing.enqueue(core, definition, payload, options, record=record))


def requeue_terms(
    core: Intake, task: Task, arguments: Mapping[str, Any] | None, changes: Mapping[str, Any]
) -> Flow[tuple[Any, Any, str | None]]:
    """Return options, payload and definition of a new task like `task`."""
    target = yield from known_target(core, task.definition)
    own: dict[str, Any] = {
        "queue": task.queue,
        "priority": task.priority,
        "tags": list(task.tags),
        "timeout": task.timeout,
        "retry": task.retry,
        "unique": unique_of(target, task.payload, task.unique_key),
    }
    options = task_options(**{**own, **changes})
    if options.id is not None or options.transaction is not None:
        raise InvalidValueError("requeue", "takes neither id nor transaction")
    if arguments is not None and changes.get("unique") is None:
        refuse_unknown_key(target, options.unique, task.payload, arguments)
    payload = task.payload if arguments is None else arguments
    return options, payload, task.definition


def cleanup(
    core: Opened,
    by: By,
    *,
    older_than: Duration,
    queue: str | None,
    states: tuple[str, ...],
    until: float | None = None,
) -> Flow[Cleaned]:
    """Purge old finished tasks in batches.

    Args:
        core: Where.
        by: Who asks for it, and why.
        older_than: Since the end of each.
        queue: Only of this queue.
        states: Words for final states; all of them if there are none.
        until: Stop after the batch in which the monotonic clock shows this.
    """
    age: timedelta = duration_from("older_than", older_than)
    final = _final_states(states)
    name = None if queue is None else checked_name("queue", queue)
    known = yield from list_queues(core)
    names = [one.name for one in known if name in {None, one.name}]
    if name is not None and not names:
        raise QueueNotFoundError(name)
    detail = {"older_than_seconds": age.total_seconds(), "queue": name, "states": list(final)}
    recorded: tuple[NewAudit, By] | None = (
        NewAudit("cleanup", "history", core.namespace, detail),
        by,
    )
    count = 0
    for one in names:
        since, aging = None, Aging(one, age, final)
        while True:
            batch = partial(
                cleanup_batch, core.storage, core.namespace, aging, since=since, recorded=recorded
            )
            batch_done: Purged = yield Run(batch)
            recorded = None
            count += batch_done.purged
            if batch_done.last is None:
                break
            if until is not None and time.monotonic() >= until:
                return Cleaned(count, done=False)
            since = batch_done.last
    return Cleaned(count, done=True)


def _final_states(words: tuple[str, ...]) -> tuple[str, ...]:
    """Return the states that words name, all final ones if there are none.

    Raises:
        InvalidValueError: A word names no state, or one that is not final.
    """
    if not words:
        return tuple(state.value for state in FINAL_STATES)
    states = {state for word in words for state in state_filter(word).states}
    if not states <= set(FINAL_STATES):
        names = ", ".join(sorted(state.value for state in states - set(FINAL_STATES)))
        raise InvalidValueError("states", f"{names}: only finished tasks are cleaned up")
    return tuple(sorted(state.value for state in states))
