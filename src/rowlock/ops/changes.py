"""What people change about tasks: which state allows what, one task or a batch at a time."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from enum import Enum, auto
from functools import partial
from typing import Any, NamedTuple, NoReturn
from uuid import UUID

from rowlock.errors import DuplicateTaskError, TaskConflictError, TaskNotFoundError
from rowlock.model import json_text
from rowlock.model.changes import Action, By, Change, Edits, NewAudit
from rowlock.model.states import TaskState
from rowlock.model.tasks import Task
from rowlock.ops.contents import Rewrite, rewrite_contents
from rowlock.plan import BEGIN, Plan
from rowlock.storage.change_contract import Aging, Found, Purged
from rowlock.storage.storage import Storage

PURGE_LIMIT = 500
_HELD_BACK = (TaskState.SCHEDULED, TaskState.QUEUED, TaskState.PAUSED)
_SEES_DELETED = (Action.RESTORE, Action.PURGE)

WANTED: Mapping[Action, str] = {
    Action.CANCEL: "unfinished",
    Action.RETRY: "finished",
    Action.EDIT: "waiting",
    Action.PAUSE: "waiting",
    Action.RESUME: "paused",
    Action.DELETE: "waiting or finished",
    Action.RESTORE: "deleted",
    Action.PURGE: "finished",
}


class Write(Enum):
    """What a change comes to for a task in a certain state."""

    BURY = auto()
    BURY_DELETED = auto()
    ASK = auto()
    RETRY = auto()
    PAUSE = auto()
    RESUME = auto()
    EDIT = auto()
    STAMP = auto()
    UNSTAMP = auto()
    PURGE = auto()


def write_for(change: Change, found: Found) -> Write | None:
    """Return what to write, or None if the task's state does not allow the change."""
    if found.deleted and change.action not in _SEES_DELETED:
        return None
    if found.live:
        return _write_to_live(change, found.state)
    return {
        Action.RETRY: Write.RETRY,
        Action.DELETE: Write.STAMP,
        Action.RESTORE: Write.UNSTAMP if found.deleted else None,
        Action.PURGE: Write.PURGE,
    }.get(change.action)


def _write_to_live(change: Change, state: TaskState) -> Write | None:
    action = change.action
    running = state is TaskState.RUNNING
    if action is Action.CANCEL:
        return Write.ASK if running and not change.force else Write.BURY
    if action is Action.DELETE:
        return None if running and not change.force else Write.BURY_DELETED
    if action is Action.RESUME:
        return Write.RESUME if state is TaskState.PAUSED else None
    if state not in _HELD_BACK:
        return None
    return {Action.PAUSE: Write.PAUSE, Action.EDIT: Write.EDIT}.get(action)


class Changed(NamedTuple):
    """What became of a batch.

    Attributes:
        done: The tasks that were changed, as they were found.
        refused: Why the others were not, by task.
    """

    done: list[Found]
    refused: dict[UUID, str]


def change_tasks(
    storage: Storage,
    namespace: str,
    change: Change,
    seen: Mapping[UUID, TaskState | None],
    *,
    reason: str | None = None,
    attempts: Mapping[str, int] | None = None,
    rewrite: Rewrite | None = None,
    now: datetime | None = None,
) -> Plan[Changed]:
    """Make a change to each of some tasks; those whose state does not allow it are told.

    Args:
        storage: Where.
        namespace: In which namespace.
        change: What to do; not a requeue, which makes tasks.
        seen: The tasks, each with the state that the caller saw; None is any.
        reason: Why, for a pause.
        attempts: How many more runs a retry gives, by queue.
        rewrite: For an edit: what becomes of the arguments; None leaves them.
        now: Instead of the database's clock; for tests.
    """
    found = yield from storage.changes.lock_tasks(namespace, seen.keys(), now=now)
    groups: dict[tuple[Write, int], list[UUID]] = {}
    refused: dict[UUID, str] = {}
    for task_id, state in seen.items():
        one = found.get(task_id)
        if one is None:
            refused[task_id] = "not_found"
        elif state is not None and _stored_state(state) is not one.state:
            refused[task_id] = "changed"
        elif (write := write_for(change, one)) is None:
            refused[task_id] = "deleted" if one.deleted else one.state.value
        else:
            more = (attempts or {}).get(one.queue, 1) if write is Write.RETRY else 0
            groups.setdefault((write, more), []).append(task_id)
    done: list[Found] = []
    for (write, more), group in groups.items():
        ids = group
        if rewrite is not None:
            rewritten = yield from rewrite_contents(storage, namespace, group, rewrite)
            refused |= rewritten.refused
            ids = list(rewritten.done)
        made = yield from _write(storage, change, write, ids, more, reason, now)
        done += [found[task_id] for task_id in ids if task_id in made]
        refused |= {task_id: "duplicate" for task_id in ids if task_id not in made}
    yield from _wake(storage, namespace, change, done)
    return Changed(done, refused)


def _stored_state(shown: TaskState) -> TaskState:
    return TaskState.SCHEDULED if shown is TaskState.RETRYING else shown


