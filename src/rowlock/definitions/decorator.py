"""`@app.task`, with types that survive it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import (
    Any,
    Concatenate,
    ParamSpec,
    TypeAlias,
    TypeVar,
    Unpack,
    final,
    overload,
)

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
from rowlock.definitions.scheduling import GivenSchedule, Rule, declare
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


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleRegistration:
    """What `@app.schedule(…)` has been told, waiting for the handler."""

    registration: Registration
    rule: Rule
    name: str | None
    given: GivenSchedule

    @overload
    def __call__(self, handler: TaskDefinition[P, R], /) -> TaskDefinition[P, R]: ...
    @overload
    def __call__(
        self, handler: Callable[Concatenate[Context, P], R], /
    ) -> TaskDefinition[P, R]: ...
    @overload
    def __call__(self, handler: Callable[P, R], /) -> TaskDefinition[P, R]: ...
    def __call__(self, handler: Any, /) -> TaskDefinition[..., Any]:
        """Declare the schedule; a function becomes a task first.

        Raises:
            InvalidValueError: The handler or a value cannot be used.
            DuplicateDefinitionError: The function's alias is taken.
        """
        if isinstance(handler, TaskDefinition):
            definition: TaskDefinition[..., Any] = handler  # pyright: ignore[reportUnknownVariableType] - narrowed
        else:
            definition = self.registration(handler)
        return definition.every(self.rule, name=self.name, **self.given)


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
        if isinstance(handler, TaskDefinition):  # pyright: ignore[reportUnnecessaryIsInstance] - callers may be untyped
            raise InvalidValueError(
                "handler", "is a task already; other decorators of an app stand above @app.task"
            )
        task_defaults(**defaults)  # refused here, not only when the handler comes
        registration = self._registration(
            alias=alias, title=title, description=description, **defaults
        )
        return registration if handler is None else registration(handler)

    def schedule(
        self,
        rule: Rule,
        /,
        *,
        name: str | None = None,
        **given: Unpack[GivenSchedule],
    ) -> ScheduleRegistration:
        """Run a task again and again: `@app.schedule("0 9 * * mon-fri", zone="Europe/Berlin")`.

        It stands above `@app.task`, or alone above a function, which becomes a task. Workers
        store the schedule when they start.

        Args:
            rule: A cron expression, an interval such as `"1h30m"`, an RRULE, a rule of seven
                keys, or a `Recurrence`.
            name: Its name; by default the definition's alias.
            **given: See `GivenSchedule`.

        Raises:
            InvalidValueError: A value is refused; the error names it.
        """
        declare("x", (), name, rule, given)  # refused here, not only when the handler comes
        return ScheduleRegistration(
            registration=self._registration(), rule=rule, name=name, given=given
        )

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
