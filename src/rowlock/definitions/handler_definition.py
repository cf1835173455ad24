"""From a `TaskHandler` to its definition, which runs a fresh object for each attempt."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeAlias

from rowlock.definitions.context import Context
from rowlock.definitions.definition import (
    Enqueuer,
    TaskDefinition,
    title_and_rest,
)
from rowlock.definitions.free_signature import CONTEXT, FreeSignature
from rowlock.definitions.options import TaskDefaults, checked_text, task_defaults
from rowlock.definitions.outcomes import Fail
from rowlock.definitions.task_handler import HandlerRun, TaskHandler
from rowlock.errors import InvalidValueError
from rowlock.model.names import checked_alias, definition_key

HandlerSource: TypeAlias = TaskHandler | type[TaskHandler]


class HandlerRunner:
    """Runs a handler class or instance as the function that a definition has.

    Attributes:
        definition: What it was registered as.
    """

    definition: TaskDefinition[..., Any]

    def __init__(self, source: HandlerSource) -> None:
        self.source = source

    def __eq__(self, other: object) -> bool:
        """Whether both would run the same."""
        if not isinstance(other, HandlerRunner):
            return NotImplemented
        one, two = self.source, other.source
        alike = not isinstance(one, type) and type(one) is type(two) and vars(one) == vars(two)
        return one is two or alike

    def __hash__(self) -> int:
        return hash(self.source if isinstance(self.source, type) else type(self.source))

    def run(self, /, **given: Any) -> Any:
        """Run a fresh handler; the context stands under `CONTEXT` among the arguments."""
        handler, call = self._prepared(given)
        return _outcome(handler, call())

    async def run_async(self, /, **given: Any) -> Any:
        """Run a fresh async handler. See `run`."""
        handler, call = self._prepared(given)
        return _outcome(handler, await call())

    def _prepared(self, given: dict[str, Any]) -> tuple[TaskHandler, Any]:
        context: Context = given.pop(CONTEXT)
        source = self.source
        handler = source() if isinstance(source, type) else copy.copy(source)
        handler._begin(HandlerRun(context, given, self.definition))  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - it was made here
        with_context = getattr(handler, "handle_with_context", None)
        if with_context is None:
            return handler, handler.handle
        return handler, lambda: with_context(context)


def _outcome(handler: TaskHandler, value: Any) -> Any:
    if value is False:
        return Fail(handler.last_error or "the handler returned False")
    return handler.output if value is True or value is None else value


def is_handler(value: object) -> bool:
    """Whether a value is a `TaskHandler`, as a class or as an instance."""
    return isinstance(value, TaskHandler) or (
        isinstance(value, type) and issubclass(value, TaskHandler)
    )


def define_handler(
    source: HandlerSource,
    *,
    enqueuer: Enqueuer,
    alias: str | None = None,
    title: str | None = None,
    description: str | None = None,
    defaults: Mapping[str, Any],
) -> TaskDefinition[..., Any]:
    """Return the definition of a handler class, or of an instance of one.

    Args:
        source: The class or the instance.
        enqueuer: Stores its tasks.
        alias: Instead of the class's own.
        title: Instead of the class's own.
        description: Instead of the class's own.
        defaults: What is given goes over the class's own.

    Raises:
        InvalidValueError: It cannot be run, or a value is refused.
    """
    kind = source if isinstance(source, type) else type(source)
    is_async = _checked_is_async(source, kind)
    name = checked_alias(alias or source.alias or kind.__name__)
    own_title, rest = title_and_rest(kind.__doc__, title or source.title or None)
    told = source.description if description is None else description
    runner = HandlerRunner(source)
    run = runner.run_async if is_async else runner.run
    definition: TaskDefinition[..., Any] = TaskDefinition(
        alias=name,
        key=definition_key(name),
        title=own_title,
        description=checked_text("description", told) or rest,
        defaults=_defaults_of(source, defaults),
        handler=run,
        is_async=is_async,
        signature=FreeSignature(run),
        enqueuer=enqueuer,
    )
    for attribute in ("__module__", "__name__", "__qualname__", "__doc__"):
        vars(definition)[attribute] = getattr(kind, attribute)
    runner.definition = definition
    return definition


def _defaults_of(source: HandlerSource, given: Mapping[str, Any]) -> TaskDefaults:
    own = {name: getattr(source, name) for name in TaskDefaults._fields}
    own.update((name, value) for name, value in given.items() if value is not None)
    return task_defaults(**own)


def _checked_is_async(source: HandlerSource, kind: type[TaskHandler]) -> bool:
    method = getattr(kind, "handle_with_context", None)
    if method is None:
        method = kind.handle
        if method is TaskHandler.handle:
            problem = f"{kind.__name__} has neither handle nor handle_with_context"
            raise InvalidValueError("handler", problem)
    if isinstance(source, type):
        try:
            inspect.signature(source).bind()
        except TypeError as error:
            problem = f"{kind.__name__}() needs arguments: register an instance of it"
            raise InvalidValueError("handler", problem) from error
    return inspect.iscoroutinefunction(method)


def rebound(definition: TaskDefinition[..., Any], enqueuer: Enqueuer) -> TaskDefinition[..., Any]:
    """Return the definition as one of another app."""
    runner = getattr(definition.handler, "__self__", None)
    if not isinstance(runner, HandlerRunner):
        return replace(definition, enqueuer=enqueuer)
    return define_handler(
        runner.source,
        enqueuer=enqueuer,
        alias=definition.alias,
        title=definition.title,
        description=definition.description,
        defaults=definition.defaults._asdict(),
    )
