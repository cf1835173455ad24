"""What enqueueing asks of an app. It needs no code of definitions: the database knows aliases."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from rowlock.app.flow import Flow
from rowlock.app.opened import Opened
from rowlock.app.orders import Code, Target, definition_row
from rowlock.definitions.options import TaskOptions
from rowlock.errors import UnknownDefinitionError
from rowlock.model.definitions import Definition
from rowlock.model.names import checked_alias, definition_key
from rowlock.plan import Plan


class Intake(Opened):
    """A database to enqueue in, and what it was told and has told of definitions.

    Attributes:
        on_enqueued: What follows when tasks were stored, but in a transaction that the caller
            gave with them; None, except in tests.
    """

    of_database = (*Opened.of_database, "_put")

    def __init__(self, url: str, /, **settings: Any) -> None:
        super().__init__(url, **settings)
        self._put: set[str] = set()
        self.on_enqueued: Callable[[Sequence[UUID]], Flow[None]] | None = None

    def _forget(self) -> None:
        super()._forget()
        self._put = set()

    def is_prepared(self, queue: str, definition: Code | None) -> bool:
        """Whether a task can be enqueued without asking the database first."""
        if not (self.is_open and self.policies.is_fresh(queue)):
            return False
        return definition is None or (
            definition.key in self._put and self.known.fresh(definition.key) is not None
        )

    def prepare(
        self,
        queues: Sequence[str],
        definitions: Sequence[Code],
        *,
        afresh: bool = False,
    ) -> Plan[None]:
        """Read queues' policies, write and read definitions, on a connection of our own."""
        yield from self.policies.refresh(self.storage, tuple(queues))
        for one in definitions:
            if afresh or one.key not in self._put or not (yield from self.look(one.key)):
                yield from self.storage.definitions.put_definitions(
                    self.namespace, [definition_row(one)]
                )
                self._put.add(one.key)
                yield from self.look(one.key)

    def look(self, key: str) -> Plan[bool]:
        """Read a definition again; False if the database does not know it."""
        found = yield from self.storage.definitions.get_definition(self.namespace, key)
        if found is None:
            self.known.forget(key)
            return False
        self.known.remember(found)
        return True

    def named(self, definition: object) -> Code | str | None:
        """Return what a caller named as a definition, checked.

        Raises:
            InvalidValueError: It is no alias.
        """
        return None if definition is None else checked_alias(definition)

    def code_of(self, definition: Code | str | None) -> Code | None:
        """Return this process's definition, if it has the code."""
        return None if isinstance(definition, str) else definition

    def read_row(self, alias: str) -> Plan[Definition]:
        """Ask the database for a definition that this process does not have.

        Raises:
            UnknownDefinitionError: It does not know it either.
        """
        key = definition_key(alias)
        found = yield from self.storage.definitions.get_definition(self.namespace, key)
        if found is None:
            self.known.forget(key)
            raise UnknownDefinitionError(alias)
        self.known.remember(found)
        return found

    def target(self, definition: Code | str | None) -> Target | None:
        """Return what an alias or a definition stands for; None if only the database can say."""
        if definition is None:
            return Target()
        code = self.code_of(definition)
        if code is not None:
            return Target.of_code(code)
        if not isinstance(definition, str):
            return None
        row = self.known.fresh(definition_key(definition))
        return None if row is None else Target.of_row(row)

    @staticmethod
    def queue_name(target: Target, options: TaskOptions) -> str:
        """Return which queue a task goes to."""
        return options.queue or target.queue
