"""Collections of tasks without an app, to be included in one or several."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from rowlock.definitions.decorator import TaskDecorator
from rowlock.definitions.definition import Enqueuer, TaskDefinition
from rowlock.definitions.dependencies import Overrides, Provider
from rowlock.definitions.options import TaskOptions
from rowlock.definitions.registry import Registry
from rowlock.errors import ConfigError, DuplicateDefinitionError
from rowlock.model.names import checked_alias, definition_key
from rowlock.model.tasks import Task


@dataclass(slots=True, kw_only=True)
class _Home:
    """One app in which a collection is included, and its definitions there."""

    registry: Registry
    enqueuer: Enqueuer
    prefix: str
    definitions: dict[TaskDefinition[..., Any], TaskDefinition[..., Any]] = field(
        default_factory=dict[TaskDefinition[..., Any], TaskDefinition[..., Any]]
    )

    def take(self, definitions: Iterable[TaskDefinition[..., Any]]) -> None:
        """Make definitions the app's, all or none."""
        own = {one: self._own(one) for one in definitions}
        for one in own.values():
            if self.registry.get(one.alias) is not None:
                raise DuplicateDefinitionError(one.alias)
        for one in own.values():
            self.registry.add(one)
        self.definitions.update(own)

    def _own(self, definition: TaskDefinition[..., Any]) -> TaskDefinition[..., Any]:
        alias = checked_alias(self.prefix + definition.alias)
        return replace(definition, alias=alias, key=definition_key(alias), enqueuer=self.enqueuer)


class CollectionEnqueuer:
    """Stores the tasks of a collection's definitions, in the app that includes it."""

    def __init__(self) -> None:
        self.homes: list[_Home] = []

    @property
    def overrides(self) -> Overrides:
        """What stands in for providers in the apps. See `Enqueuer`."""
        return ChainMap[Provider, Provider](*(dict(one.enqueuer.overrides) for one in self.homes))

    def definition_in(
        self, registry: Registry, definition: TaskDefinition[..., Any]
    ) -> TaskDefinition[..., Any]:
        """Return an app's own version of a definition.

        Raises:
            ConfigError: The app does not include the collection.
        """
        for home in self.homes:
            if home.registry is registry:
                return home.definitions[definition]
        problem = "its collection is not included in this app: call app.include(…)"
        raise ConfigError(f"task {definition.alias!r}: {problem}")

    def _home(
        self, definition: TaskDefinition[..., Any]
    ) -> tuple[Enqueuer, TaskDefinition[..., Any]]:
        """Return where a definition's tasks are stored, and what it is there."""
        if len(self.homes) == 1:
            [home] = self.homes
            return home.enqueuer, home.definitions[definition]
        problem = "its collection is in no app yet: call app.include(…) first"
        if self.homes:
            problem = (
                f"its collection is in {len(self.homes)} apps: "
                "say in which, with app.enqueue(definition, {…})"
            )
        raise ConfigError(f"task {definition.alias!r}: {problem}")

    def enqueue(
        self,
        definition: TaskDefinition[..., Any],
        arguments: Mapping[str, Any],
        options: TaskOptions,
    ) -> Task:
        """Store one task. See `Enqueuer`."""
        enqueuer, own = self._home(definition)
        return enqueuer.enqueue(own, arguments, options)

    async def aenqueue(
        self,
        definition: TaskDefinition[..., Any],
        arguments: Mapping[str, Any],
        options: TaskOptions,
    ) -> Task:
        """Store one task. See `Enqueuer`."""
        enqueuer, own = self._home(definition)
        return await enqueuer.aenqueue(own, arguments, options)

    def enqueue_if_not_exists(
        self,
        definition: TaskDefinition[..., Any],
        arguments: Mapping[str, Any],
        options: TaskOptions,
    ) -> tuple[Task, bool]:
        """Store one task unless a live one holds its unique key. See `Enqueuer`."""
        enqueuer, own = self._home(definition)
        return enqueuer.enqueue_if_not_exists(own, arguments, options)

    async def aenqueue_if_not_exists(
        self,
        definition: TaskDefinition[..., Any],
        arguments: Mapping[str, Any],
        options: TaskOptions,
    ) -> tuple[Task, bool]:
        """Store one task unless a live one holds its unique key. See `Enqueuer`."""
        enqueuer, own = self._home(definition)
        return await enqueuer.aenqueue_if_not_exists(own, arguments, options)

    def enqueue_many(
        self,
        definition: TaskDefinition[..., Any],
        arguments: Iterable[Mapping[str, Any]],
        options: TaskOptions,
    ) -> list[UUID]:
        """Store a task for each of the arguments. See `Enqueuer`."""
        enqueuer, own = self._home(definition)
        return enqueuer.enqueue_many(own, arguments, options)

    async def aenqueue_many(
        self,
        definition: TaskDefinition[..., Any],
        arguments: Iterable[Mapping[str, Any]],
        options: TaskOptions,
    ) -> list[UUID]:
        """Store a task for each of the arguments. See `Enqueuer`."""
        enqueuer, own = self._home(definition)
        return await enqueuer.aenqueue_many(own, arguments, options)


class _CollectionRegistry(Registry):
    """The definitions of a collection; what is added later goes to its apps too."""

    def __init__(self, homes: list[_Home]) -> None:
        super().__init__()
        self._homes = homes

    def add(self, definition: TaskDefinition[..., Any]) -> None:
        """Add a definition. See `Registry.add`."""
        super().add(definition)
        for home in self._homes:
            home.take([definition])


class Tasks(TaskDecorator):
    """A collection of tasks without an app; `app.include` puts them into one.

    Its definitions enqueue in the app that includes them. Where several do, say in which:
    `app.enqueue(definition, {…})`.

    Example:
        >>> tasks = Tasks()
        >>> @tasks.task
        ... def send(to: str) -> None:
        ...     "Send an invoice."
        >>> from rowlock import Rowlock
        >>> app = Rowlock("memory://")
        >>> app.include(tasks, prefix="billing.")
        >>> send.enqueue("ada@example.org").definition
        'billing.send'
    """

    def __init__(self) -> None:
        """Begin without definitions."""
        self._own_enqueuer = CollectionEnqueuer()
        self._enqueuer = self._own_enqueuer
        self._registry = _CollectionRegistry(self._own_enqueuer.homes)

    @property
    def definitions(self) -> list[TaskDefinition[..., Any]]:
        """The definitions of this collection, in order."""
        return list(self._registry)

    def join(self, registry: Registry, enqueuer: Enqueuer, prefix: str) -> None:
        """Put the definitions into an app; for `app.include`.

        Raises:
            ConfigError: They are in it already, with another prefix.
            DuplicateDefinitionError: The app has one of these aliases; none was put.
            InvalidValueError: An alias is not one with the prefix.
        """
        homes = self._own_enqueuer.homes
        for home in homes:
            if home.registry is registry:
                if home.prefix == prefix:
                    return
                raise ConfigError(f"the collection is included already, as {home.prefix!r}")
        home = _Home(registry=registry, enqueuer=enqueuer, prefix=prefix)
        home.take(self._registry)
        homes.append(home)