def _write(
    storage: Storage,
    change: Change,
    write: Write,
    ids: list[UUID],
    attempts: int,
    reason: str | None,
    now: datetime | None,
) -> Plan[Collection[UUID]]:
    """Write to locked rows; returns the tasks that it was written to."""
    changes = storage.changes
    if write is Write.RETRY:
        return (yield from changes.retry(ids, attempts=attempts, now=now))
    writes: dict[Write, Callable[[], Plan[None]]] = {
        Write.BURY: partial(changes.bury, ids, reason="canceled", deleted=False, now=now),
        Write.BURY_DELETED: partial(changes.bury, ids, reason="deleted", deleted=True, now=now),
        Write.ASK: partial(changes.ask_to_cancel, ids),
        Write.PAUSE: partial(changes.pause, ids, until=change.until, reason=reason),
        Write.RESUME: partial(changes.resume, ids, now=now),
        Write.EDIT: partial(_edit, storage, change.edits, ids, now),
        Write.STAMP: partial(changes.stamp, ids, deleted=True, now=now),
        Write.UNSTAMP: partial(changes.stamp, ids, deleted=False, now=now),
        Write.PURGE: partial(changes.purge, ids),
    }
    yield from writes[write]()
    return ids


def _edit(storage: Storage, edits: Edits, ids: list[UUID], now: datetime | None) -> Plan[None]:
    yield from storage.changes.edit(
        ids,
        priority=edits.priority,
        run_at=edits.run_at,
        delay=edits.delay,
        max_attempts=edits.max_attempts,
        tags=None if edits.tags is None else json_text.encode("tags", edits.tags),
        now=now,
    )


def _wake(storage: Storage, namespace: str, change: Change, done: Collection[Found]) -> Plan[None]:
    if change.action in {Action.RETRY, Action.RESUME, Action.EDIT} and done:
        queues = sorted({one.queue for one in done})
        yield from storage.wakeups.announce(namespace, queues, coalesce=False)


def change_task(
    storage: Storage,
    namespace: str,
    task_id: UUID,
    change: Change,
    *,
    by: By,
    attempts: Mapping[str, int] | None = None,
    rewrite: Rewrite | None = None,
    now: datetime | None = None,
) -> Plan[Task | None]:
    """Make a change to one task and record it; returns the task, None if it was purged.

    Raises:
        TaskNotFoundError: The namespace has none of that id, or it is deleted.
        TaskConflictError: Its state does not allow the change.
        DuplicateTaskError: Another live task holds its unique key.
    """
    yield BEGIN
    seen: Mapping[UUID, TaskState | None] = {task_id: None}
    changed = yield from change_tasks(
        storage, namespace, change, seen,
        reason=by.reason, attempts=attempts, rewrite=rewrite, now=now,
    )  # fmt: skip
    if changed.refused:
        why = changed.refused[task_id]
        if why == "duplicate":
            yield from _refuse_duplicate(storage, namespace, task_id, rewrite)
        _refuse(task_id, change, why)
    detail = detail_of(change) or {}
    if rewrite is not None:
        # Not the arguments themselves: they may be secret, and the audit is kept for ever.
        detail["arguments"] = "replaced"
    entry = NewAudit(change.action.value, "task", str(task_id), detail or None)
    yield from storage.records.add_audit(namespace, entry, by)
    return (yield from storage.reads.get_task(namespace, task_id, now=now))


def _refuse(task_id: UUID, change: Change, why: str) -> NoReturn:
    if why in {"not_found", "deleted"}:
        raise TaskNotFoundError(task_id)
    raise TaskConflictError(task_id, why, WANTED[change.action])


def _refuse_duplicate(
    storage: Storage, namespace: str, task_id: UUID, rewrite: Rewrite | None
) -> Plan[NoReturn]:
    key: str | None
    if rewrite is None:
        task = yield from storage.reads.get_task(namespace, task_id)
        key = None if task is None else task.unique_key
    else:
        content = rewrite((yield from storage.changes.read_contents([task_id]))[task_id])
        key = None if isinstance(content, str) else content.unique_key
    holder = yield from storage.enqueue.find_unique_holder(namespace, key or "")
    raise DuplicateTaskError(holder or task_id, key or "")


def detail_of(change: Change) -> dict[str, Any] | None:
    """Return what the audit tells of a change besides what it was and of what."""
    detail: dict[str, Any] = {
        name: value for name, value in change.edits._asdict().items() if value is not None
    }
    for name, value in (("run_at", change.edits.run_at), ("until", change.until)):
        if value is not None:
            detail[name] = value.isoformat()
    if change.edits.delay is not None:
        detail["delay"] = change.edits.delay.total_seconds()
    if change.attempts is not None:
        detail["attempts"] = change.attempts
    if change.force:
        detail["force"] = True
    if change.arguments is not None:
        # Their names only: the values may be secret, and the audit is kept for ever.
        detail["arguments"] = sorted(change.arguments)
    return detail or None


def cleanup_batch(
    storage: Storage,
    namespace: str,
    aging: Aging,
    *,
    since: datetime | None,
    recorded: tuple[NewAudit, By] | None,
    now: datetime | None = None,
) -> Plan[Purged]:
    """Purge a batch of old finished tasks of a queue; the first one is recorded with it."""
    yield BEGIN
    if recorded is not None:
        yield from storage.records.add_audit(namespace, *recorded)
    return (
        yield from storage.changes.purge_aged(
            namespace, aging, limit=PURGE_LIMIT, since=since, now=now
        )
    )
