"""The named thing that can be run: a handler with its defaults and its enqueue methods."""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import MethodType
from typing import Any, Generic, ParamSpec, Protocol, TypeVar, Unpack
from uuid import UUID

from rowlock.definitions.context import Context
from rowlock.definitions.dependencies import Overrides
from rowlock.definitions.options import (
    NO_OPTIONS,
    GivenOptions,
    TaskDefaults,
    TaskOptions,
    checked_text,
    task_options,
)
from rowlock.definitions.providing import Providing, call_directly, call_with, wait_here
from rowlock.definitions.scheduled import Scheduled
from rowlock.definitions.scheduling import Declaration
from rowlock.definitions.signature import Signature
from rowlock.errors import InvalidValueError, PayloadError
from rowlock.model.definitions import MAX_TITLE_LENGTH
from rowlock.model.json_text import printable
from rowlock.model.names import checked_alias, definition_key
from rowlock.model.tasks import Task

P = ParamSpec("P")
R = TypeVar("R")
S = TypeVar("S")


class Enqueuer(Protocol):
    """Stores tasks; what stands behind every definition's enqueue methods.

    Arguments are by name and not yet checked: `definition.signature.encode` does that.
    """

    @property
    def overrides(self) -> Overrides:
        """Which provider stands in for which when a definition is called directly."""
        ...

    def enqueue(
        self,
        definition: TaskDefinition[..., Any],
        arguments: Mapping[str, Any],
        options: TaskOptions,
    ) -> Task:
        """Store one task."""
        ...

    async def aenqueue(
        self,
        definition: TaskDefinition[..., Any],
        arguments: Mapping[str, Any],
        options: TaskOptions,
    ) -> Task:
        """Store one task."""
        ...

    def enqueue_if_not_exists(
        self,
        definition: TaskDefinition[..., Any],
        arguments: Mapping[str, Any],
        options: TaskOptions,
    ) -> tuple[Task, bool]:
        """Store one task, or return the live one that holds its unique key and False."""
        ...

    async def aenqueue_if_not_exists(
        self,
        definition: TaskDefinition[..., Any],
        arguments: Mapping[str, Any],
        options: TaskOptions,
    ) -> tuple[Task, bool]:
        """Store one task, or return the live one that holds its unique key and False."""
        ...

    def enqueue_many(
        self,
        definition: TaskDefinition[..., Any],
        arguments: Iterable[Mapping[str, Any]],
        options: TaskOptions,
    ) -> list[UUID]:
        """Store a task for each of the arguments, all or none."""
        ...

    async def aenqueue_many(
        self,
        definition: TaskDefinition[..., Any],
        arguments: Iterable[Mapping[str, Any]],
        options: TaskOptions,
    ) -> list[UUID]:
        """Store a task for each of the arguments, all or none."""
        ...


class EnqueueMethods(ABC, Generic[P]):
    """The ways to enqueue, the same for a definition and for one with options."""

    @abstractmethod
    def _order(self) -> tuple[TaskDefinition[..., Any], TaskOptions]:
        """Return what is enqueued, and with which options."""

    def enqueue(self, *args: P.args, **kwargs: P.kwargs) -> Task:
        """Store a task that runs the handler with these arguments.

        Raises:
            PayloadError: The arguments do not fit the handler, or cannot be stored.
            DuplicateTaskError: A live task holds the unique key.
        """
        definition, options = self._order()
        arguments = definition.signature.bind(args, kwargs)
        return definition.enqueuer.enqueue(definition, arguments, options)

    async def aenqueue(self, *args: P.args, **kwargs: P.kwargs) -> Task:
        """As `enqueue`, for async code."""
        definition, options = self._order()
        arguments = definition.signature.bind(args, kwargs)
        return await definition.enqueuer.aenqueue(definition, arguments, options)

    def enqueue_if_not_exists(self, *args: P.args, **kwargs: P.kwargs) -> tuple[Task, bool]:
        """Store a task unless a live one has the same unique key, by default all arguments.

        Returns:
            The stored task and True, or the one that was there and False.

        Raises:
            PayloadError: The arguments do not fit the handler, or cannot be stored.
        """
        definition, options = self._order()
        arguments = definition.signature.bind(args, kwargs)
        return definition.enqueuer.enqueue_if_not_exists(definition, arguments, options)

    async def aenqueue_if_not_exists(self, *args: P.args, **kwargs: P.kwargs) -> tuple[Task, bool]:
        """As `enqueue_if_not_exists`, for async code."""
        definition, options = self._order()
        arguments = definition.signature.bind(args, kwargs)
        return await definition.enqueuer.aenqueue_if_not_exists(definition, arguments, options)

    def enqueue_many(self, arguments: Iterable[Mapping[str, Any]]) -> list[UUID]:
        """Store a task for each mapping of arguments, all or none.

        Raises:
            PayloadError: Some arguments do not fit the handler, or cannot be stored.
            DuplicateTaskError: A live task holds a unique key.
        """
        definition, options = self._order()
        return definition.enqueuer.enqueue_many(definition, arguments, options)

    async def aenqueue_many(self, arguments: Iterable[Mapping[str, Any]]) -> list[UUID]:
        """As `enqueue_many`, for async code."""
        definition, options = self._order()
        return await definition.enqueuer.aenqueue_many(definition, arguments, options)


