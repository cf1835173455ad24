"""Bringing stored schedules in line with those that code declares, as a flow."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple, TypeAlias

from rowlock.app.core import Core
from rowlock.app.flow import Flow, Run
from rowlock.app.opened import Opened
from rowlock.app.schedule_flows import described
from rowlock.definitions.definition import TaskDefinition
from rowlock.definitions.scheduling import Declaration
from rowlock.errors import DuplicateScheduleError, RowlockError, StorageError
from rowlock.model.changes import NOBODY, By
from rowlock.model.names import definition_key
from rowlock.model.schedules import Schedule, ScheduleFilter, ScheduleSync
from rowlock.ops import synchronizing as ops
from rowlock.storage.wakeups import TIMES


class Declared(NamedTuple):
    """A schedule that code declares, under its name."""

    name: str
    declaration: Declaration
    definition: TaskDefinition[..., Any]


Describe: TypeAlias = Callable[[], Flow[Schedule]]
"""Returns a schedule as it is declared; its definition and queue are there."""


def declared_by(core: Core) -> list[Declared]:
    """Return what the definitions of this process declare."""
    return [
        Declared(declaration.name or definition.alias, declaration, definition)
        for definition in core.registry
        for declaration in definition.schedules
    ]


def sync_schedules(core: Core, *, prune: bool, by: By = NOBODY) -> Flow[ScheduleSync]:
    """Store what code says now and did not say the last time; report the rest."""
    code = declared_by(core)
    done = yield from sync_code(core, code)
    if not prune:
        return done
    gone = yield from undeclared_schedules(core, code)
    return replace(done, pruned=(yield from prune_schedules(core, gone, by=by)))


def sync_code(core: Core, code: Sequence[Declared]) -> Flow[ScheduleSync]:
    """Store what is declared and was not the last time; report the rest."""

    def describe(one: Declared) -> Flow[Schedule]:
        rule, given = one.declaration.rule, one.declaration.given
        return described(core, one.name, rule, one.definition, given)

    return (yield from sync_described(core, [(one.name, partial(describe, one)) for one in code]))


def sync_described(core: Opened, declared: Iterable[tuple[str, Describe]]) -> Flow[ScheduleSync]:
    """Store what is declared, by name; see `sync_code`."""
    found: dict[str, list[str]] = {}
    problems: dict[str, str] = {}
    keys: set[str] = set()
    stored = yield from _stored(core)
    for name, describe in declared:
        key = definition_key(name)
        try:
            if key in keys:
                raise DuplicateScheduleError(name)
            keys.add(key)
            outcome = yield from _synchronized(core, (yield from describe()), stored.get(key))
            found.setdefault(outcome, []).append(name)
        except StorageError:
            raise
        except RowlockError as error:
            problems[name] = str(error)
    core.storage.wakeups.wake_here(core.namespace, TIMES)
    return ScheduleSync(
        **{outcome: tuple(names) for outcome, names in found.items()},
        undeclared=tuple(one.name for one in _undeclared(stored, keys)),
        problems=problems,
    )


def _stored(core: Opened) -> Flow[dict[str, Schedule]]:
    # Not those that people made, of which there may be very many.
    declared = ScheduleFilter(declared=True, include_deleted=True)
    operation = partial(core.storage.schedules.list_schedules, core.namespace, declared)
    found: list[Schedule] = yield Run(operation, reads=True)
    return {one.key: one for one in found}


def _synchronized(core: Opened, declared: Schedule, stored: Schedule | None) -> Flow[str]:
    says_the_same = stored is not None and stored.declared == ops.said_by(declared)
    if stored is not None and stored.deleted_at is None and says_the_same:
        return "unchanged"
    outcome: str = yield Run(partial(ops.synchronize, core.storage, declared))
    return outcome


def undeclared_schedules(core: Opened, code: Sequence[Declared]) -> Flow[list[Schedule]]:
    """Return the schedules that code declared once, and that this one no longer does."""
    return _undeclared((yield from _stored(core)), keys_of(code))


def keys_of(code: Iterable[Declared]) -> set[str]:
    """Return what the names of declared schedules are matched by."""
    return {definition_key(one.name) for one in code}


def _undeclared(stored: Mapping[str, Schedule], keys: set[str]) -> list[Schedule]:
    return [
        one
        for key, one in stored.items()
        if one.declared is not None and one.deleted_at is None and key not in keys
    ]


def prune_schedules(core: Opened, gone: Iterable[Schedule], *, by: By) -> Flow[tuple[str, ...]]:
    """Delete schedules that code no longer declares; returns the names of those it did.

    One that code declared again since it was read stays.
    """
    pruned: list[str] = []
    for one in gone:
        deleted: bool = yield Run(partial(ops.prune_undeclared, core.storage, one, by=by))
        pruned += [one.name] if deleted else []
    return tuple(pruned)
