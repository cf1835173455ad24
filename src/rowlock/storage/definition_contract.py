"""What every engine promises about definitions. See `rowlock.storage.contract`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from rowlock.model.definitions import (
    Definition,
    DefinitionFilter,
    DefinitionOrder,
    DefinitionTasks,
)
from rowlock.plan import Plan

EVERY = DefinitionFilter()
NO_LIMIT = 2**31 - 1


class DefinitionStore(Protocol):
    """Definitions; what looks one up finds those deleted softly, too."""

    def put_definitions(self, namespace: str, definitions: Sequence[Definition], /) -> Plan[None]:
        """Store what code says of its definitions.

        Rows that say the same already are not written. Status and memo are left alone, and
        so is a row that was deleted.
        """
        ...

    def insert_definition(self, namespace: str, definition: Definition, /) -> Plan[bool]:
        """Store a new definition in place of a deleted one; False if its key is taken."""
        ...

    def get_definition(self, namespace: str, key: str, /) -> Plan[Definition | None]:
        """Return the definition of that key."""
        ...

    def get_definition_by_id(
        self, namespace: str, definition_id: UUID, /
    ) -> Plan[Definition | None]:
        """Return the definition of that id."""
        ...

    def lock_definition(self, namespace: str, key: str, /) -> Plan[Definition | None]:
        """Return the definition of that key as nobody else can change it now."""
        ...

    def update_definition(self, namespace: str, definition: Definition, /) -> Plan[None]:
        """Write everything about a definition that was just locked."""
        ...

    def delete_definition(
        self, namespace: str, definition: Definition, *, soft: bool
    ) -> Plan[None]:
        """Stamp a definition that was just locked as deleted, or remove its row."""
        ...

    def list_definitions(
        self,
        namespace: str,
        wanted: DefinitionFilter = EVERY,
        *,
        limit: int = NO_LIMIT,
        offset: int = 0,
        order: DefinitionOrder = DefinitionOrder.ALIAS,
    ) -> Plan[list[Definition]]:
        """Return the namespace's definitions in an order; equal ones by alias."""
        ...

    def count_definitions(self, namespace: str, wanted: DefinitionFilter = EVERY, /) -> Plan[int]:
        """Return how many definitions a list would have without its limit."""
        ...

    def count_definition_tasks(self, namespace: str, key: str, /) -> Plan[DefinitionTasks]:
        """Return how many tasks a definition has; reads all of history."""
        ...