def _no_schedules() -> list[Declaration]:
    return []


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class TaskDefinition(EnqueueMethods[P], Scheduled, Generic[P, R]):
    """A handler under its name, with what holds for all its tasks.

    Calling it runs the handler here and now, as an ordinary function.

    Attributes:
        alias: As spelled in code.
        key: What the alias is matched by.
        is_async: Whether calling the handler gives a coroutine.
        schedules: What `every` has declared.
    """

    alias: str
    key: str
    title: str
    description: str
    defaults: TaskDefaults
    handler: Callable[..., R]
    is_async: bool
    signature: Signature
    enqueuer: Enqueuer
    schedules: list[Declaration] = field(default_factory=_no_schedules)

    def __post_init__(self) -> None:
        """Look like the handler to `help` and `inspect`."""
        for name in ("__module__", "__name__", "__qualname__", "__doc__"):
            vars(self)[name] = getattr(self.handler, name, None)
        vars(self)["__wrapped__"] = self.handler

    def __repr__(self) -> str:
        return f"<TaskDefinition {self.alias!r}>"

    @property
    def queue(self) -> str:
        """Where its tasks go unless they say otherwise."""
        return self.defaults.queue

    def says_the_same(self, other: TaskDefinition[..., Any]) -> bool:
        """Whether both run the same handler under the same name with the same defaults."""
        names = ("alias", "title", "description", "defaults")
        alike = all(getattr(self, name) == getattr(other, name) for name in names)
        return alike and _are_the_same(self.handler, other.handler)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run the handler with a detached context; nothing is stored.

        Parameters that are injected may be given too, by name.
        """
        signature, context, given = self.signature, Context.detached(self.alias), dict(kwargs)
        injected = signature.inject(context)
        missing = {name: one for name, one in signature.dependencies.items() if name not in given}
        injected.update({name: given.pop(name) for name in signature.injected if name in given})
        try:
            arguments = {**signature.bind(args, given), **injected}
        except PayloadError as error:
            # What Python itself raises for such a call.
            raise TypeError(f"{self.alias}(): {error}") from error
        if not missing:
            return self.handler(**arguments)
        overrides = self.enqueuer.overrides
        if self.is_async:
            providing = Providing(context, overrides, wait_here)
            result: R = call_with(self.handler, arguments, missing, providing, is_async=True)  # type: ignore[assignment] # R is a coroutine here
            return result
        called: R = call_directly(self.handler, arguments, missing, context, overrides)
        return called

    def options(self, **given: Unpack[GivenOptions]) -> BoundTask[P, R]:
        """Return the definition with options for the tasks enqueued through it.

        Raises:
            InvalidValueError: An option is refused; the error names it.
        """
        options = task_options(**given)
        _check_unique(options, self.signature.takes)
        return BoundTask(definition=self, given=options)

    def _order(self) -> tuple[TaskDefinition[..., Any], TaskOptions]:
        return self, NO_OPTIONS


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundTask(EnqueueMethods[P], Generic[P, R]):
    """A definition with options; made by `TaskDefinition.options`."""

    definition: TaskDefinition[P, R]
    given: TaskOptions

    def _order(self) -> tuple[TaskDefinition[..., Any], TaskOptions]:
        return self.definition, self.given


def define(
    handler: Callable[..., S],
    *,
    enqueuer: Enqueuer,
    alias: str | None = None,
    title: str | None = None,
    description: str | None = None,
    defaults: TaskDefaults | None = None,
) -> TaskDefinition[..., S]:
    """Return the definition of a handler.

    Args:
        handler: A function, async or not.
        enqueuer: Stores its tasks.
        alias: Its name; by default the function's.
        title: By default the first line of the docstring.
        description: By default the rest of the docstring.
        defaults: What holds for all its tasks.

    Raises:
        InvalidValueError: Not a function, a parameter that cannot be stored, a bad alias.
    """
    signature = Signature(handler)
    if inspect.isgeneratorfunction(handler) or inspect.isasyncgenfunction(handler):
        raise InvalidValueError("handler", f"{handler!r} is a generator; it must return its result")
    name = checked_alias(_own_name(handler) if alias is None else alias)
    own_title, rest = title_and_rest(handler.__doc__, title)
    defaults = TaskDefaults() if defaults is None else defaults
    _check_unique(defaults, signature.parameters.__contains__)
    return TaskDefinition(
        alias=name,
        key=definition_key(name),
        title=own_title,
        description=rest if description is None else checked_text("description", description),
        defaults=defaults,
        handler=handler,
        is_async=inspect.iscoroutinefunction(handler),
        signature=signature,
        enqueuer=enqueuer,
    )


def _are_the_same(one: Callable[..., object], two: Callable[..., object]) -> bool:
    """Whether two handlers are one; methods are, of equal objects."""
    if isinstance(one, MethodType) and isinstance(two, MethodType):
        return one.__func__ is two.__func__ and one.__self__ == two.__self__
    return one is two


def _own_name(handler: Callable[..., object]) -> str:
    name = getattr(handler, "__name__", "")
    if not name.isidentifier():
        raise InvalidValueError("alias", f"must be given: {handler!r} has no name")
    return name


def title_and_rest(docstring: str | None, title: str | None) -> tuple[str, str]:
    """Return a title and a description: what is given, or what the docstring says.

    Raises:
        InvalidValueError: The title is not text, or too long.
    """
    text = printable(inspect.cleandoc(docstring or ""))
    if title is not None:
        return checked_text("title", title, MAX_TITLE_LENGTH), text
    first, _, rest = text.partition("\n")
    return first[:MAX_TITLE_LENGTH].strip(), rest.strip()


def _check_unique(said: TaskDefaults | TaskOptions, takes: Callable[[str], bool]) -> None:
    if isinstance(said.unique, tuple):
        for name in said.unique:
            if not takes(name):
                raise InvalidValueError("unique", f"{name!r} is not an argument")
