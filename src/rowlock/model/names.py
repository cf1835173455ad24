"""What queues, namespaces and definitions may be called."""

from __future__ import annotations

import re
from functools import lru_cache

from rowlock.errors import InvalidValueError

DEFAULT_QUEUE = "default"
DEFAULT_NAMESPACE = "default"
SYSTEM_NAMESPACE = "rowlock"
RESERVED_NAMESPACES = frozenset({"pgqueue", SYSTEM_NAMESPACE})

MAX_ALIAS_LENGTH = 100
MAX_UNIQUE_KEY_LENGTH = 255
MAX_TAGS = 20
MAX_TAG_LENGTH = 100

REMEMBERED = 1_000
"""Aliases that were used last: each enqueue names one."""

_NAME = re.compile(r"[a-z][a-z0-9._-]{0,63}")
_CONTROL = r"[\x00-\x1f\x7f\ud800-\udfff]"


def _text(field: str, value: object) -> str:
    if not isinstance(value, str):
        raise InvalidValueError(field, f"must be text, not {type(value).__name__}")
    return value


def _checked_text(field: str, value: object, limit: int) -> str:
    text = _text(field, value).strip()
    if not text:
        raise InvalidValueError(field, "must not be empty")
    if len(text) > limit:
        raise InvalidValueError(field, f"is longer than {limit} characters")
    if re.search(_CONTROL, text):
        raise InvalidValueError(field, "has a control character or a lone surrogate")
    return text


def checked_name(field: str, value: object) -> str:
    """Return a queue's or namespace's name, trimmed and in lower case.

    Args:
        field: What the error should call it.
        value: The name as given.

    Raises:
        InvalidValueError: It is not text of a letter and up to 63 more letters, digits, `.`,
            `_` or `-`.
    """
    name = _text(field, value).strip().lower()
    if not name:
        raise InvalidValueError(field, "must not be empty")
    if not _NAME.fullmatch(name):
        raise InvalidValueError(
            field,
            f"{value!r} is not a name: a letter, then at most 63 letters, digits, '.', '_', '-'",
        )
    return name


def checked_queue(value: object) -> str:
    """Return the queue's name; an empty one means the default queue."""
    if isinstance(value, str) and not value.strip():
        return DEFAULT_QUEUE
    return checked_name("queue", value)


def checked_namespace(value: object, *, reserved: bool = False) -> str:
    """Return the namespace's name; reserved ones are refused, unless it may be the system's."""
    name = checked_name("namespace", value)
    if name in RESERVED_NAMESPACES and not (reserved and name == SYSTEM_NAMESPACE):
        raise InvalidValueError("namespace", f"{name!r} is reserved")
    return name


def checked_alias(value: object) -> str:
    """Return a definition's alias as spelled, trimmed."""
    return _checked_alias(_text("alias", value))


@lru_cache(maxsize=REMEMBERED)
def _checked_alias(value: str) -> str:
    alias = _checked_text("alias", value, MAX_ALIAS_LENGTH)
    if not definition_key(alias):
        raise InvalidValueError("alias", f"{alias!r} has nothing but '-' and '_'")
    return alias


@lru_cache(maxsize=REMEMBERED)
def definition_key(alias: str) -> str:
    """Return what an alias is matched by: lower case, without `-` and `_`."""
    return alias.strip().lower().replace("-", "").replace("_", "")


def checked_unique_key(value: object) -> str:
    """Return a unique key verbatim but trimmed."""
    return _checked_text("unique", value, MAX_UNIQUE_KEY_LENGTH)


def checked_worker(value: object) -> str:
    """Return a worker's name, trimmed."""
    return _checked_text("worker", value, MAX_ALIAS_LENGTH)


def checked_tags(value: object) -> tuple[str, ...]:
    """Return the tags sorted and without repetition."""
    if isinstance(value, str) or not isinstance(value, (list, tuple, set, frozenset)):
        raise InvalidValueError("tags", "must be a list of texts")
    tags = sorted({_checked_text("tags", tag, MAX_TAG_LENGTH) for tag in value})  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType] - checked here
    if len(tags) > MAX_TAGS:
        raise InvalidValueError("tags", f"has more than {MAX_TAGS} tags")
    return tuple(tags)
