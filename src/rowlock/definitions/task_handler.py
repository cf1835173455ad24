"""`TaskHandler`: a task as a class, with a fresh object for each run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from rowlock.backoff import Backoff, RetryPolicy
from rowlock.definitions.context import Context
from rowlock.definitions.definition import TaskDefinition
from rowlock.definitions.options import RetryFor, Tags, Unique
from rowlock.definitions.task_log import line_text
from rowlock.errors import ConfigError
from rowlock.model.durations import Duration
from rowlock.model.tasks import Task


@dataclass(slots=True)
class HandlerRun:
    """What belongs to one run of a handler, and to no other.

    Attributes:
        last: The last line of each level.
    """

    context: Context
    arguments: Mapping[str, Any]
    definition: TaskDefinition[..., Any] | None = None
    output: Any = None
    last: dict[str, str] = field(default_factory=dict[str, str])


class TaskHandler:
    """A task as a class: subclass it, and define `handle` or `handle_with_context(context)`.

    Either may be async. Returning False fails the attempt; True and None end it well, with
    `output` as the task's result; anything else is what it is for a function. Each run gets
    an object of its own: a new one if the class was registered, a copy of the instance if one
    was.

    Attributes:
        alias: The definition's name; by default the class's.
        title: By default the first line of the docstring.
        description: By default the rest of the docstring.
        queue: As the other attributes down to `unique`: what holds for all its tasks. None
            leaves it to the queue.

    Example:
        >>> class HelloWorldTask(TaskHandler):
        ...     def handle(self) -> bool:
        ...         self.log_info("Hello, %s", self.param("name"))
        ...         return True
    """

    alias: str = ""
    title: str = ""
    description: str = ""
    queue: str | None = None
    priority: int | None = None
    max_attempts: int | None = None
    max_crashes: int | None = None
    lifetime: Duration | None = None
    timeout: Duration | None = None
    retry: RetryPolicy | Backoff | str | None = None
    tags: Tags | None = None
    unique: Unique | None = None
    retry_for: RetryFor | None = None
    capture_logs: bool | str | int | None = None
    executor: str | None = None

    _run: HandlerRun | None = None

    def handle(self) -> Any:
        """Do the work; see the class."""
        raise NotImplementedError(f"{type(self).__name__}.handle")

    @property
    def context(self) -> Context:
        """This run's context: progress, cancellation, the task."""
        return self._current.context

    @property
    def has_task(self) -> bool:
        """Whether it runs for a stored task, and not by hand."""
        return self._current.context.has_task

    @property
    def task(self) -> UUID | None:
        """The id of the task that it runs for; None when it is run by hand."""
        return self.context.task.id if self.has_task else None

    @property
    def definition(self) -> TaskDefinition[..., Any]:
        """The definition that it was registered as.

        Raises:
            ConfigError: It was made by hand and is not registered.
        """
        definition = self._current.definition
        if definition is None:
            name = type(self).__name__
            raise ConfigError(
                f"{name}: this object was made by hand; use what registering returned"
            )
        return definition

    def enqueue(self, **arguments: Any) -> Task:
        """Store another task of the same definition."""
        return self.definition.enqueue(**arguments)

    async def aenqueue(self, **arguments: Any) -> Task:
        """As `enqueue`, for async code."""
        return await self.definition.aenqueue(**arguments)

    @property
    def params(self) -> Mapping[str, Any]:
        """All arguments by name."""
        return self._current.arguments

    def param(self, name: str, default: Any = "") -> Any:
        """Return an argument as it was given: any JSON value."""
        return self._current.arguments.get(name, default)

    def param_list(self, name: str) -> list[Any]:
        """Return an argument as a list: a list as it is, text split at each `;`.

        What is missing, null or empty is no item; anything else is the only one.
        """
        value = self.param(name, None)
        if isinstance(value, list):
            return list(value)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType] - JSON
        if isinstance(value, str):
            return value.split(";") if value else []
        return [] if value is None else [value]

    @property
    def output(self) -> Any:
        """What `set_output` was given: the task's result when it ends well."""
        return self._current.output

    def set_output(self, value: Any) -> None:
        """Set the task's result: any value that has a JSON form."""
        self._current.output = value

    def log_info(self, message: object, *args: object) -> None:
        """Log what happens; `args` fill in `%s` as in `logging`."""
        self._current.last["info"] = line_text(message, args, None)
        self.context.log.info(message, *args, stacklevel=2)

    def log_error(self, message: object, *args: object) -> None:
        """Log what went wrong; the last such line says why, if the attempt fails."""
        self._current.last["error"] = line_text(message, args, None)
        self.context.log.error(message, *args, stacklevel=2)

    def log_success(self, message: object, *args: object) -> None:
        """Log that something worked."""
        self._current.last["success"] = line_text(message, args, None)
        self.context.log.success(message, *args, stacklevel=2)

    @property
    def last_info(self) -> str:
        """The line that `log_info` logged last, or an empty text."""
        return self._current.last.get("info", "")

    @property
    def last_error(self) -> str:
        """The line that `log_error` logged last, or an empty text."""
        return self._current.last.get("error", "")

    @property
    def last_success(self) -> str:
        """The line that `log_success` logged last, or an empty text."""
        return self._current.last.get("success", "")

    def _begin(self, run: HandlerRun) -> None:
        """Belong to this run from now on; for who made the object."""
        self._run = run

    @property
    def _current(self) -> HandlerRun:
        if self._run is None:
            self._run = HandlerRun(Context.detached(self.alias or type(self).__name__), {})
        return self._run
