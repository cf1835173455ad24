"""`rowlock.app.declared_schedules`, asked of a server."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

from rowlock.app.declared_schedules import Declared, keys_of
from rowlock.app.orders import Target, definition_row
from rowlock.app.schedule_values import with_tasks
from rowlock.cli.remote.reading import model, models, paged
from rowlock.cli.remote.saying import cleared
from rowlock.client import Client
from rowlock.client.working.declaring import body_of_definition
from rowlock.definitions.scheduling import Rule, said_of
from rowlock.errors import (
    DefinitionNotFoundError,
    DuplicateQueueError,
    InvalidValueError,
    QueueNotFoundError,
    RowlockError,
    ScopeError,
)
from rowlock.model.changes import By
from rowlock.model.names import definition_key
from rowlock.model.schedules import Schedule, ScheduleSync
from rowlock.recurrence.recurrence import Recurrence
from rowlock.wire.bodies.schedules import DeclaredScheduleBody


def undeclared_schedules(client: Client, code: Sequence[Declared]) -> list[Schedule]:
    """List schedules that code declared once, and that this one no longer does."""
    found = paged(lambda at, size: client.list_schedules(declared=True, offset=at, limit=size))
    keys = keys_of(code)
    return [one for one in models(Schedule, found) if definition_key(one.name) not in keys]


def sync_code(client: Client, code: Sequence[Declared]) -> ScheduleSync:
    """Store what is declared; definitions and queues that are not there are made."""
    bodies: list[DeclaredScheduleBody] = []
    problems: dict[str, str] = {}
    for one in code:
        try:
            bodies.append(_body(one))
        except RowlockError as error:
            problems[one.name] = str(error)
    done = _stored(client, bodies)
    made = [_made(client, one) for one in code if one.name in done.problems]
    if any(made):
        again = [body for body in bodies if body.name in done.problems]
        done = _merged(done, _stored(client, again), [one.name for one in code])
    keys = keys_of(code)
    left = tuple(name for name in done.undeclared if definition_key(name) not in keys)
    return replace(done, undeclared=left, problems={**problems, **done.problems})


def _stored(client: Client, bodies: list[DeclaredScheduleBody]) -> ScheduleSync:
    return model(ScheduleSync, client.declare_schedules(schedules=bodies))


def prune_schedules(client: Client, gone: Iterable[Schedule], *, by: By) -> tuple[str, ...]:
    """Delete schedules that code no longer declares."""
    ids = [str(one.id) for one in gone]
    if not ids:
        return ()
    done = client.declare_schedules(schedules=[], prune=ids, reason=by.reason)
    return tuple(done.pruned)


def _body(one: Declared) -> DeclaredScheduleBody:
    """Return what is said of a schedule; what only its code knows of its tasks is written out."""
    rule, given = one.declaration.rule, dict(one.declaration.given)
    said = said_of(one.name, rule, given, None)
    schedule = Schedule(
        name=one.name,
        key=definition_key(one.name),
        rule=said.rule,
        definition=one.definition.key,
        options=said.options,
        **said.fields,
    )
    described = with_tasks(schedule, Target.of_code(one.definition), said.arguments or {})
    of_tasks = {word: described.options.get(word) for word in ("tags", "unique")}
    terms = {**given, "arguments": described.arguments, **of_tasks}
    return DeclaredScheduleBody(
        name=one.name,
        rule=_written(rule),
        definition=one.definition.alias,
        **{word: value for word, value in cleared(terms).items() if _is_said(word, value, given)},
    )


def _is_said(word: str, value: Any, given: Mapping[str, Any]) -> bool:
    return value is not None or word in given


def _written(rule: Rule) -> str | dict[str, Any]:
    """Return a rule as a request says it."""
    if isinstance(rule, Recurrence):
        return rule.to_json()
    if isinstance(rule, timedelta):
        return f"{rule.total_seconds():g}s"
    return rule if isinstance(rule, str) else dict(rule)


def _made(client: Client, one: Declared) -> bool:
    """Make the definition and the queue that a schedule needs; False if they are there.

    It is False as well if the token may not make them.
    """
    try:
        made = _definition_made(client, one)
        queue = one.declaration.given.get("queue")
        return (queue is not None and _queue_made(client, queue)) or made
    except (InvalidValueError, ScopeError):
        return False


def _definition_made(client: Client, one: Declared) -> bool:
    try:
        client.get_definition(one.definition.alias)
    except DefinitionNotFoundError:
        said = body_of_definition(definition_row(one.definition))
        client.declare_definitions(definitions=[said])
        return True
    return False


def _queue_made(client: Client, queue: str) -> bool:
    try:
        client.get_queue(queue)
    except QueueNotFoundError:
        with suppress(DuplicateQueueError):
            client.create_queue(name=queue)
        return True
    return False


def _merged(first: ScheduleSync, second: ScheduleSync, order: Sequence[str]) -> ScheduleSync:
    """Return what came of all, of which those with problems were sent again."""
    outcomes = {
        word: tuple(sorted(getattr(first, word) + getattr(second, word), key=order.index))
        for word in ("created", "changed", "unchanged", "deleted")
    }
    return replace(first, **outcomes, problems=second.problems)
