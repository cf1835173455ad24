"""Enqueueing: one task or many, once each, whatever the network did."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from rowlock.errors import (
    DuplicateTaskError,
    IdConflictError,
    StorageConflictError,
    StorageUnavailableError,
)
from rowlock.model.slices import slices
from rowlock.model.tasks import NewTask, Task
from rowlock.plan import BEGIN, Plan
from rowlock.storage.storage import Storage
from rowlock.storage.wakeups import Hint

MAX_ROUNDS = 3


class Stored(NamedTuple):
    """What became of one enqueue: the task that is there now, and whether it is the new one."""

    task: Task
    created: bool


def enqueue_task(
    storage: Storage,
    namespace: str,
    new: NewTask,
    *,
    replayed: bool = False,
    given_id: bool = False,
    coalesce: bool = True,
    now: datetime | None = None,
) -> Plan[Stored]:
    """Store one task, or find the one that is already there under its id or unique key.

    Args:
        storage: Where.
        namespace: In which namespace.
        new: The task.
        replayed: An earlier try of this very enqueue may have been committed.
        given_id: The caller chose the id, so it may have been used before.
        coalesce: Whether a wake-up may be left out because one was just sent.
        now: Instead of the database's clock; for tests.

    Raises:
        IdConflictError: The id belongs to another task.
    """
    fresh = not (replayed or given_id)
    for _ in range(MAX_ROUNDS):
        if fresh:
            task = yield from _inserted(storage, namespace, new, coalesce=coalesce, now=now)
        else:
            task = yield from _inserted_or_met(storage, namespace, new, coalesce=coalesce, now=now)
        if task is not None:
            return Stored(task, created=True)
        if not fresh and (yield from _is_stored(storage, namespace, new)):
            task = yield from _found(storage, namespace, new.id, now)
            return Stored(task, created=replayed and not given_id)
        holder = yield from _holder_of(storage, namespace, new.unique_key, now)
        if holder is not None:
            return Stored(holder, created=False)
    # It went in, and what was to be done afterwards has failed and was tried again.
    if (yield from _is_stored(storage, namespace, new)):
        return Stored((yield from _found(storage, namespace, new.id, now)), created=True)
    raise StorageConflictError(f"task {new.id} could be neither stored nor found")


def enqueue_together(
    storage: Storage, wanted: Sequence[tuple[str, NewTask]], *, now: datetime | None = None
) -> Plan[list[Stored | None]]:
    """Store tasks that many asked for at once, all of them with one commit.

    Args:
        storage: Where.
        wanted: Namespace and task of each, with fresh ids and without unique keys.
        now: Instead of the database's clock; for tests.

    Returns:
        What became of each, in their order; None for an id that is taken.
    """
    namespaces = sorted({namespace for namespace, _ in wanted})
    if len(namespaces) > 1:
        yield BEGIN
    stored: dict[UUID, Stored] = {}
    for namespace in namespaces:
        tasks = [new for own, new in wanted if own == namespace]
        hints = _hints(storage, namespace, tasks)
        inserted = yield from storage.enqueue.insert_together(
            tasks, namespace=namespace, hints=[one for one in hints.values() if one], now=now
        )
        for queue in {task.queue for task in inserted}:
            storage.wakeups.sent(hints[queue], coalesce=True)
        stored |= {task.id: Stored(task, created=True) for task in inserted}
    return [stored.get(new.id) for _, new in wanted]


def _hints(storage: Storage, namespace: str, tasks: Sequence[NewTask]) -> dict[str, Hint | None]:
    queues = sorted({task.terms.queue for task in tasks})
    return {queue: storage.wakeups.hint(namespace, queue, coalesce=True) for queue in queues}


def _inserted(
    storage: Storage, namespace: str, new: NewTask, *, coalesce: bool, now: datetime | None
) -> Plan[Task | None]:
    """Insert a task and call others in one statement, where that is possible: one commit."""
    hint = storage.wakeups.hint(namespace, new.terms.queue, coalesce=coalesce)
    task = yield from storage.enqueue.insert_task(new, namespace=namespace, hint=hint, now=now)
    if task is not None:
        storage.wakeups.sent(hint, coalesce=coalesce)
    return task


def _inserted_or_met(
    storage: Storage, namespace: str, new: NewTask, *, coalesce: bool, now: datetime | None
) -> Plan[Task | None]:
    """Insert a task whose id may have been used before."""
    inserted = yield from storage.enqueue.insert_tasks(
        [new], namespace=namespace, replayed=True, now=now
    )
    if not inserted:
        return None
    task = yield from _found(storage, namespace, new.id, now)
    yield from storage.wakeups.announce(namespace, [new.terms.queue], coalesce=coalesce)
    return task


def _found(storage: Storage, namespace: str, task_id: UUID, now: datetime | None) -> Plan[Task]:
    task = yield from storage.reads.get_task(namespace, task_id, now=now)
    if task is None:
        raise StorageConflictError(f"task {task_id} left while it was being stored")
    return task


def _is_stored(storage: Storage, namespace: str, new: NewTask) -> Plan[bool]:
    identities = yield from storage.enqueue.read_identities([new.id])
    known = identities.get(new.id)
    if known is not None and known != (namespace, new.terms.definition, new.payload):
        raise IdConflictError(new.id)
    return known is not None


def _holder_of(
    storage: Storage, namespace: str, unique_key: str | None, now: datetime | None
) -> Plan[Task | None]:
    if unique_key is None:
        return None
    holder = yield from storage.enqueue.find_unique_holder(namespace, unique_key)
    if holder is None:
        return None
    return (yield from storage.reads.get_task(namespace, holder, now=now))


class TaskStream:
    """The tasks of a bulk enqueue, made as they are sent; it can be read only once.

    Attributes:
        keyed: Whether they may have unique keys.
        broken: What reading them raised: not the database's error, whatever its class.
    """

    def __init__(self, tasks: Iterable[NewTask], *, keyed: bool) -> None:
        self._tasks = tasks
        self.keyed = keyed
        self.ids: list[UUID] = []
        self.queues: set[str] = set()
        self.broken: Exception | None = None

    def __iter__(self) -> Iterator[NewTask]:
        """Yield the tasks.

        Raises:
            StorageUnavailableError: A part was already sent in a transaction that is gone.
        """
        if self.ids:
            raise StorageUnavailableError("the bulk was interrupted; nothing of it was stored")
        try:
            for task in self._tasks:
                self.ids.append(task.id)
                self.queues.add(task.terms.queue)
                yield task
        except Exception as error:
            self.broken = error
            raise


def enqueue_stream(
    storage: Storage,
    namespace: str,
    stream: TaskStream,
    *,
    joined: bool = False,
    now: datetime | None = None,
) -> Plan[list[UUID]]:
    """Store all tasks of a stream or none, in one transaction with one wake-up.

    Args:
        storage: Where.
        namespace: In which namespace.
        stream: The tasks.
        joined: The transaction is the caller's: what makes the tasks may use its connection,
            so that nothing may be under way on it meanwhile, and the wake-up is never left out.
        now: Instead of the database's clock; for tests.

    Raises:
        DuplicateTaskError: A live task holds one of the unique keys.
    """
    yield BEGIN
    if stream.keyed:
        for part in slices(stream):
            inserted = yield from storage.enqueue.insert_tasks(part, namespace=namespace, now=now)
            missing = [task for task in part if task.id not in inserted]
            yield from _refuse_held(storage, namespace, missing)
    else:
        for tasks in slices(stream) if joined else (stream,):
            yield from storage.enqueue.insert_fresh_tasks(tasks, namespace=namespace, now=now)
    yield from storage.wakeups.announce(namespace, sorted(stream.queues), coalesce=not joined)
    return stream.ids


def enqueue_keyed(
    storage: Storage, namespace: str, tasks: Sequence[NewTask], *, key: UUID, after: UUID
) -> Plan[bool]:
    """Store all of these tasks or none, once, however often that is asked.

    Args:
        storage: Where.
        namespace: In which namespace.
        tasks: Their ids are `keyed_task_ids` of the key.
        key: What makes it the same request.
        after: The id that one more task would have.

    Returns:
        Whether they were stored now, and not before.

    Raises:
        IdConflictError: Other tasks were stored under that key, or some are gone since.
        DuplicateTaskError: A live task holds one of the unique keys.
    """
    yield BEGIN
    for _ in range(MAX_ROUNDS):
        if (yield from _were_stored(storage, namespace, tasks, key, after)):
            return False
        inserted: set[UUID] = set()
        for part in slices(iter(tasks)):
            inserted |= yield from storage.enqueue.insert_tasks(
                part, namespace=namespace, replayed=True
            )
        missing = [task for task in tasks if task.id not in inserted]
        if not missing:
            queues = sorted({task.terms.queue for task in tasks})
            yield from storage.wakeups.announce(namespace, queues, coalesce=True)
            return True
        yield from _refuse_held(storage, namespace, missing)
        if inserted:
            break
    raise StorageConflictError(f"the tasks of key {key} could be neither stored nor found")


def _were_stored(
    storage: Storage, namespace: str, tasks: Sequence[NewTask], key: UUID, after: UUID
) -> Plan[bool]:
    """Return whether these tasks are there. Some of them may be a part of other ones."""
    known = yield from storage.enqueue.read_identities([*(task.id for task in tasks), after])
    own = {task.id: (namespace, task.terms.definition, task.payload) for task in tasks}
    if known and known != own:
        raise IdConflictError(key)
    return bool(known)


def _refuse_held(storage: Storage, namespace: str, missing: Sequence[NewTask]) -> Plan[None]:
    for task in missing:
        if task.unique_key is not None:
            holder = yield from storage.enqueue.find_unique_holder(namespace, task.unique_key)
            if holder != task.id:
                raise DuplicateTaskError(holder or task.id, task.unique_key)


def was_stored(storage: Storage, task_id: UUID) -> Plan[bool]:
    """Return whether a task of that id is there: the first of a bulk tells for all."""
    found = yield from storage.enqueue.read_identities([task_id])
    return task_id in found
