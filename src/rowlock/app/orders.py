"""From what a caller says to the task that is stored. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any, NamedTuple, Protocol

from rowlock.definitions.options import (
    CheckedUnique,
    TaskDefaults,
    TaskOptions,
    unique_key_for,
)
from rowlock.errors import PayloadError
from rowlock.model import json_text
from rowlock.model.definitions import Definition
from rowlock.model.ids import new_task_id
from rowlock.model.names import DEFAULT_QUEUE
from rowlock.model.queues import Queue
from rowlock.model.tasks import NewTask, TaskTerms
from rowlock.storage.values import options_to_text


class Arguments(Protocol):
    """What a definition takes. See `rowlock.definitions.signature.Signature`."""

    @property
    def names(self) -> Collection[str]:
        """The arguments' names."""
        ...

    def encode(self, arguments: Mapping[str, Any], /) -> str:
        """Return the JSON text of arguments that fit."""
        ...


class Code(Protocol):
    """A definition of this process, as far as enqueueing needs it: a `TaskDefinition`."""

    @property
    def alias(self) -> str:
        """As spelled in code."""
        ...

    @property
    def key(self) -> str:
        """What the alias is matched by."""
        ...

    @property
    def title(self) -> str:
        """For people."""
        ...

    @property
    def description(self) -> str:
        """For people."""
        ...

    @property
    def defaults(self) -> TaskDefaults:
        """What holds for all its tasks."""
        ...

    @property
    def signature(self) -> Arguments:
        """What it takes."""
        ...


class Target(NamedTuple):
    """What is to be run, and what it says for all its tasks.

    Attributes:
        key: The definition's key; None for a task of queue and payload alone.
        signature: Checks the arguments; None where this process does not have the code.
    """

    key: str | None = None
    signature: Arguments | None = None
    queue: str = DEFAULT_QUEUE
    priority: int = 0
    max_attempts: int | None = None
    max_crashes: int | None = None
    lifetime: timedelta | None = None
    tags: tuple[str, ...] = ()
    unique: CheckedUnique | None = None

    @classmethod
    def of_code(cls, definition: Code) -> Target:
        """Return the target that a definition of this process is."""
        said = definition.defaults
        return cls(
            key=definition.key,
            signature=definition.signature,
            queue=said.queue,
            priority=said.priority,
            max_attempts=said.max_attempts,
            max_crashes=said.max_crashes,
            lifetime=said.lifetime,
            tags=said.tags,
            unique=said.unique,
        )

    @classmethod
    def of_row(cls, definition: Definition) -> Target:
        """Return the target that a definition known only to the database is."""
        return cls(
            key=definition.key,
            queue=definition.queue,
            priority=definition.priority,
            max_attempts=definition.max_attempts,
            max_crashes=definition.max_crashes,
            lifetime=definition.lifetime,
        )


def definition_row(definition: Code) -> Definition:
    """Return what the database is told of a definition."""
    said = definition.defaults
    return Definition(
        alias=definition.alias,
        key=definition.key,
        title=definition.title,
        description=definition.description,
        queue=said.queue,
        priority=said.priority,
        max_attempts=said.max_attempts,
        max_crashes=said.max_crashes,
        lifetime=said.lifetime,
    )


def payload_text(target: Target, payload: Any) -> str:
    """Return the payload as it is stored.

    Raises:
        PayloadError: It does not fit the signature, is no object where a definition takes
            arguments, or cannot be stored.
    """
    if target.signature is not None:
        if not isinstance(payload, (dict, Mapping)):  # a dict is told without asking the ABC
            raise PayloadError("payload", "must be a mapping of arguments")
        return target.signature.encode(payload)  # pyright: ignore[reportUnknownArgumentType] - its keys are checked there
    if target.key is not None:
        if not isinstance(payload, dict):
            raise PayloadError("payload", "must be an object of arguments")
        return json_text.encode_arguments(payload)  # pyright: ignore[reportUnknownArgumentType] - its keys are checked there
    if payload is None:
        raise PayloadError("payload", "must not be null")
    return json_text.encode("payload", payload)  # pyright: ignore[reportUnknownArgumentType] - any JSON


class Order:
    """Everything about tasks that are alike but for their payloads, resolved once.

    Task over definition over queue over built-in.
    """

    def __init__(
        self, target: Target, options: TaskOptions, queue: Queue, *, unique_by_default: bool
    ) -> None:
        """Resolve the options.

        Args:
            target: What is to be run.
            options: What was said of these tasks.
            queue: Where they go, with its policy.
            unique_by_default: All arguments are the unique key unless one is given.
        """
        self._target = target
        self._unique = target.unique if options.unique is None else options.unique
        if unique_by_default and self._unique is None:
            self._unique = True
        tags = target.tags if options.tags is None else options.tags
        self._given_id = options.id
        self._terms = TaskTerms(
            queue=queue.name,
            definition=target.key,
            max_attempts=options.max_attempts or target.max_attempts or queue.max_attempts,
            max_crashes=options.max_crashes or target.max_crashes or queue.max_crashes,
            priority=target.priority if options.priority is None else options.priority,
            run_at=options.run_at,
            delay=options.delay,
            lifetime=options.lifetime or target.lifetime or queue.lifetime,
            tags=json_text.encode("tags", tags) if tags else None,
            options=options_to_text(timeout=options.timeout, retry=options.retry),
        )

    @property
    def is_unique(self) -> bool:
        """Whether its tasks may have unique keys."""
        return self._unique is not None

    def task(self, payload: Any) -> NewTask:
        """Return the task to store for a payload.

        Args:
            payload: Its arguments, or any JSON but null without a definition.

        Raises:
            InvalidValueError: The payload or the unique key is refused.
        """
        text = payload_text(self._target, payload)
        unique = self._unique
        key = None if unique is None else unique_key_of(self._target, text, unique)
        return NewTask(self._given_id or new_task_id(), text, self._terms, key)


def unique_key_of(target: Target, text: str, unique: CheckedUnique) -> str | None:
    """Return the key that a task with this payload holds; `text` is JSON.

    Raises:
        InvalidValueError: `unique` names what is no argument.
    """
    arguments = json_text.decode(text)
    if not isinstance(arguments, dict):
        arguments = {"payload": arguments}
    known = () if target.signature is None else target.signature.names
    return unique_key_for(target.key or "", unique, arguments, known=known)  # pyright: ignore[reportUnknownArgumentType] - JSON
