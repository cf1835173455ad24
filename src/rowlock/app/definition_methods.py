"""Handlers and stored definitions, for both facades."""

from __future__ import annotations

from typing import Any, TypeAlias, Unpack
from uuid import UUID

from rowlock.app import definition_flows
from rowlock.app.definition_deletion import delete_with_tasks
from rowlock.app.definition_values import GivenDefinition, WantedDefinitions
from rowlock.app.running import AsyncRunning, Running
from rowlock.definitions.decorator import GivenRegistration, Handler
from rowlock.definitions.definition import TaskDefinition
from rowlock.model.changes import checked_by
from rowlock.model.definitions import Definition, DefinitionTasks

AnyDefinition: TypeAlias = TaskDefinition[..., Any] | Definition | UUID | str


class DefinitionMethods(Running):
    """Handlers and stored definitions."""

    def register(
        self,
        handler: Handler | TaskDefinition[..., Any],
        /,
        *,
        create: bool = True,
        **said: Unpack[GivenRegistration],
    ) -> TaskDefinition[..., Any]:
        """Add a handler to the app and tell the database of it; doing so again changes nothing.

        Code wins: title, description and defaults of the stored definition become those of
        the handler. Memo and status are left alone.

        Args:
            handler: A function, a `TaskHandler` class or an instance of one, or a definition.
            create: Create the stored definition if it is missing or was deleted. False: that
                is an error, and the handler is not added.
            **said: As for `task`: `alias`, `title`, `description` and the defaults.

        Raises:
            DefinitionNotFoundError: It is not stored, and `create` is false.
            DuplicateDefinitionError: Another handler has that alias.
            InvalidValueError: The handler or a value cannot be used.
        """
        definition = self._definition_of(handler, **said)
        return self._run(definition_flows.register(self.core, definition, create=create))

    def create_definition(
        self,
        alias: str,
        /,
        *,
        actor: str | None = None,
        reason: str | None = None,
        **given: Unpack[GivenDefinition],
    ) -> Definition:
        """Store a definition whose code is elsewhere, or not yet written.

        Args:
            alias: Its name, matched ignoring case, `-` and `_`; that of a deleted one is free.
            actor: Who asks for it, for the audit.
            reason: Why, for the audit.
            **given: `title`, `description`, `memo`, `status` (`active` or `canceled`), `queue`,
                `priority`, `max_attempts`, `max_crashes`, `lifetime`.

        Raises:
            DuplicateDefinitionError: The alias is taken.
            InvalidValueError: A value is refused; nothing was stored.
        """
        return self._run(
            definition_flows.create_definition(
                self.core, alias, given, by=checked_by(actor, reason)
            )
        )

    def get_definition(self, definition: AnyDefinition, /) -> Definition:
        """Return a definition as it is stored.

        Args:
            definition: Its alias or id, or the code of it.

        Raises:
            DefinitionNotFoundError: There is none of that alias or id, or it is deleted.
        """
        return self._run(definition_flows.get_definition(self.core, definition))

    def list_definitions(
        self,
        *,
        limit: int = 100,
        offset: int = 0,
        order: str = "alias",
        **wanted: Unpack[WantedDefinitions],
    ) -> list[Definition]:
        """Return stored definitions.

        Args:
            limit: At most this many, up to 1,000.
            offset: Leave out this many first.
            order: `alias` or `created`; with a minus in front the last comes first.
            **wanted: `alias` (a part of it), `status`, `created_after`, `created_before`,
                `include_deleted`.

        Raises:
            InvalidValueError: A value is refused.
        """
        return self._run(
            definition_flows.list_definitions(
                self.core, wanted, limit=limit, offset=offset, order=order
            )
        )

    def count_definitions(self, **wanted: Unpack[WantedDefinitions]) -> int:
        """Return how many stored definitions there are.

        Args:
            **wanted: As for `list_definitions`.

        Raises:
            InvalidValueError: A value is refused.
        """
        return self._run(definition_flows.count_definitions(self.core, wanted))

    def count_definition_tasks(self, definition: AnyDefinition, /) -> DefinitionTasks:
        """Return how many tasks of a definition wait, run and are finished.

        It reads all of history; deleted tasks do not count.

        Raises:
            DefinitionNotFoundError: There is none of that alias or id, or it is deleted.
        """
        return self._run(definition_flows.count_definition_tasks(self.core, definition))

    def update_definition(
        self,
        definition: AnyDefinition,
        /,
        *,
        actor: str | None = None,
        reason: str | None = None,
        **given: Unpack[GivenDefinition],
    ) -> Definition:
        """Change what is given of a stored definition.

        Title, description and defaults of a definition that a worker has code for are written
        again when the worker starts. Enqueueing processes see a new status within 5 seconds,
        this one at once.

        Args:
            definition: Its alias or id, or the code of it.
            actor: Who asks for it, for the audit.
            reason: Why, for the audit.
            **given: As for `create_definition`; None puts the built-in value back.

        Raises:
            DefinitionNotFoundError: There is none of that alias or id, or it is deleted.
            InvalidValueError: A value is refused, or none is given; nothing changed.
        """
        return self._run(
            definition_flows.update_definition(
                self.core, definition, given, by=checked_by(actor, reason)
            )
        )

    def delete_definition(
        self,
        definition: AnyDefinition,
        /,
        *,
        soft: bool = True,
        tasks: bool = False,
        actor: str | None = None,
        reason: str | None = None,
    ) -> Definition:
        """Delete a stored definition; its alias is free again.

        It takes no new tasks any more. Tasks that wait still run where the code is, unless
        they are deleted with it.

        Args:
            definition: Its alias or id, or the code of it.
            soft: Hide it. False: remove the row; then code that is still there stores it anew
                with its next task.
            tasks: Delete its tasks too, all but those that run, as `bulk("delete")` does;
                `list_operations` tells how many there were.
            actor: Who asks for it, for the audit.
            reason: Why, for the audit.

        Returns:
            The definition as it was.

        Raises:
            DefinitionNotFoundError: There is none of that alias or id, or it is deleted.
        """
        by = checked_by(actor, reason)
        if tasks:
            return self._run(delete_with_tasks(self.core, definition, soft=soft, by=by))[0]
        return self._run(
            definition_flows.delete_definition(self.core, definition, soft=soft, by=by)
        )


