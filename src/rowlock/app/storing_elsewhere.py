"""Enqueueing where a worker without a database runs the code that does it, as flows."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from itertools import islice
from typing import Any, TypeVar
from uuid import UUID

from rowlock.app.elsewhere import Elsewhere, NewTaskElsewhere
from rowlock.app.flow import Do, Flow
from rowlock.app.intake import Intake
from rowlock.app.orders import Code, Target, payload_text, unique_key_of
from rowlock.definitions.options import TaskOptions
from rowlock.errors import DuplicateTaskError, InvalidValueError
from rowlock.model.ids import new_task_id
from rowlock.model.names import definition_key
from rowlock.model.tasks import Task

T = TypeVar("T")

MOST_AT_ONCE = 1_000


def store(
    core: Intake,
    elsewhere: Elsewhere,
    definition: Code | str | None,
    payload: Any,
    options: TaskOptions,
) -> Flow[Task]:
    """Store one task."""
    task = _new_task(core, definition, payload, options, unique_by_default=False)
    return (yield from _done(partial(elsewhere.store, task)))


def store_unless(
    core: Intake,
    elsewhere: Elsewhere,
    definition: Code | str | None,
    payload: Any,
    options: TaskOptions,
) -> Flow[tuple[Task, bool]]:
    """Store one task unless a live one holds its unique key, by default all arguments."""
    task = _new_task(core, definition, payload, options, unique_by_default=True)
    try:
        return (yield from _done(partial(elsewhere.store, task))), True
    except DuplicateTaskError as error:
        return (yield from _done(partial(elsewhere.find, error.task_id))), False


def store_many(
    core: Intake,
    elsewhere: Elsewhere,
    definition: Code | str | None,
    payloads: Iterable[Any],
    options: TaskOptions,
    *,
    chunk: int | None,
) -> Flow[list[UUID]]:
    """Store a task for each payload, all or none; with `chunk`, in pieces of that size."""
    new = partial(_new_task, core, definition, options=options, unique_by_default=False)
    tasks, ids = map(new, payloads), list[UUID]()
    piece = MOST_AT_ONCE if chunk is None else min(chunk, MOST_AT_ONCE)
    part = list(islice(tasks, piece))
    rest = list(islice(tasks, piece))
    if rest and chunk is None:
        raise InvalidValueError(
            "arguments", f"are of more than {MOST_AT_ONCE:,} tasks: say chunk={MOST_AT_ONCE}"
        )
    while part:
        ids += yield from _done(partial(elsewhere.store_many, part))
        part, rest = rest, list(islice(tasks, piece))
    return ids


def _done(call: Callable[[], T]) -> Flow[T]:
    """Do something that blocks; off the event loop where there is one."""

    async def awaited() -> T:
        import asyncio  # start-up time of sync programs

        return await asyncio.to_thread(call)

    done: T = yield Do(call, awaited)
    return done


def _new_task(
    core: Intake,
    definition: Code | str | None,
    payload: Any,
    options: TaskOptions,
    *,
    unique_by_default: bool,
) -> NewTaskElsewhere:
    if options.transaction is not None:
        raise InvalidValueError(
            "transaction", "is not possible in a worker over HTTP: it has no database"
        )
    named = core.named(definition)
    code = core.code_of(named)
    alias = named if code is None else code.alias
    target = Target() if alias is None else Target(key=definition_key(str(alias)))
    if code is not None:
        target = Target.of_code(code)
    text = payload_text(target, payload)
    unique = target.unique if options.unique is None else options.unique
    if unique is None and unique_by_default:
        unique = True
    # What the code says goes along, as whoever stores it may not know it; what nobody says is
    # left to the definition and the queue there.
    return NewTaskElsewhere(
        id=options.id or new_task_id(),
        definition=None if alias is None else str(alias),
        payload=text,
        queue=options.queue or (None if code is None else target.queue),
        delay=options.delay,
        run_at=options.run_at,
        priority=target.priority or None if options.priority is None else options.priority,
        max_attempts=options.max_attempts or target.max_attempts,
        max_crashes=options.max_crashes or target.max_crashes,
        timeout=options.timeout,
        lifetime=options.lifetime or target.lifetime,
        retry=options.retry,
        tags=target.tags or None if options.tags is None else options.tags,
        unique=None if unique is None else unique_key_of(target, text, unique) or False,
    )
