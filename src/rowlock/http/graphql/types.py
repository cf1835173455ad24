"""The schema's types, made from those of REST: a field has the same name at both doors."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from enum import Enum
from functools import partial
from types import NoneType, UnionType
from typing import (
    Annotated,
    Any,
    Final,
    NewType,
    TypeVar,
    Union,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)
from uuid import UUID

import strawberry
from msgspec import Meta, Struct, UnsetType
from strawberry.scalars import JSON
from strawberry.types.scalar import ScalarDefinition
from strawberry.utils.str_converters import to_camel_case

from rowlock.model import states
from rowlock.wire.routes.table import Parameter
from rowlock.wire.values import Wire

T = TypeVar("T")

DurationText = NewType("DurationText", str)
SCALARS: Final[Mapping[object, ScalarDefinition]] = {
    datetime: strawberry.scalar(
        name="DateTime", description="RFC 3339, with an offset.", serialize=str, parse_value=str
    ),
    DurationText: strawberry.scalar(
        name="Duration",
        description="Seconds, or `1h30m`.",
        parse_value=lambda value: value,
    ),
}
"""Values are passed on as they are: bodies check them, in the words of REST."""

_STATES = cast(
    "type[Enum]", Enum("TaskState", {state.name: state.value for state in states.TaskState})
)
TaskState: Final = strawberry.enum(_STATES, description="Where a task stands.")
_STATE_FIELDS: Final = ("state", "status")
_IDS: Final = ("id", "task_id")
_LEFT_OUT: Final = ("unfenced",)
"""What only settling says."""
_DURATION: Final = {int, float, str}
_KINDS: Final[Mapping[type, object]] = {UUID: strawberry.ID}


class Types:
    """Makes each type once."""

    def __init__(self) -> None:
        self._made: dict[type[Struct], Any] = {}

    def output(self, document: type[Struct], *, states: bool = False) -> Any:
        """Return the type of a document.

        Args:
            document: What its resolvers return, as dicts.
            states: Whether its `state` and `status` are those of a task.
        """
        if document not in self._made:
            self._made[document] = self._output(document, states=states)
        return self._made[document]

    def _output(self, document: type[Struct], *, states: bool) -> Any:
        kinds: dict[str, tuple[Any, str | None]] = {
            name: (self._kind(kind), _text(kind))
            for name, kind in _hints(document)
            if name not in _LEFT_OUT
        }
        if states:
            kinds |= {name: (TaskState, kinds[name][1]) for name in _STATE_FIELDS}
        kinds |= {name: (strawberry.ID, None) for name in _IDS if name in kinds}
        name = document.__name__.removesuffix("Document")
        made = type(
            name,
            (),
            {
                "__module__": __name__,
                "__annotations__": {field: kind for field, (kind, _) in kinds.items()},
                **{field: strawberry.field(description=text) for field, (_, text) in kinds.items()},
            },
        )
        shown: Any = strawberry.type(made, name=name, description=_sentence(document))
        return shown

    def body(self, body: type[Struct]) -> Callable[[type[T]], type[T]]:
        """Return a decorator that makes a class the type of a body's values."""
        fields = [(name, self._kind(kind), _text(kind)) for name, kind in _hints(body)]
        return partial(_given, fields, _sentence(body))

    def filter(
        self, queries: Iterable[Parameter], description: str
    ) -> Callable[[type[T]], type[T]]:
        """Return a decorator that makes a class the type of a route's parameters."""
        fields: list[tuple[str, Any, str | None]] = []
        for query in queries:
            kind: Any = _KINDS.get(query.kind, query.kind)
            fields.append((query.name, list[kind] if query.repeated else kind, query.summary))
        return partial(_given, fields, description)

    def _kind(self, kind: Any) -> Any:
        members = _members(kind)
        nullable = bool(members & {NoneType, UnsetType})
        kinds = members - {NoneType, UnsetType}
        if kinds == _DURATION:
            shown: Any = DurationText
        elif len(kinds) > 1 or _is_any(*kinds):
            # Unions, too: GraphQL has none in what is given.
            shown, nullable = JSON, nullable or not _is_object(*kinds)
        else:
            shown = self._one(*kinds)
        return shown | None if nullable else shown

    def _one(self, kind: Any) -> Any:
        if get_origin(kind) is list:
            member: Any = self._kind(get_args(kind)[0])
            return cast("Any", list[member])
        if isinstance(kind, type) and issubclass(kind, Struct):
            return self.output(kind, states="state" in kind.__struct_fields__)
        return cast("Any", kind)


def values_of(given: object) -> Wire:
    """Return what an input says, without what it leaves out."""
    assert dataclasses.is_dataclass(given)  # noqa: S101 - inputs are
    values = {one.name: getattr(given, one.name) for one in dataclasses.fields(given)}
    return {name: value for name, value in values.items() if value is not strawberry.UNSET}


def _hints(struct: type[Struct]) -> list[tuple[str, Any]]:
    """Return names and types of fields, with what is said of them."""
    hints = get_type_hints(struct, include_extras=True)
    return [(name, hints[name]) for name in struct.__struct_fields__]


def _members(kind: Any) -> set[Any]:
    """Return the types that a value may be of, without what is said of them."""
    if get_origin(kind) is Annotated:
        return _members(get_args(kind)[0])
    if get_origin(kind) in (Union, UnionType):
        return {one for member in get_args(kind) for one in _members(member)}
    return {kind}


def _is_any(*kinds: Any) -> bool:
    return kinds == (Any,) or _is_object(*kinds)


def _is_object(*kinds: Any) -> bool:
    return len(kinds) == 1 and get_origin(kinds[0]) is dict


def _text(kind: Any) -> str | None:
    """Return what is said of a field, with the names that fields have here."""
    found = [one for one in get_args(kind) if isinstance(one, Meta)]
    if not found or found[0].description is None:
        return None
    return re.sub(r"`[a-z_]+`", lambda word: to_camel_case(word[0]), found[0].description)


def _sentence(document: type[Struct]) -> str:
    return (document.__doc__ or "").partition("\n\n")[0]


def _given(
    fields: Iterable[tuple[str, Any, str | None]], description: str, kind: type[T]
) -> type[T]:
    """Make a class the type of what is given, all of which may be left out."""
    kind.__annotations__ = {name: one | None for name, one, _ in fields}
    for name, _, text in fields:
        setattr(kind, name, strawberry.field(description=text, default=strawberry.UNSET))
    made: type[T] = strawberry.input(kind, description=description)
    return made
