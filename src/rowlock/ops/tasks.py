"""What people and programs ask of single tasks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from rowlock.errors import InvalidValueError, TaskConflictError, TaskNotFoundError
from rowlock.model.changes import NOBODY, Action, By, NewAudit
from rowlock.model.ids import task_id_from_text
from rowlock.model.tasks import Attempt, LogLine, Task
from rowlock.plan import BEGIN, Plan
from rowlock.storage.storage import Storage

MIN_PREFIX_LENGTH = 4
HEX_DIGITS = frozenset("0123456789abcdef")
ID_DIGITS = 32
MAX_ROUNDS = 5


class Canceled(StrEnum):
    """What a cancellation did."""

    AT_ONCE = "canceled"
    REQUESTED = "requested"


def get_task(
    storage: Storage, namespace: str, task_id: UUID, *, now: datetime | None = None
) -> Plan[Task]:
    """Return the task.

    Raises:
        TaskNotFoundError: The namespace has none of that id, or it is deleted.
    """
    task = yield from storage.reads.get_task(namespace, task_id, now=now)
    if task is None or task.deleted_at is not None:
        raise TaskNotFoundError(task_id)
    return task


def resolve_id(storage: Storage, namespace: str, text: str) -> Plan[UUID]:
    """Return the id that a person wrote, whole or as a unique prefix.

    Raises:
        InvalidValueError: No id, too short, or the prefix fits several tasks.
        TaskNotFoundError: The prefix fits none.
    """
    low, high = ids_meant(text)
    if low == high:
        return low
    return only_id(text, (yield from storage.reads.find_by_prefix(namespace, low, high)))


def ids_meant(text: str) -> tuple[UUID, UUID]:
    """Return the first and the last id that a person may mean by an id or a prefix of one.

    Raises:
        InvalidValueError: No id, or too short.
    """
    digits = text.strip().lower().replace("-", "")
    if len(digits) == ID_DIGITS:
        whole = task_id_from_text(digits)
        return whole, whole
    if len(digits) < MIN_PREFIX_LENGTH or len(digits) > ID_DIGITS or set(digits) - HEX_DIGITS:
        raise InvalidValueError(
            "id", f"{text!r} is neither a task id nor a prefix of at least 4 digits"
        )
    return UUID(digits.ljust(ID_DIGITS, "0")), UUID(digits.ljust(ID_DIGITS, "f"))


def only_id(text: str, found: Sequence[UUID]) -> UUID:
    """Return the one id that a prefix fits.

    Raises:
        InvalidValueError: It fits several tasks.
        TaskNotFoundError: It fits none.
    """
    if not found:
        raise TaskNotFoundError(text.strip())
    if len(found) > 1:
        raise InvalidValueError("id", f"{text!r} fits more than one task; write more of it")
    return found[0]


def cancel_task(
    storage: Storage,
    namespace: str,
    task_id: UUID,
    *,
    force: bool = False,
    reason: str = "canceled",
    by: By = NOBODY,
    now: datetime | None = None,
) -> Plan[Canceled]:
    """Cancel a task: at once while it waits, by asking its worker while it runs.

    Args:
        storage: Where.
        namespace: In which namespace.
        task_id: Which task.
        force: Cancel a running task at once; its worker can record nothing any more.
        reason: What the finished task says.
        by: Who asks, and why; recorded with it.
        now: Instead of the database's clock; for tests.

    Raises:
        TaskNotFoundError: The namespace has none of that id.
        TaskConflictError: It is already finished.
    """
    yield BEGIN
    done = yield from _cancel(storage, namespace, task_id, force, reason, now)
    detail = {"force": True} if force else None
    entry = NewAudit(Action.CANCEL.value, "task", str(task_id), detail)
    yield from storage.records.add_audit(namespace, entry, by)
    return done


def _cancel(
    storage: Storage,
    namespace: str,
    task_id: UUID,
    force: bool,  # noqa: FBT001
    reason: str,
    now: datetime | None,
) -> Plan[Canceled]:
    operate = storage.operate
    rounds = 0
    while True:
        rounds += 1
        if (yield from operate.cancel_waiting(namespace, task_id, reason=reason, now=now)):
            return Canceled.AT_ONCE
        if force:
            done = yield from operate.cancel_running(namespace, task_id, reason=reason, now=now)
            if done:
                return Canceled.AT_ONCE
        elif (yield from operate.request_cancel(namespace, task_id)):
            return Canceled.REQUESTED
        # It changed between the looks, or it is finished: only the latter ends here.
        task = yield from get_task(storage, namespace, task_id, now=now)
        if task.state.is_final or rounds == MAX_ROUNDS:
            raise TaskConflictError(task_id, task.state, "unfinished")


def retry_task(
    storage: Storage,
    namespace: str,
    task_id: UUID,
    *,
    attempts: int,
    by: By = NOBODY,
    now: datetime | None = None,
) -> Plan[Task]:
    """Put a finished task back to the line under its id, with `attempts` more runs.

    Raises:
        TaskNotFoundError: The namespace has none of that id.
        TaskConflictError: It is not finished.
        DuplicateTaskError: Another live task holds its unique key.
    """
    done = yield from storage.operate.retry_finished(namespace, task_id, attempts=attempts, now=now)
    task = yield from get_task(storage, namespace, task_id, now=now)
    if not done:
        raise TaskConflictError(task_id, task.state, "finished")
    entry = NewAudit(Action.RETRY.value, "task", str(task_id), {"attempts": attempts})
    yield from storage.records.add_audit(namespace, entry, by)
    yield from storage.wakeups.announce(namespace, [task.queue], coalesce=False)
    return task


def attempts_of(storage: Storage, task: Task) -> Plan[list[Attempt]]:
    """Return every run of a task, oldest first, the last or current one included."""
    recorded = yield from storage.reads.list_attempts(task.id)
    if task.started_at is None:
        return recorded
    if any(run.started_at == task.started_at for run in recorded):
        # That run ended after the task had been read, and the task waits again.
        return recorded
    last = Attempt(
        task_id=task.id,
        attempt=task.attempt,
        worker=task.worker,
        started_at=task.started_at,
        finished_at=task.finished_at,
        outcome=task.state.value,
        error=task.error if task.finished_at is not None else None,
    )
    return [*recorded, last]


def log_of(storage: Storage, namespace: str, task_id: UUID) -> Plan[list[LogLine]]:
    """Return the stored log lines of a task."""
    yield from get_task(storage, namespace, task_id)
    return (yield from storage.reads.read_log(task_id))
