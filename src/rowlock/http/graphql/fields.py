"""The roots of the schema: what can be asked for, and which scope it needs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from rowlock.model.tokens import Scope
from rowlock.wire.routes import ROUTES


class Field(NamedTuple):
    """What can be asked for.

    Attributes:
        scopes: What a token needs for it.
        summary: What it is, in a sentence.
    """

    scopes: tuple[Scope, ...]
    summary: str

    @property
    def description(self) -> str:
        """What the schema says of it."""
        needed = " and ".join(f"`{scope.value}`" for scope in self.scopes)
        return f"{self.summary} Needs {needed}."


def _of_route(name: str) -> Field:
    route = next(route for route in ROUTES if route.name == name)
    return Field(route.scopes, route.summary)


FIELDS: Final[Mapping[str, Field]] = {
    "task": _of_route("get_task"),
    "tasks": _of_route("list_tasks"),
    "enqueue": _of_route("create_task"),
    "cancel": _of_route("cancel"),
    "retry": _of_route("retry"),
    "taskProgress": Field((Scope.TASKS_READ,), "Show how far a task is, and follow it."),
    "stats": _of_route("stats"),
    "enqueueIfNotExists": Field(
        (Scope.TASKS_ENQUEUE,), "Store a task unless a live one holds its unique key."
    ),
}
"""By name; those that have a route take scope and words from it."""
