"""What a method of a client asks for: one request, before it is sent."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeAlias, TypeVar
from urllib.parse import quote
from uuid import UUID

from msgspec import UNSET

from rowlock.errors import InvalidValueError
from rowlock.model.ids import new_task_id

T = TypeVar("T")

Query: TypeAlias = str | float | bool | datetime | UUID | Iterable[str | UUID] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(Generic[T]):
    """A request.

    Attributes:
        path: Below where the service is mounted.
        answer: What it is answered with: a struct; str for text; bool for whether it succeeds.
        body: The fields that were given; None without a body.
        key: What makes it the same request when it is sent again.
    """

    method: str
    path: str
    answer: type[T]
    queries: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    body: dict[str, Any] | None = None
    key: str | None = None

    @property
    def repeatable(self) -> bool:
        """Whether it may be sent again if nobody knows what became of it."""
        return self.method == "GET" or self.key is not None


def path_with(template: str, **values: str | UUID) -> str:
    """Return a path with its parameters.

    Raises:
        InvalidValueError: A value would make it the path of something else.
    """
    for name, value in values.items():
        if str(value) in {"", ".", ".."}:
            raise InvalidValueError(name, f"{str(value)!r} is not possible")
    return template.format(**{name: quote(str(one), safe="") for name, one in values.items()})


def queries(**given: Query) -> list[tuple[str, str]]:
    """Return the parameters that were given, as text.

    A name that Python keeps for itself is written with `_` at its end.
    """
    found: list[tuple[str, str]] = []
    for name, value in given.items():
        if value is None:
            continue
        if isinstance(value, str) or not isinstance(value, Iterable):
            found.append((name.removesuffix("_"), _text(value)))
        else:
            found += [(name.removesuffix("_"), str(one)) for one in value]
    return found


def kept(given: Iterable[str] | None) -> list[str] | None:
    """Return what was given for a parameter that may be repeated, to be read more than once."""
    if given is None:
        return None
    return [given] if isinstance(given, str) else list(given)


def _text(value: str | float | bool | datetime | UUID) -> str:  # noqa: FBT001 - one of many
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if isinstance(value, datetime) else str(value)


def fields(**given: Any) -> dict[str, Any]:
    """Return the fields of a body that were given.

    A name that Python keeps for itself is written with `_` at its end.
    """
    return {name.removesuffix("_"): value for name, value in given.items() if value is not UNSET}


def moment_of(page: str | None) -> datetime | None:
    """Return the time at which a page begins."""
    return None if page is None else datetime.fromisoformat(page)


def key_of(given: UUID | str | None) -> str:
    """Return what marks a request; a new one if none was given."""
    return str(new_task_id() if given is None else given)
