"""Bringing stored schedules in line with those that code declares, as a flow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from rowlock.app.core import Core
from rowlock.app.flow import Flow, Run
from rowlock.app.schedule_flows import described
from rowlock.definitions.definition import TaskDefinition
from rowlock.definitions.scheduling import Declaration
from rowlock.errors import DuplicateScheduleError, RowlockError, StorageError
from rowlock.model.changes import NOBODY, By
from rowlock.model.names import definition_key
from rowlock.model.schedules import Schedule, ScheduleFilter, ScheduleSync
from rowlock.ops import synchronizing as ops
from rowlock.storage.wakeups import TIMES


def declarations(core: Core) -> Iterator[tuple[str, Declaration, TaskDefinition[..., Any]]]:
    """Yield what the definitions of this process declare, with the schedules' names."""
    for definition in core.registry:
        for declaration in definition.schedules:
            yield declaration.name or definition.alias, declaration, definition


def sync_schedules(core: Core, *, prune: bool, by: By = NOBODY) -> Flow[ScheduleSync]:
    """Store what code says now and did not say the last time; report the rest."""
    found: dict[str, list[str]] = {}
    problems: dict[str, str] = {}
    keys: set[str] = set()
    stored = yield from _stored(core)
    for name, declaration, definition in declarations(core):
        key = definition_key(name)
        try:
            if key in keys:
                raise DuplicateScheduleError(name)
            keys.add(key)
            declared = yield from described(
                core, name, declaration.rule, definition, declaration.given
            )
            outcome = yield from _synchronized(core, declared, stored.get(key))
            found.setdefault(outcome, []).append(name)
        except StorageError:
            raise
        except RowlockError as error:
            problems[name] = str(error)
    gone = _undeclared(stored, keys)
    pruned = (yield from prune_schedules(core, gone, by=by)) if prune else ()
    core.storage.wakeups.wake_here(core.namespace, TIMES)
    return ScheduleSync(
        **{outcome: tuple(names) for outcome, names in found.items()},
        undeclared=tuple(one.name for one in gone),
        pruned=pruned,
        problems=problems,
    )


def _stored(core: Core) -> Flow[dict[str, Schedule]]:
    everything = ScheduleFilter(include_deleted=True)
    operation = partial(core.storage.schedules.list_schedules, core.namespace, everything)
    found: list[Schedule] = yield Run(operation, reads=True)
    return {one.key: one for one in found}


def _synchronized(core: Core, declared: Schedule, stored: Schedule | None) -> Flow[str]:
    says_the_same = stored is not None and stored.declared == ops.said_by(declared)
    if stored is not None and stored.deleted_at is None and says_the_same:
        return "unchanged"
    outcome: str = yield Run(partial(ops.synchronize, core.storage, declared))
    return outcome


def undeclared_schedules(core: Core) -> Flow[list[Schedule]]:
    """Return the schedules that code declared once, and that of this process no longer does."""
    keys = {definition_key(name) for name, _, _ in declarations(core)}
    return _undeclared((yield from _stored(core)), keys)


def _undeclared(stored: Mapping[str, Schedule], keys: set[str]) -> list[Schedule]:
    return [
        one
        for key, one in stored.items()
        if one.declared is not None and one.deleted_at is None and key not in keys
    ]


def prune_schedules(core: Core, gone: Iterable[Schedule], *, by: By) -> Flow[tuple[str, ...]]:
    """Delete schedules that code no longer declares; returns the names of those it did.

    One that code declared again since it was read stays.
    """
    pruned: list[str] = []
    for one in gone:
        deleted: bool = yield Run(partial(ops.prune_undeclared, core.storage, one, by=by))
        pruned += [one.name] if deleted else []
    return tuple(pruned)
