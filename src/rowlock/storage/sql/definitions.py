"""Plans for definitions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from rowlock.model.definitions import (
    Definition,
    DefinitionFilter,
    DefinitionOrder,
    DefinitionTasks,
)
from rowlock.plan import BEGIN, Plan, Statement
from rowlock.storage.definition_contract import EVERY, NO_LIMIT
from rowlock.storage.rows import definition_from_row
from rowlock.storage.sql.base import Plans
from rowlock.storage.values import defaults_to_text


def _columns(definition: Definition) -> dict[str, Any]:
    """Return what code and people may both say of a definition, by column."""
    return {
        "key": definition.key,
        "alias": definition.alias,
        "title": definition.title,
        "description": definition.description,
        "queue": definition.queue,
        "defaults": defaults_to_text(definition),
        "id": definition.id,
    }


class DefinitionPlans(Plans):
    """`DefinitionStore` over a statement catalogue."""

    def put_definitions(self, namespace: str, definitions: Sequence[Definition], /) -> Plan[None]:
        for definition in definitions:
            yield self._sql.bind(
                "put_definition", namespace=namespace, now=None, **_columns(definition)
            )

    def insert_definition(self, namespace: str, definition: Definition, /) -> Plan[bool]:
        yield BEGIN
        yield self._sql.bind("remove_deleted_definition", namespace=namespace, key=definition.key)
        yield self._sql.bind(
            "insert_definition",
            namespace=namespace,
            now=None,
            memo=definition.memo,
            status=definition.status.value,
            **_columns(definition),
        )
        # A row of another id was there first, and not every engine counts alike.
        stored = yield from self.get_definition(namespace, definition.key)
        return stored is not None and stored.id == definition.id

    def get_definition(self, namespace: str, key: str, /) -> Plan[Definition | None]:
        return self._one(self._sql.bind("get_definition", namespace=namespace, key=key))

    def get_definition_by_id(
        self, namespace: str, definition_id: UUID, /
    ) -> Plan[Definition | None]:
        statement = self._sql.bind("get_definition_by_id", namespace=namespace, id=definition_id)
        return self._one(statement)

    def lock_definition(self, namespace: str, key: str, /) -> Plan[Definition | None]:
        return self._one(self._sql.bind("lock_definition", namespace=namespace, key=key))

    def update_definition(self, namespace: str, definition: Definition, /) -> Plan[None]:
        yield self._sql.bind(
            "update_definition",
            namespace=namespace,
            now=None,
            memo=definition.memo,
            status=definition.status.value,
            **_columns(definition),
        )

    def delete_definition(
        self, namespace: str, definition: Definition, *, soft: bool
    ) -> Plan[None]:
        name = "mark_definition_deleted" if soft else "remove_definition"
        yield self._sql.bind(
            name, namespace=namespace, key=definition.key, id=definition.id, now=None
        )

    def list_definitions(
        self,
        namespace: str,
        wanted: DefinitionFilter = EVERY,
        *,
        limit: int = NO_LIMIT,
        offset: int = 0,
        order: DefinitionOrder = DefinitionOrder.ALIAS,
    ) -> Plan[list[Definition]]:
        result = yield self._sql.bind(
            "list_definitions",
            namespace=namespace,
            limit=limit,
            offset=offset,
            order=order.value,
            **wanted._asdict(),
        )
        return [definition_from_row(row, self._values) for row in result.rows]

    def count_definitions(self, namespace: str, wanted: DefinitionFilter = EVERY, /) -> Plan[int]:
        result = yield self._sql.bind("count_definitions", namespace=namespace, **wanted._asdict())
        count: int = result.rows[0][0]
        return count

    def count_definition_tasks(self, namespace: str, key: str, /) -> Plan[DefinitionTasks]:
        result = yield self._sql.bind("count_definition_tasks", namespace=namespace, key=key)
        return DefinitionTasks(*result.rows[0])

    def _one(self, statement: Statement) -> Plan[Definition | None]:
        result = yield statement
        return definition_from_row(result.rows[0], self._values) if result.rows else None
