"""What a service answered, as what the library would have returned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import is_dataclass
from datetime import datetime, timedelta
from functools import cache
from types import NoneType
from typing import Any, NamedTuple, TypeVar, cast, get_args, get_type_hints

import msgspec

M = TypeVar("M")


def model_from(kind: type[M], document: msgspec.Struct, **more: Any) -> M:
    """Return a value of the model that a document shows.

    A field has the name that it has in the document; a duration stands there in seconds, under
    its name and `_seconds`. What the document does not say, or hides, is left to the model's
    default.

    Args:
        kind: A dataclass or named tuple of the model.
        document: What was answered.
        more: Fields that it does not have.
    """
    shown: dict[str, Any] = msgspec.to_builtins(document, builtin_types=(datetime,))
    return _made(kind, shown, more)


def _made(kind: type[M], shown: Mapping[str, Any], more: Mapping[str, Any]) -> M:
    found = {
        field.name: _value(field.hint, shown[field.key])
        for field in _fields(cast("Any", kind))
        if field.key in shown and (field.nullable or shown[field.key] is not None)
    }
    return kind(**{**found, **more})


class _Field(NamedTuple):
    """A field of a model: its name, that in a document, and its type without None."""

    name: str
    key: str
    hint: Any
    nullable: bool


@cache
def _fields(kind: type) -> list[_Field]:
    return [_field(name, hint) for name, hint in get_type_hints(kind).items()]


def _field(name: str, hint: Any) -> _Field:
    options = get_args(hint) if NoneType in get_args(hint) else (hint,)
    own = [one for one in options if one is not NoneType]
    key = f"{name}_seconds" if own == [timedelta] else name
    return _Field(name, key, own[0], hint is Any or len(options) > 1)


def _value(hint: Any, shown: Any) -> Any:
    if shown is None:
        return None
    if hint is timedelta:
        return timedelta(seconds=shown)
    if is_dataclass(hint) and isinstance(hint, type):
        return _made(hint, shown, {})
    return msgspec.convert(shown, hint)
