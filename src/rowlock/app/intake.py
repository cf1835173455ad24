"""What enqueueing asks of an app. It needs no code of definitions: the database knows aliases."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rowlock.app.opened import Opened
from rowlock.app.orders import Code, Target, definition_row
from rowlock.definitions.options import TaskOptions
from rowlock.errors import UnknownDefinitionError
from rowlock.model.names import checked_alias, definition_key
from rowlock.model.tasks import Definition
from rowlock.plan import Plan


class Intake(Opened):
    """A database to enqueue in, and what it was told and has told of definitions."""

    def __init__(self, url: str, /, **settings: Any) -> None:
        super().__init__(url, **settings)
        self._put: set[str] = set()
        self._rows: dict[str, Definition] = {}

    def is_prepared(self, queue: str, definition: Code | None) -> bool:
        """Whether a task can be enqueued without asking the database first."""
        known = definition is None or definition.key in self._put
        return known and self.is_open and self.policies.is_fresh(queue)

    def prepare(
        self,
        queues: Sequence[str],
        definitions: Sequence[Code],
        *,
        afresh: bool = False,
    ) -> Plan[None]:
        """Read queues' policies and write definitions, on a connection of our own."""
        yield from self.policies.refresh(self.storage, tuple(queues))
        new = [one for one in definitions if afresh or one.key not in self._put]
        if new:
            rows = [definition_row(one) for one in new]
            yield from self.storage.queues.put_definitions(self.namespace, rows)
            self._put.update(one.key for one in new)

    def named(self, definition: object) -> Code | str | None:
        """Return what a caller named as a definition, checked.

        Raises:
            InvalidValueError: It is no alias.
        """
        return None if definition is None else checked_alias(definition)

    def code_of(self, definition: Code | str | None) -> Code | None:
        """Return this process's definition, if it has the code."""
        return None if isinstance(definition, str) else definition

    def known_row(self, alias: str) -> Definition | None:
        """Return what the database once told of an alias."""
        return self._rows.get(definition_key(alias))

    def read_row(self, alias: str) -> Plan[Definition]:
        """Ask the database for a definition that this process does not have.

        Raises:
            UnknownDefinitionError: It does not know it either.
        """
        found = yield from self.storage.queues.get_definition(self.namespace, definition_key(alias))
        if found is None:
            raise UnknownDefinitionError(alias)
        self._rows[found.key] = found
        return found

    def target(self, definition: Code | str | None) -> Target | None:
        """Return what an alias or a definition stands for; None if only the database can say."""
        if definition is None:
            return Target()
        code = self.code_of(definition)
        if code is not None:
            return Target.of_code(code)
        row = self.known_row(definition) if isinstance(definition, str) else None
        return None if row is None else Target.of_row(row)

    @staticmethod
    def queue_name(target: Target, options: TaskOptions) -> str:
        """Return which queue a task goes to."""
        return options.queue or target.queue
