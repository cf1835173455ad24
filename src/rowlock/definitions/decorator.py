"""`@app.task`, with types that survive it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Concatenate, ParamSpec, TypeAlias, TypeVar, Unpack, final, overload

from rowlock.definitions.context import Context
from rowlock.definitions.definition import Enqueuer, TaskDefinition, define
from rowlock.definitions.handler_definition import (
    HandlerSource,
    define_handler,
    is_handler,
    rebound,
)
from rowlock.definitions.options import GivenDefaults, task_defaults
from rowlock.definitions.registry import Registry
from rowlock.errors import InvalidValueError

P = ParamSpec("P")
R = TypeVar("R")


Handler: TypeAlias = Callable[..., Any] | HandlerSource
"""What can be registered: a function, a `TaskHandler` class or an instance of one."""


class GivenRegistration(GivenDefaults, total=False):
    """What may be said of a handler besides what it says itself."""

    alias: str | None
    title: str | None
    description: str | None


@final
class _Anything:
    """Accepted only by a first parameter that takes any object at all.

    Type checkers would take such a parameter for the context's, and forget it.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """What `@app.task(…)` has been told, waiting for the handler."""

    registry: Registry
    enqueuer: Enqueuer
    alias: str | None
    title: str | None
    description: str | None
    defaults: GivenDefaults

    @overload
    def __call__(self, handler: HandlerSource, /) -> TaskDefinition[..., Any]: ...
    @overload
    def __call__(
        self, handler: Callable[Concatenate[_Anything, ...], R], /
    ) -> TaskDefinition[..., R]: ...
    @overload
    def __call__(
        self, handler: Callable[Concatenate[Context, P], R], /
    ) -> TaskDefinition[P, R]: ...
    @overload
    def __call__(self, handler: Callable[P, R], /) -> TaskDefinition[P, R]: ...
    def __call__(self, handler: Handler, /) -> TaskDefinition[..., Any]:
        """Register the handler.

        Raises:
            InvalidValueError: The handler or its alias cannot be used.
            DuplicateDefinitionError: The alias is taken.
        """
        definition = self.definition_of(handler)
        self.registry.add(definition)
        return definition

    def definition_of(self, handler: Handler) -> TaskDefinition[..., Any]:
        """Return the handler's definition, not yet registered.

        Raises:
            InvalidValueError: The handler or its alias cannot be used.
        """
        if is_handler(handler):
            return define_handler(
                handler,  # type: ignore[arg-type] # pyright: ignore[reportArgumentType] - it is one
                enqueuer=self.enqueuer,
                alias=self.alias,
                title=self.title,
                description=self.description,
                defaults=self.defaults,
            )
        return define(
            handler,  # type: ignore[arg-type] # pyright: ignore[reportArgumentType] - checked there
            enqueuer=self.enqueuer,
            alias=self.alias,
            title=self.title,
            description=self.description,
            defaults=task_defaults(**self.defaults),
        )


class TaskDecorator:
    """Gives an app its `task` decorator; the app brings the registry and the enqueuer."""

    _registry: Registry
    _enqueuer: Enqueuer

    @overload
    def task(self, handler: HandlerSource, /) -> TaskDefinition[..., Any]: ...
    @overload
    def task(
        self, handler: Callable[Concatenate[_Anything, ...], R], /
    ) -> TaskDefinition[..., R]: ...
    @overload
    def task(self, handler: Callable[Concatenate[Context, P], R], /) -> TaskDefinition[P, R]: ...
    @overload
    def task(self, handler: Callable[P, R], /) -> TaskDefinition[P, R]: ...
    @overload
    def task(
        self,
        handler: None = None,
        /,
        *,
        alias: str | None = None,
        title: str | None = None,
        description: str | None = None,
        **defaults: Unpack[GivenDefaults],
    ) -> Registration: ...
    def task(
        self,
        handler: Handler | None = None,
        /,
        *,
        alias: str | None = None,
        title: str | None = None,
        description: str | None = None,
        **defaults: Unpack[GivenDefaults],
    ) -> TaskDefinition[..., Any] | Registration:
        """Make a function a task definition: `@app.task` or `@app.task(queue="emails")`.

        Args:
            handler: The function, async or not; or a `TaskHandler` class or an instance of one.
            alias: The definition's name; by default the function's or the class's.
            title: By default the first line of the docstring.
            description: By default the rest of the docstring.
            **defaults: What holds for all its tasks; `max_attempts`, `timeout` and so on.

        Raises:
            InvalidValueError: A value, the handler or its alias cannot be used.
            DuplicateDefinitionError: The alias is taken.
        """
        task_defaults(**defaults)  # refused here, not only when the handler comes
        registration = self._registration(
            alias=alias, title=title, description=description, **defaults
        )
        return registration if handler is None else registration(handler)

    def _registration(
        self,
        *,
        alias: str | None = None,
        title: str | None = None,
        description: str | None = None,
        **defaults: Unpack[GivenDefaults],
    ) -> Registration:
        return Registration(
            registry=self._registry,
            enqueuer=self._enqueuer,
            alias=alias,
            title=title,
            description=description,
            defaults=defaults,
        )

    def _definition_of(
        self, handler: Handler | TaskDefinition[..., Any], **said: Unpack[GivenRegistration]
    ) -> TaskDefinition[..., Any]:
        """Return the definition of whatever can be registered, as one of this app."""
        if not isinstance(handler, TaskDefinition):
            return self._registration(**said).definition_of(handler)
        definition: TaskDefinition[..., Any] = handler  # pyright: ignore[reportUnknownVariableType] - narrowed
        if said:
            raise InvalidValueError(next(iter(said)), "is given, but a definition has its own")
        if definition.enqueuer is self._enqueuer:
            return definition
        return rebound(definition, self._enqueuer)
