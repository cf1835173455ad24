"""`rowlock.app.definition_flows`, asked of a server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rowlock.app.definition_values import (
    alias_or_id,
    checked_filter,
    checked_order,
    checked_values,
)
from rowlock.app.listing_flows import checked_limit
from rowlock.cli.remote.reading import model, models, paged
from rowlock.cli.remote.saying import cleared
from rowlock.client import Client
from rowlock.errors import InvalidValueError
from rowlock.model.changes import NOBODY, By
from rowlock.model.definitions import Definition, DefinitionTasks
from rowlock.model.names import checked_alias
from rowlock.model.queues import checked_count


def create_definition(
    client: Client, alias: str, given: Mapping[str, Any], *, by: By = NOBODY
) -> Definition:
    """Store a new definition."""
    name, values = checked_alias(alias), _values(given)
    return model(Definition, client.create_definition(alias=name, reason=by.reason, **values))


def get_definition(client: Client, definition: object) -> Definition:
    """Show a definition."""
    return model(Definition, client.get_definition(str(alias_or_id(definition))))


def update_definition(
    client: Client, definition: object, given: Mapping[str, Any], *, by: By = NOBODY
) -> Definition:
    """Change what is given of a definition."""
    values = _values(given)
    if not values:
        raise InvalidValueError("definition", "nothing is given to change")
    wanted = str(alias_or_id(definition))
    return model(Definition, client.update_definition(wanted, reason=by.reason, **values))


def delete_definition(
    client: Client, definition: object, *, soft: bool, by: By = NOBODY
) -> Definition:
    """Hide a definition, or remove it."""
    wanted = str(alias_or_id(definition))
    gone = client.delete_definition(wanted, hard=not soft, reason=by.reason)
    return model(Definition, gone)


def list_definitions(
    client: Client, wanted: Mapping[str, Any], *, limit: int, offset: int, order: str
) -> list[Definition]:
    """List definitions."""
    query = checked_filter(wanted)._asdict()
    most, passed = checked_limit(limit), checked_count("offset", offset, least=0)
    chosen = checked_order(order).value
    found = paged(
        lambda place, size: client.list_definitions(
            **query, order=chosen, offset=place, limit=size
        ),
        limit=most,
        offset=passed,
    )
    return models(Definition, found)


def count_definition_tasks(client: Client, definition: object) -> DefinitionTasks:
    """Count a definition's tasks."""
    found = client.count_definition_tasks(str(alias_or_id(definition)))
    return DefinitionTasks(found.waiting, found.running, found.finished)


def _values(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is said of a definition for a request, refused here if it makes no sense."""
    checked_values(given)
    return cleared(given)
