"""The definitions that a process has code for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rowlock.definitions.definition import TaskDefinition
from rowlock.errors import DuplicateDefinitionError
from rowlock.model.names import definition_key


class Registry:
    """Definitions by alias, in the order in which they were added.

    Aliases are matched ignoring case, `-` and `_`.
    """

    def __init__(self) -> None:
        self._by_key: dict[str, TaskDefinition[..., Any]] = {}

    def add(self, definition: TaskDefinition[..., Any]) -> None:
        """Add a definition; adding the same one again changes nothing.

        Raises:
            DuplicateDefinitionError: Another one has that alias.
        """
        if self._by_key.setdefault(definition.key, definition) is not definition:
            raise DuplicateDefinitionError(definition.alias)

    def check(self, definition: TaskDefinition[..., Any]) -> None:
        """Refuse a definition whose alias another one has.

        Raises:
            DuplicateDefinitionError: Another one has that alias.
        """
        known = self._by_key.get(definition.key)
        if known is not None and not known.says_the_same(definition):
            raise DuplicateDefinitionError(definition.alias)

    def adopt(self, definition: TaskDefinition[..., Any]) -> TaskDefinition[..., Any]:
        """Add a definition, or return the one that was there and says the same.

        Raises:
            DuplicateDefinitionError: Another one has that alias.
        """
        self.check(definition)
        return self._by_key.setdefault(definition.key, definition)

    def get(self, alias: str) -> TaskDefinition[..., Any] | None:
        """Return the definition of that alias, or None."""
        return self._by_key.get(definition_key(alias))

    def __iter__(self) -> Iterator[TaskDefinition[..., Any]]:
        """Go through the definitions in the order in which they were added."""
        return iter(tuple(self._by_key.values()))

    def __len__(self) -> int:
        return len(self._by_key)