class AsyncDefinitionMethods(AsyncRunning):
    """Handlers and stored definitions, for async code. See `DefinitionMethods`."""

    async def register(
        self,
        handler: Handler | TaskDefinition[..., Any],
        /,
        *,
        create: bool = True,
        **said: Unpack[GivenRegistration],
    ) -> TaskDefinition[..., Any]:
        """Add a handler to the app and tell the database of it; doing so again changes nothing.

        See `Rowlock.register`.
        """
        definition = self._definition_of(handler, **said)
        return await self._run(definition_flows.register(self.core, definition, create=create))

    async def create_definition(
        self,
        alias: str,
        /,
        *,
        actor: str | None = None,
        reason: str | None = None,
        **given: Unpack[GivenDefinition],
    ) -> Definition:
        """Store a definition whose code is elsewhere, or not yet written.

        See `Rowlock.create_definition`.
        """
        return await self._run(
            definition_flows.create_definition(
                self.core, alias, given, by=checked_by(actor, reason)
            )
        )

    async def get_definition(self, definition: AnyDefinition, /) -> Definition:
        """Return a definition as it is stored. See `Rowlock.get_definition`."""
        return await self._run(definition_flows.get_definition(self.core, definition))

    async def list_definitions(
        self,
        *,
        limit: int = 100,
        offset: int = 0,
        order: str = "alias",
        **wanted: Unpack[WantedDefinitions],
    ) -> list[Definition]:
        """Return stored definitions. See `Rowlock.list_definitions`."""
        return await self._run(
            definition_flows.list_definitions(
                self.core, wanted, limit=limit, offset=offset, order=order
            )
        )

    async def count_definitions(self, **wanted: Unpack[WantedDefinitions]) -> int:
        """Return how many stored definitions there are. See `Rowlock.count_definitions`."""
        return await self._run(definition_flows.count_definitions(self.core, wanted))

    async def count_definition_tasks(self, definition: AnyDefinition, /) -> DefinitionTasks:
        """Return how many tasks of a definition wait, run and are finished.

        See `Rowlock.count_definition_tasks`.
        """
        return await self._run(definition_flows.count_definition_tasks(self.core, definition))

    async def update_definition(
        self,
        definition: AnyDefinition,
        /,
        *,
        actor: str | None = None,
        reason: str | None = None,
        **given: Unpack[GivenDefinition],
    ) -> Definition:
        """Change what is given of a stored definition. See `Rowlock.update_definition`."""
        return await self._run(
            definition_flows.update_definition(
                self.core, definition, given, by=checked_by(actor, reason)
            )
        )

    async def delete_definition(
        self,
        definition: AnyDefinition,
        /,
        *,
        soft: bool = True,
        tasks: bool = False,
        actor: str | None = None,
        reason: str | None = None,
    ) -> Definition:
        """Delete a stored definition; its alias is free again.

        See `Rowlock.delete_definition`.
        """
        by = checked_by(actor, reason)
        if tasks:
            flow = delete_with_tasks(self.core, definition, soft=soft, by=by)
            return (await self._run(flow))[0]
        return await self._run(
            definition_flows.delete_definition(self.core, definition, soft=soft, by=by)
        )
