"""Python values to the plain ones that JSON has, and msgspec's complaints in our words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Any

import msgspec

from rowlock.errors import PayloadError
from rowlock.model import json_text

_AT = re.compile(r"(?P<problem>.*?)(?: - at (?:`key` in )?`\$(?P<path>.*)`)?", re.DOTALL)
_MISSING = re.compile(r"Object missing required field `(.+)`", re.DOTALL)
_UNKNOWN = re.compile(r"Object contains unknown field `(.+)`", re.DOTALL)


def _plain_subclass(value: object) -> object:
    """Return what a subclass of a JSON type holds; msgspec encodes exact types only."""
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value)
    if isinstance(value, Mapping):
        return dict[Any, Any](value)  # pyright: ignore[reportUnknownArgumentType] - any mapping
    if isinstance(value, AbstractSet):
        return list[Any](value)  # pyright: ignore[reportUnknownArgumentType] - any set
    raise TypeError(f"a {type(value).__name__} has no JSON form")


def plain(field: str, value: object) -> Any:
    """Return the value in None, bool, int, float, str, list and dict, as msgspec sees it.

    Datetimes, UUIDs, enums, decimals, bytes, dataclasses, Structs, sets and tuples become
    their JSON forms; sets are sorted if they can be.

    Raises:
        PayloadError: It has no JSON form.
    """
    try:
        try:
            return msgspec.to_builtins(
                value, str_keys=True, order="deterministic", enc_hook=_plain_subclass
            )
        except TypeError:
            # Perhaps only a set of what cannot be compared.
            return msgspec.to_builtins(value, str_keys=True, enc_hook=_plain_subclass)
    except RecursionError as error:
        raise PayloadError(field, "is nested too deep, or contains itself") from error
    except (TypeError, ValueError, OverflowError) as error:
        raise PayloadError(field, f"cannot be stored: {error}") from error


def stored_text(field: str, value: object, *, max_bytes: int = json_text.MAX_BYTES) -> str:
    """Return the canonical JSON text of any value that has one.

    Raises:
        PayloadError: It has no JSON form, or one that is not stored (`json_text.encode`).
    """
    return json_text.encode(field, plain(field, value), max_bytes=max_bytes)


def payload_error(error: msgspec.MsgspecError) -> PayloadError:
    """Return msgspec's complaint about arguments, naming the one that it is about."""
    found = _AT.fullmatch(str(error))
    problem, path = (str(error), "") if found is None else (found["problem"], found["path"] or "")
    path = path.removeprefix(".")
    for pattern, words in ((_MISSING, "is missing"), (_UNKNOWN, "is not a known argument")):
        if name := pattern.fullmatch(problem):
            return PayloadError(f"{path}.{name[1]}" if path else name[1], words)
    return PayloadError(path or "payload", problem[:1].lower() + problem[1:])
