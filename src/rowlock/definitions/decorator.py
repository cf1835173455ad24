"""`@app.task`, with types that survive it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Concatenate, ParamSpec, TypeVar, Unpack, final, overload

from rowlock.definitions.context import Context
from rowlock.definitions.definition import Enqueuer, TaskDefinition, define
from rowlock.definitions.options import GivenDefaults, TaskDefaults, task_defaults
from rowlock.definitions.registry import Registry

P = ParamSpec("P")
R = TypeVar("R")


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
    defaults: TaskDefaults

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
    def __call__(self, handler: Callable[..., Any], /) -> TaskDefinition[..., Any]:
        """Register the handler.

        Raises:
            InvalidValueError: The handler or its alias cannot be used.
            DuplicateDefinitionError: The alias is taken.
        """
        definition = define(
            handler,
            enqueuer=self.enqueuer,
            alias=self.alias,
            title=self.title,
            description=self.description,
            defaults=self.defaults,
        )
        self.registry.add(definition)
        return definition


class TaskDecorator:
    """Gives an app its `task` decorator; the app brings the registry and the enqueuer."""

    _registry: Registry
    _enqueuer: Enqueuer

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
        handler: Callable[..., Any] | None = None,
        /,
        *,
        alias: str | None = None,
        title: str | None = None,
        description: str | None = None,
        **defaults: Unpack[GivenDefaults],
    ) -> TaskDefinition[..., Any] | Registration:
        """Make a function a task definition: `@app.task` or `@app.task(queue="emails")`.

        Args:
            handler: The function, async or not.
            alias: The definition's name; by default the function's.
            title: By default the first line of the docstring.
            description: By default the rest of the docstring.
            **defaults: What holds for all its tasks; `max_attempts`, `timeout` and so on.

        Raises:
            InvalidValueError: A value, the handler or its alias cannot be used.
            DuplicateDefinitionError: The alias is taken.
        """
        registration = Registration(
            registry=self._registry,
            enqueuer=self._enqueuer,
            alias=alias,
            title=title,
            description=description,
            defaults=task_defaults(**defaults),
        )
        return registration if handler is None else registration(handler)
