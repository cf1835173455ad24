"""JSON text: the only form in which payloads, results and errors are stored.

Values are walked before they are encoded and text from outside is parsed strictly, because
encoders and databases disagree about the corners: one turns NaN into null, one keeps the last
of two equal keys, one refuses U+0000. What passes here is stored and read back unchanged by
every engine.

msgspec, which is many times faster than the standard library, is loaded when it is first needed:
what people look at is decoded without it, so that the command line starts at once.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache, partial
from typing import Any, TypeVar
from uuid import UUID

from rowlock.errors import PayloadError

T = TypeVar("T")

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 30
MIN_INT, MAX_INT = -(2**63), 2**63 - 1
MAX_DIGITS = 1_000

# As encoders write it; before it there may be escaped backslashes.
_NUL = r"\u0000"
_HAS_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")


@cache
def _canonical() -> Callable[[object], bytes]:
    from msgspec.json import Encoder

    return Encoder(order="sorted").encode


@cache
def _decoder() -> Callable[[str | bytes], Any]:
    from msgspec.json import Decoder

    return Decoder().decode


@cache
def _plain() -> Callable[[object], bytes]:
    from msgspec.json import Encoder

    return Encoder().encode


@cache
def _convert() -> Callable[[str, type[UUID]], UUID]:
    from msgspec import convert

    return convert


def _check(field: str, value: Any, depth: int) -> None:
    if value is None or isinstance(value, str):
        return
    if isinstance(value, int):
        if not MIN_INT <= value <= MAX_INT:
            raise PayloadError(field, f"an integer of {value.bit_length()} bits; 64 is the limit")
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise PayloadError(field, f"{value} is not a JSON number")
    elif isinstance(value, (dict, list, tuple)):
        _check_items(field, value, depth)  # pyright: ignore[reportUnknownArgumentType] - checked there
    else:
        raise PayloadError(field, f"has a {type(value).__name__}, which is not a JSON value")


def _check_items(
    field: str, value: dict[Any, Any] | list[Any] | tuple[Any, ...], depth: int
) -> None:
    if depth == MAX_DEPTH:
        raise PayloadError(field, f"is nested deeper than {MAX_DEPTH} levels")
    items: Iterable[Any] = value
    if isinstance(value, dict):
        for key in value:
            if not isinstance(key, str):
                raise PayloadError(field, f"has the key {key!r}; JSON keys are text")
        items = value.values()
    for item in items:
        _check(field, item, depth + 1)


def encode(field: str, value: object, *, max_bytes: int = MAX_BYTES) -> str:
    """Return the canonical JSON text of a plain value: keys sorted, no spaces.

    Args:
        field: What an error should call the value.
        value: None, bool, int, float, str, or lists and dicts of these.
        max_bytes: Longer UTF-8 text is refused.

    Raises:
        PayloadError: Not a JSON value, NaN or infinite, over 64 bits, NUL, a lone surrogate,
            nested deeper than 30, or too long.
    """
    _check(field, value, 0)
    try:
        encoded = _canonical()(value)
    except UnicodeEncodeError as error:
        raise PayloadError(field, "has a lone surrogate, which is not text") from error
    if len(encoded) > max_bytes:
        raise PayloadError(field, f"is {len(encoded):,} bytes of JSON; {max_bytes:,} is the limit")
    text = encoded.decode()
    if _NUL in text and _HAS_NUL.search(text):
        raise PayloadError(field, "has a NUL character")
    return text


def decode(text: str | bytes) -> Any:
    """Return the value of JSON text that we wrote ourselves."""
    return _decoder()(text)


def decode_shown(text: str | bytes) -> Any:
    """Return the value of JSON text that we wrote ourselves, to be shown to people.

    Eight times slower than `decode`, but nothing has to be loaded for it.
    """
    return json.loads(text)


def _refuse_equal_keys(field: str, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise PayloadError(field, f"has the key {twice!r} twice")
    return found


def encode_arguments(arguments: Mapping[str, object]) -> str:
    """Return the canonical JSON text of arguments, naming the one that cannot be stored.

    Raises:
        PayloadError: Its field is the argument, or `payload` if no single one is to blame.
    """
    try:
        return encode("payload", arguments)
    except PayloadError:
        for name, value in arguments.items():
            encode(str(name), value)
        raise


def parse(field: str, text: str) -> Any:
    """Return the value of JSON text from outside.

    Only what is wrong with the text is refused here. The value is checked by `encode` like any
    other, so that it is refused in the same words wherever it comes from.

    Raises:
        PayloadError: Not JSON, equal keys in one object, or nested too deep to be read.
    """
    try:
        return json.loads(
            text,
            parse_int=_read_int,
            object_pairs_hook=partial(_refuse_equal_keys, field),
        )
    except json.JSONDecodeError as error:
        raise PayloadError(field, f"is not JSON: {error}") from error
    except RecursionError as error:
        raise PayloadError(field, f"is nested deeper than {MAX_DEPTH} levels") from error


def _read_int(digits: str) -> int | float:
    # Python refuses to read very many digits; as infinity they are refused by name.
    return int(digits) if len(digits) <= MAX_DIGITS else math.inf


def printable(text: str) -> str:
    """Return text that every engine stores: NUL and lone surrogates are made visible.

    For error messages and tracebacks, whose writing must not fail because of their content.
    """
    return text.replace("\x00", "\\x00").encode(errors="backslashreplace").decode()


def encode_plain(value: object) -> str:
    """Return the JSON text of plain values that we made ourselves, unchecked."""
    return _plain()(value).decode()


def uuid_from_text(text: str) -> UUID:
    """Return the UUID that we wrote ourselves, faster than the class reads it."""
    return _convert()(text, UUID)


def converted(value: object, kind: type[T]) -> T:
    """Return plain JSON values that we wrote ourselves as the type that they were."""
    from msgspec import convert

    return convert(value, kind)
