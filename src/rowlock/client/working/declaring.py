"""Telling the service what a worker runs."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

from rowlock.app.orders import definition_row
from rowlock.client.asynchronous import AsyncClient
from rowlock.client.working.converting import in_batches
from rowlock.client.working.refusals import waited_for
from rowlock.definitions.definition import TaskDefinition
from rowlock.errors import ScopeError
from rowlock.model.definitions import Definition
from rowlock.wire.bodies.definitions import DeclaredDefinitionBody

log = logging.getLogger(__name__)


async def declare(client: AsyncClient, definitions: Iterable[TaskDefinition[..., Any]]) -> None:
    """Have definitions stored, as a worker of the database stores them when it starts.

    Raises:
        StorageUnavailableError: The server cannot be reached.
    """
    bodies = [body_of_definition(definition_row(one)) for one in definitions]
    try:
        for batch in in_batches(bodies):
            with waited_for():
                await client.declare_definitions(definitions=batch)
    except ScopeError as error:
        log.warning("its definitions are not stored, and it runs them all the same: %s", error)


def body_of_definition(row: Definition) -> DeclaredDefinitionBody:
    """Return what code says of a definition, as the service takes it."""
    return DeclaredDefinitionBody(
        alias=row.alias,
        title=row.title,
        description=row.description,
        queue=row.queue,
        priority=row.priority,
        max_attempts=row.max_attempts,
        max_crashes=row.max_crashes,
        lifetime=None if row.lifetime is None else row.lifetime.total_seconds(),
    )
