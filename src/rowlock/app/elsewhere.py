"""Where an app's tasks go while a worker without a database runs its handlers.

It is seen by what the worker runs and by nothing else in the process, and of one app only.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextvars import ContextVar
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol
from uuid import UUID

from rowlock.backoff import RetryPolicy
from rowlock.errors import ConfigError
from rowlock.model.tasks import Task

NO_DATABASE = (
    "a worker over HTTP has no database: its handlers can store tasks; for all else use "
    "rowlock.client"
)


class NewTaskElsewhere(NamedTuple):
    """A task to be stored; None leaves a term to the definition and the queue there.

    Attributes:
        definition: The definition's alias.
        payload: JSON text; checked against the signature, if its code is here.
    """

    id: UUID
    definition: str | None
    payload: str
    queue: str | None
    delay: timedelta | None
    run_at: datetime | None
    priority: int | None
    max_attempts: int | None
    max_crashes: int | None
    timeout: timedelta | None
    lifetime: timedelta | None
    retry: RetryPolicy | None
    tags: tuple[str, ...] | None
    unique: str | bool | None


class Elsewhere(Protocol):
    """Stores tasks without a database of ours. Each method raises as the library does."""

    @property
    def place(self) -> object:
        """Whose tasks: the registry of an app, in whichever namespace."""
        ...

    def store(self, task: NewTaskElsewhere, /) -> Task:
        """Store a task."""
        ...

    def find(self, task_id: UUID | str, /) -> Task:
        """Return the task that holds a unique key."""
        ...

    def store_many(self, tasks: Sequence[NewTaskElsewhere], /) -> list[UUID]:
        """Store tasks, all or none."""
        ...


_current: ContextVar[Elsewhere | None] = ContextVar("rowlock_elsewhere", default=None)


def set_elsewhere(elsewhere: Elsewhere | None) -> None:
    """Send tasks there from whatever is called or started from here on."""
    _current.set(elsewhere)


def elsewhere_of(place: object) -> Elsewhere | None:
    """Return where the tasks of an app go; None if they go to its database."""
    current = _current.get()
    return current if current is not None and current.place is place else None


def check_here(place: object) -> None:
    """Refuse to use the database of an app whose tasks are elsewhere.

    Raises:
        ConfigError: They are.
    """
    if elsewhere_of(place) is not None:
        raise ConfigError(NO_DATABASE)
