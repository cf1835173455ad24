"""What the facades do with stored definitions, as flows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from rowlock.app.core import Core
from rowlock.app.definition_values import (
    alias_or_id,
    checked_filter,
    checked_order,
    checked_values,
)
from rowlock.app.enqueuing import placed_errors
from rowlock.app.flow import Flow, Run
from rowlock.app.listing_flows import checked_limit
from rowlock.app.opened import Opened
from rowlock.app.orders import definition_row
from rowlock.definitions.definition import TaskDefinition
from rowlock.errors import InvalidValueError
from rowlock.model.changes import NOBODY, By
from rowlock.model.definitions import Definition, DefinitionTasks
from rowlock.model.names import checked_alias, definition_key
from rowlock.model.queues import checked_count
from rowlock.ops import definitions as ops


def register(
    core: Core, definition: TaskDefinition[..., Any], *, create: bool
) -> Flow[TaskDefinition[..., Any]]:
    """Store what code says of its definition, then add it to the app."""
    core.registry.check(definition)
    store = ops.register_definition if create else ops.refresh_definition
    row = definition_row(definition)
    stored: Definition = yield Run(partial(store, core.storage, core.namespace, row))
    core.known.remember(stored)
    return core.registry.adopt(definition)


def create_definition(
    core: Opened, alias: str, given: Mapping[str, Any], *, by: By = NOBODY
) -> Flow[Definition]:
    """Store a new definition."""
    name = checked_alias(alias)
    new = Definition(alias=name, key=definition_key(name), **checked_values(given))
    return (yield from _changed(core, partial(ops.create_definition, new=new, by=by)))


def declare_definitions(core: Opened, codes: Sequence[tuple[str, Mapping[str, Any]]]) -> Flow[int]:
    """Store what code elsewhere says of its definitions, as a worker does when it starts.

    Args:
        core: Where.
        codes: Aliases, and what is said of each.

    Returns:
        How many there are.
    """
    rows: list[Definition] = []
    for place, (alias, given) in enumerate(codes):
        with placed_errors(f"definitions[{place}]"):
            name = checked_alias(alias)
            rows.append(Definition(alias=name, key=definition_key(name), **checked_values(given)))
    put = core.storage.definitions.put_definitions
    yield Run(partial(put, core.namespace, rows))
    for row in rows:
        core.known.forget(row.key)
    return len(rows)


def get_definition(core: Opened, definition: object) -> Flow[Definition]:
    """Return a stored definition."""
    wanted = alias_or_id(definition)
    operation = partial(ops.get_definition, core.storage, core.namespace, wanted)
    found: Definition = yield Run(operation, reads=True)
    return found


def update_definition(
    core: Opened, definition: object, given: Mapping[str, Any], *, by: By = NOBODY
) -> Flow[Definition]:
    """Change what is given of a definition."""
    changes = checked_values(given)
    if not changes:
        raise InvalidValueError("definition", "nothing is given to change")
    wanted = alias_or_id(definition)
    operation = partial(ops.update_definition, wanted=wanted, changes=changes, by=by)
    return (yield from _changed(core, operation))


def delete_definition(
    core: Opened, definition: object, *, soft: bool, by: By = NOBODY
) -> Flow[Definition]:
    """Hide a definition, or remove it."""
    operation = partial(ops.delete_definition, wanted=alias_or_id(definition), soft=soft, by=by)
    return (yield from _changed(core, operation))


def _changed(core: Opened, operation: Any) -> Flow[Definition]:
    changed: Definition = yield Run(
        partial(operation, storage=core.storage, namespace=core.namespace)
    )
    core.known.forget(changed.key)
    return changed


def list_definitions(
    core: Opened, wanted: Mapping[str, Any], *, limit: int, offset: int, order: str
) -> Flow[list[Definition]]:
    """Return definitions in an order."""
    asked = checked_filter(wanted)
    operation = partial(
        core.storage.definitions.list_definitions,
        core.namespace,
        asked,
        limit=checked_limit(limit),
        offset=checked_count("offset", offset, least=0),
        order=checked_order(order),
    )
    found: list[Definition] = yield Run(operation, reads=True)
    return found


def count_definitions(core: Opened, wanted: Mapping[str, Any]) -> Flow[int]:
    """Return how many definitions there are."""
    asked = checked_filter(wanted)
    operation = partial(core.storage.definitions.count_definitions, core.namespace, asked)
    count: int = yield Run(operation, reads=True)
    return count


def count_definition_tasks(core: Opened, definition: object) -> Flow[DefinitionTasks]:
    """Return how many tasks a definition has."""
    wanted = alias_or_id(definition)
    operation = partial(ops.count_definition_tasks, core.storage, core.namespace, wanted)
    counts: DefinitionTasks = yield Run(operation, reads=True)
    return counts
