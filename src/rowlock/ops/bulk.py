"""Changes to every task that passes a filter: batches that can be taken up again after any stop.

An operation takes tasks from the newest down, below its own id. The transaction that makes a
batch also moves the operation's position, so that a batch is made once, whoever was killed
meanwhile, and a task that was retried and failed again is not taken a second time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, get_type_hints
from uuid import UUID

from rowlock.errors import OperationNotFoundError
from rowlock.model import json_text
from rowlock.model.changes import By, Change, NewAudit, Operation, OperationState
from rowlock.model.ids import new_task_id
from rowlock.model.slices import slices
from rowlock.model.states import TaskState
from rowlock.model.tasks import NewTask, Task, TaskFilter
from rowlock.ops.changes import change_tasks, detail_of
from rowlock.ops.contents import Rewrite
from rowlock.plan import BEGIN, Plan
from rowlock.storage.change_contract import Progress, StoredOperation
from rowlock.storage.storage import Storage

# Others wait for a batch where only one can write: 200 rows take less than ten milliseconds there.
BATCH = 200


def filter_to_data(wanted: TaskFilter) -> dict[str, Any]:
    """Return what a filter asks for as plain JSON values, without what it leaves open."""
    given = {
        name: value
        for name, value in wanted._asdict().items()
        if value != TaskFilter._field_defaults[name]
    }
    plain: dict[str, Any] = json_text.decode(json_text.encode_plain(given))
    return plain


def filter_from_data(data: Mapping[str, Any]) -> TaskFilter:
    """Return the filter that `filter_to_data` wrote."""
    kinds = get_type_hints(TaskFilter)
    return TaskFilter(
        **{name: json_text.converted(value, kinds[name]) for name, value in data.items()}
    )


def start_operation(
    storage: Storage, namespace: str, wanted: TaskFilter, change: Change, by: By
) -> Plan[UUID]:
    """Store an operation that has changed nothing yet, and record it; returns its id."""
    yield BEGIN
    operation = StoredOperation(
        id=new_task_id(),
        action=change.action,
        filter=json_text.encode_plain(filter_to_data(wanted)),
        params=json_text.encode_plain(change),
        by=by,
    )
    yield from storage.records.add_operation(namespace, operation)
    detail = {"filter": filter_to_data(wanted), **(detail_of(change) or {})}
    entry = NewAudit(change.action.value, "operation", str(operation.id), detail)
    yield from storage.records.add_audit(namespace, entry, by)
    return operation.id


class Work(NamedTuple):
    """An operation and what it has still to do."""

    operation: Operation
    position: UUID
    wanted: TaskFilter
    change: Change


def find_work(storage: Storage, namespace: str, operation_id: UUID) -> Plan[Work]:
    """Return what an operation has still to do.

    Raises:
        OperationNotFoundError: The namespace has none of that id.
    """
    found = yield from storage.records.get_operation(namespace, operation_id)
    return _work(operation_id, found)


def _work(operation_id: UUID, found: tuple[StoredOperation, Operation] | None) -> Work:
    if found is None:
        raise OperationNotFoundError(operation_id)
    stored, shown = found
    return Work(
        shown,
        stored.position or stored.id,
        filter_from_data(shown.filter),
        json_text.converted(json_text.decode(stored.params), Change),
    )


class Page(NamedTuple):
    """What a batch is to do.

    Attributes:
        tasks: As the filter saw them, from the newest down.
        attempts: How many more runs a retry gives, by queue.
        copies: For a requeue: the new task of each, or why there is none.
        rewrite: For an edit: what becomes of the arguments; None leaves them.
    """

    tasks: Sequence[Task]
    attempts: Mapping[str, int] | None = None
    copies: Mapping[UUID, NewTask | str] | None = None
    rewrite: Rewrite | None = None


def make_batch(storage: Storage, namespace: str, work: Work, page: Page) -> Plan[Work]:
    """Change a page of tasks and move the operation's position past them, or neither.

    Returns:
        What is left to do; nothing was done if somebody else moved the operation meanwhile.
    """
    yield BEGIN
    operation_id = work.operation.id
    now = _work(operation_id, (yield from storage.records.lock_operation(namespace, operation_id)))
    if now.position != work.position or now.operation.state is not OperationState.RUNNING:
        return now
    refused = Counter(now.operation.refused)
    done, position, state = now.operation.done, now.position, OperationState.DONE
    if page.tasks:
        position, state = page.tasks[-1].id, OperationState.RUNNING
        if page.copies is not None:
            made, reasons = yield from _store_copies(storage, namespace, page.copies)
        else:
            seen: dict[UUID, TaskState | None] = {task.id: task.state for task in page.tasks}
            changed = yield from change_tasks(
                storage, namespace, now.change, seen,
                reason=now.operation.reason, attempts=page.attempts, rewrite=page.rewrite,
            )  # fmt: skip
            made, reasons = len(changed.done), list(changed.refused.values())
        done += made
        refused.update(reasons)
    progress = Progress(position, state, done, dict(refused))
    yield from storage.records.advance_operation(operation_id, progress)
    found = yield from storage.records.get_operation(namespace, operation_id)
    return _work(operation_id, found)


def _store_copies(
    storage: Storage, namespace: str, copies: Mapping[UUID, NewTask | str]
) -> Plan[tuple[int, list[str]]]:
    """Store new tasks; returns how many, and why the others were not."""
    tasks = [copy for copy in copies.values() if isinstance(copy, NewTask)]
    stored = 0
    for part in slices(tasks):
        stored += len((yield from storage.enqueue.insert_tasks(part, namespace=namespace)))
    reasons = [copy for copy in copies.values() if isinstance(copy, str)]
    reasons += ["duplicate"] * (len(tasks) - stored)
    if stored:
        queues = sorted({task.terms.queue for task in tasks})
        yield from storage.wakeups.announce(namespace, queues, coalesce=False)
    return stored, reasons
