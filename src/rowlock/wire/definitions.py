"""Stored definitions as plain dicts for JSON."""

from __future__ import annotations

from rowlock.model.definitions import Definition
from rowlock.wire.values import Wire, optional_time_to_wire, seconds_to_wire


def definition_to_wire(definition: Definition) -> Wire:
    """Return a definition."""
    return {
        "id": str(definition.id),
        "alias": definition.alias,
        "key": definition.key,
        "title": definition.title,
        "description": definition.description,
        "memo": definition.memo,
        "status": definition.status.value,
        "queue": definition.queue,
        "priority": definition.priority,
        "max_attempts": definition.max_attempts,
        "max_crashes": definition.max_crashes,
        "lifetime_seconds": seconds_to_wire(definition.lifetime),
        "created_at": optional_time_to_wire(definition.created_at),
        "updated_at": optional_time_to_wire(definition.updated_at),
        "deleted_at": optional_time_to_wire(definition.deleted_at),
    }
