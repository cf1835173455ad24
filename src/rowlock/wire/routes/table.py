"""What the route table knows of a route."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final, NamedTuple
from uuid import UUID

from msgspec import Struct

from rowlock.errors import (
    ConfigError,
    RowlockError,
)
from rowlock.model.tokens import Scope
from rowlock.wire.documents.common import ErrorDocument, MessageDocument

PREFIX = "/api/v1"
MAX_PAGE = 100


class Public:
    """Stands in place of a scope where everybody may ask."""


PUBLIC: Final = Public()


class AnyToken:
    """Stands in place of a scope where any valid token will do."""


ANY_TOKEN: Final = AnyToken()


class Door(NamedTuple):
    """Where a family of routes is found, and how it refuses.

    Attributes:
        prefix: What its paths begin with.
        error: The type of what a refused request is answered.
        by_namespace: Whether its routes are also found below the name of a namespace.
    """

    prefix: str
    error: type[Struct] = ErrorDocument
    by_namespace: bool = False


API: Final = Door(PREFIX, by_namespace=True)
HEALTH: Final = Door("")
"""For orchestrators, which know the address and no name; the answers are text."""
TASK_QUEUE: Final = Door("/api/tasks", error=MessageDocument)
"""For pages that poll a queue in memory that this one takes the place of."""


class Parameter(NamedTuple):
    """A parameter in the path, or after the `?`.

    Attributes:
        kind: What its text is read as: str, int, bool, datetime or UUID.
        repeated: Whether it may be given more than once.
    """

    name: str
    summary: str
    kind: type = str
    repeated: bool = False
    required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One method of one address.

    Attributes:
        name: What its handler is found by; unique.
        path: Below the prefix of its door; `{…}` are parameters.
        scope: What a token needs for it; `ANY_TOKEN` needs no more, `PUBLIC` not even one.
        also: What it needs besides.
        response: The type of its answer; None for plain text.
        request: The type of its body; None if it takes none.
        body_needed: Whether the body may be left out.
        parameters: Those of the path.
        queries: Those after the `?`.
        errors: What it raises besides what every route does.
        text: Whether its answer is text and no JSON.
        events: What its answer is a stream of: names of events, and the types of their data.
        door: Where it is found, and how it refuses.
        key: What the header `Idempotency-Key` means; empty if it does not take it.
        gives: The path's parameters of other routes that its answer tells, and in which field.
    """

    name: str
    method: str
    path: str
    scope: Scope | AnyToken | Public
    summary: str
    response: type[Struct] | None
    status: int = 200
    also: tuple[Scope, ...] = ()
    request: type[Struct] | None = None
    body_needed: bool = True
    parameters: tuple[Parameter, ...] = ()
    queries: tuple[Parameter, ...] = ()
    errors: tuple[type[RowlockError], ...] = ()
    text: bool = False
    events: tuple[tuple[str, type[Struct]], ...] = ()
    door: Door = API
    key: str = ""
    gives: tuple[tuple[Parameter, str], ...] = ()

    def __post_init__(self) -> None:
        """Refuse what would be open to everybody by oversight, or undocumented."""
        if not isinstance(self.scope, (Scope, AnyToken, Public)):  # pyright: ignore[reportUnnecessaryIsInstance] - tables may be wrong
            raise ConfigError(f"route {self.name}: {self.scope!r} is no scope")
        if re.findall(r"{(\w+)}", self.path) != [one.name for one in self.parameters]:
            raise ConfigError(f"route {self.name}: its parameters are not those of {self.path}")

    @property
    def is_public(self) -> bool:
        """Whether everybody may ask, without a token."""
        return isinstance(self.scope, Public)

    @property
    def scopes(self) -> tuple[Scope, ...]:
        """All that a token needs for it."""
        return (self.scope, *self.also) if isinstance(self.scope, Scope) else self.also


def full_path(route: Route) -> str:
    """Return a route's path below where the service is mounted."""
    return route.door.prefix + route.path


def route(
    method: str, path: str, name: str, scope: Scope | AnyToken | Public, **more: Any
) -> Route:
    """Return a row of the table."""
    return Route(name=name, method=method, path=path, scope=scope, **more)


COUNT: Final = "count"
"""Asks for how many entries a list has on all its pages."""
OFFSET: Final = Parameter("offset", "How many to pass over.", int)
LIMIT: Final = Parameter("limit", "At most this many; 100 if not given, and at most.", int)
QUEUE: Final = Parameter("queue", "The queue's name.")
REASON: Final = Parameter("reason", "Why, for the audit.")
TASK: Final = Parameter("task", "The task's id.", UUID)
KEY_OF_IDS: Final = "A UUID, which a task has as its id. Sent again, it answers with what is there."
KEY_OF_CLAIM: Final = "A UUID of yours. Sent again, it answers with what the claim took, extended."
QUEUE_AS_TASK: Final = Parameter("task", "The queue's name.")
"""Claims from a queue are asked for at the address of a task."""
