"""Enqueueing, as flows: what is asked of the database before, during and after."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import islice
from typing import Any, TypeAlias
from uuid import UUID

from rowlock.app import storing_elsewhere as storing
from rowlock.app.elsewhere import elsewhere_of
from rowlock.app.flow import Flow, Pause, Run
from rowlock.app.intake import Intake
from rowlock.app.orders import Code, Order, Target
from rowlock.definitions.joining import transaction_to_join
from rowlock.definitions.options import TaskOptions
from rowlock.errors import (
    DuplicateTaskError,
    InvalidValueError,
    StorageError,
    StorageUnavailableError,
)
from rowlock.model.ids import keyed_task_ids
from rowlock.model.queues import checked_count
from rowlock.model.tasks import NewTask, Task
from rowlock.ops.enqueue import (
    Stored,
    TaskStream,
    enqueue_keyed,
    enqueue_stream,
    enqueue_task,
    was_stored,
)
from rowlock.ops.tasks import get_task
from rowlock.plan import BEGIN, Plan
from rowlock.storage.unwrapping import call_after_commit

AnyDefinition: TypeAlias = Code | str | None

Recorder: TypeAlias = Callable[[NewTask], Plan[None]]
"""Writes down that a task was stored, in the transaction that stores it."""

MAX_TRIES = 5
# A database that was silent for longer is not asked again.
RETRY_SECONDS = 15.0
FIRST_PAUSE_SECONDS = 0.1


def enqueue(
    core: Intake,
    definition: AnyDefinition,
    payload: Any,
    options: TaskOptions,
    *,
    record: Recorder | None = None,
) -> Flow[Task]:
    """Store one task.

    Raises:
        DuplicateTaskError: A live task holds its unique key.
    """
    elsewhere = elsewhere_of(core.owner)
    if elsewhere is not None:
        return (yield from storing.store(core, elsewhere, definition, payload, options))
    new, stored = yield from _stored(
        core, definition, payload, options, unique=False, record=record
    )
    if stored.task.id != new.id:
        raise DuplicateTaskError(stored.task.id, new.unique_key or "")
    return stored.task


def enqueue_if_not_exists(
    core: Intake, definition: AnyDefinition, payload: Any, options: TaskOptions
) -> Flow[tuple[Task, bool]]:
    """Store one task unless a live one holds its unique key, by default all arguments."""
    elsewhere = elsewhere_of(core.owner)
    if elsewhere is not None:
        return (yield from storing.store_unless(core, elsewhere, definition, payload, options))
    _, stored = yield from _stored(core, definition, payload, options, unique=True)
    return stored.task, stored.created


def _stored(
    core: Intake,
    definition: AnyDefinition,
    payload: Any,
    options: TaskOptions,
    *,
    unique: bool,
    record: Recorder | None = None,
) -> Flow[tuple[NewTask, Stored]]:
    options = _joining(core, options)
    target = yield from prepared(core, definition, options)
    queue = core.policies.queue(core.queue_name(target, options))
    new = Order(target, options, queue, unique_by_default=unique).task(payload)
    given_id = options.id is not None
    operation = partial(enqueue_task, core.storage, core.namespace, new, given_id=given_id)
    store: Callable[..., Plan[Stored]] = operation
    if record is not None:
        store = partial(_store_recorded, operation, partial(record, new))
    if options.transaction is not None:
        stored: Stored = yield Run(partial(operation, coalesce=False), options.transaction)
        _wake_after_commit(core, options.transaction, new.terms.queue)
        return new, stored
    # A unique key may be taken, or have to wait for another transaction.
    alone = given_id or new.unique_key is not None or record is not None
    stored = yield from _until_certain(store, grouped=None if alone else (core.namespace, new))
    if stored.created:
        core.storage.wakeups.wake_here(core.namespace, new.terms.queue)
        if core.on_enqueued is not None:
            yield from core.on_enqueued((new.id,))
            after = partial(get_task, core.storage, core.namespace, new.id)
            stored = stored._replace(task=(yield Run(after, reads=True)))
    return new, stored


def _joining(core: Intake, options: TaskOptions) -> TaskOptions:
    """Join the transaction in which the handler around us settles its own task."""
    joined = transaction_to_join(options.transaction, core.storage)
    return options if joined is options.transaction else options._replace(transaction=joined)


def _wake_after_commit(core: Intake, transaction: object, queue: str) -> None:
    call_after_commit(transaction, partial(core.storage.wakeups.wake_here, core.namespace, queue))


def _store_recorded(
    store: Callable[..., Plan[Stored]], record: Callable[[], Plan[None]], *, replayed: bool
) -> Plan[Stored]:
    yield BEGIN
    stored = yield from store(replayed=replayed)
    if stored.created:
        yield from record()
    return stored


def _until_certain(
    operation: Callable[..., Plan[Any]], *, grouped: tuple[str, NewTask] | None = None
) -> Flow[Any]:
    """Write what may be written twice; when the commit is in doubt, once more, told so."""
    replayed, last_start = False, time.monotonic() + RETRY_SECONDS
    for attempt in range(MAX_TRIES):
        try:
            attempted = partial(operation, replayed=replayed)
            done: Any = yield Run(attempted, grouped=None if replayed else grouped)
        except StorageUnavailableError as error:
            # A later try that never reached the database leaves the first in doubt.
            replayed = error.outcome_unknown = replayed or error.outcome_unknown
            if not replayed or attempt == MAX_TRIES - 1 or time.monotonic() > last_start:
                raise
        else:
            return done
        yield _pause(attempt)
    raise AssertionError  # the last try returned or raised


def _pause(attempt: int) -> Pause:
    return Pause(FIRST_PAUSE_SECONDS * 2**attempt * (0.5 + random.random()))  # noqa: S311 - jitter


def prepared(core: Intake, definition: AnyDefinition, options: TaskOptions) -> Flow[Target]:
    """Find what is to be run, and make sure that its queue and its row are there.

    On a connection of our own: a shared row written in the caller's transaction would hold up
    every other producer until that ends.
    """
    definition = core.named(definition)
    target = core.target(definition)
    # Nobody but the caller can write while a transaction on one writer is open; in memory there
    # is no second connection even to read with.
    place = options.transaction if core.storage.enlisting.one_writer else None
    if target is None:
        assert isinstance(definition, str)  # noqa: S101 - only an alias can be unknown here
        row = yield Run(partial(core.read_row, definition), place, reads=True)
        target = Target.of_row(row)
    queue, code = core.queue_name(target, options), core.code_of(definition)
    if place is not None:
        if not core.policies.is_fresh(queue):  # a queue that is not there has the defaults
            yield Run(partial(core.policies.look, core.storage, queue), place, reads=True)
        if code is not None and core.known.fresh(code.key) is None:
            yield Run(partial(core.look, code.key), place, reads=True)
    elif not core.is_prepared(queue, code):
        definitions = () if code is None else (code,)
        yield from _until_certain(partial(_prepare, core, queue, definitions))
    if target.key is not None:
        core.known.check_open(target.key)
    return target


def _prepare(
    core: Intake, queue: str, definitions: Sequence[Code], *, replayed: bool
) -> Plan[None]:
    del replayed  # it may be done any number of times
    return core.prepare((queue,), definitions)


def enqueue_many(
    core: Intake,
    definition: AnyDefinition,
    payloads: Iterable[Any],
    options: TaskOptions,
    *,
    chunk: int | None = None,
) -> Flow[list[UUID]]:
    """Store a task for each payload, all or none; with `chunk`, in pieces of that size."""
    if options.id is not None:
        raise InvalidValueError("id", "one id cannot be given to many tasks")
    if chunk is not None:
        checked_count("chunk", chunk)
    if isinstance(payloads, (str, bytes, Mapping)) or not isinstance(payloads, Iterable):  # pyright: ignore[reportUnnecessaryIsInstance] - callers may be untyped
        raise InvalidValueError("arguments", "must be an iterable of mappings, one for each task")
    elsewhere = elsewhere_of(core.owner)
    if elsewhere is not None:
        many = storing.store_many(core, elsewhere, definition, payloads, options, chunk=chunk)
        return (yield from many)
    options = _joining(core, options)
    target = yield from prepared(core, definition, options)
    queue = core.policies.queue(core.queue_name(target, options))
    order = Order(target, options, queue, unique_by_default=False)
    tasks = (order.task(payload) for payload in payloads)
    if chunk is None:
        return (yield from _store_stream(core, TaskStream(tasks, keyed=order.is_unique), options))
    ids: list[UUID] = []
    while piece := list(islice(tasks, chunk)):
        ids += yield from _store_stream(core, TaskStream(piece, keyed=order.is_unique), options)
    return ids


def enqueue_batch(
    core: Intake,
    wanted: Iterable[tuple[AnyDefinition, Any, TaskOptions]],
    *,
    key: UUID | None = None,
) -> Flow[list[UUID]]:
    """Store tasks of any definitions and queues, all or none, in one transaction.

    Args:
        core: Where.
        wanted: Definition, payload and options of each; the options without id and transaction.
        key: Makes it the same batch when it is stored again.

    Raises:
        InvalidValueError: A value is refused; the field begins with the task's place.
        IdConflictError: Another batch was stored under that key, or a part of it is gone since.
        DuplicateTaskError: A live task, or another one of these, holds a unique key.
    """
    tasks: list[NewTask] = []
    keyed = False
    for place, (definition, payload, options) in enumerate(wanted):
        with placed_errors(f"tasks[{place}]"):
            target = yield from prepared(core, definition, options)
            queue = core.policies.queue(core.queue_name(target, options))
            order = Order(target, options, queue, unique_by_default=False)
            tasks.append(order.task(payload))
            keyed = keyed or order.is_unique
    if key is not None:
        return (yield from _store_once(core, tasks, key))

    def store() -> Plan[list[UUID]]:
        # A new one for each try: a stream is read only once, the tasks are all here.
        return enqueue_stream(core.storage, core.namespace, TaskStream(tasks, keyed=keyed))

    try:
        ids: list[UUID] = yield Run(store, lingers=True)
    except StorageUnavailableError as error:
        if not error.outcome_unknown:
            raise
        yield _pause(0)
        if not (yield from _is_stored(core, tasks[0].id, error)):
            raise
        ids = [task.id for task in tasks]
    yield from _announce_here(core, {task.terms.queue for task in tasks}, ids)
    return ids


def _store_once(core: Intake, tasks: Sequence[NewTask], key: UUID) -> Flow[list[UUID]]:
    *ids, after = keyed_task_ids(key, len(tasks) + 1)
    named = [task._replace(id=own) for task, own in zip(tasks, ids, strict=True)]

    def store(*, replayed: bool) -> Plan[bool]:
        del replayed  # it is stored once however often it is tried
        return enqueue_keyed(core.storage, core.namespace, named, key=key, after=after)

    if (yield from _until_certain(store)):
        yield from _announce_here(core, {task.terms.queue for task in named}, ids)
    return ids


@contextmanager
def placed_errors(place: str) -> Generator[None]:
    """Say of a refused value which one of many it belongs to."""
    try:
        yield
    except InvalidValueError as error:
        raise type(error)(f"{place}.{error.field}", error.problem) from error


def _store_stream(core: Intake, stream: TaskStream, options: TaskOptions) -> Flow[list[UUID]]:
    store = partial(enqueue_stream, core.storage, core.namespace, stream)
    try:
        if options.transaction is not None:
            ids: list[UUID] = yield Run(partial(store, joined=True), options.transaction)
            for queue in stream.queues:
                _wake_after_commit(core, options.transaction, queue)
            return ids
        ids = yield Run(store, lingers=True)
    except StorageError as error:
        if stream.broken is not None:
            raise stream.broken from None
        in_doubt = isinstance(error, StorageUnavailableError) and error.outcome_unknown
        if not in_doubt or not stream.ids:
            raise
        yield _pause(0)
        if not (yield from _is_stored(core, stream.ids[0], error)):
            raise
        ids = stream.ids
    yield from _announce_here(core, stream.queues, ids)
    return ids


def _announce_here(core: Intake, queues: Iterable[str], ids: Sequence[UUID]) -> Flow[None]:
    """Tell this process of what was stored and committed."""
    for queue in queues:
        core.storage.wakeups.wake_here(core.namespace, queue)
    if core.on_enqueued is not None:
        yield from core.on_enqueued(ids)


def _is_stored(core: Intake, first: UUID, doubt: StorageError) -> Flow[bool]:
    """Return whether a bulk was stored: one transaction, so the first id tells for all."""
    try:
        found: bool = yield Run(partial(was_stored, core.storage, first), reads=True)
    except StorageUnavailableError:
        raise doubt from None
    return found
