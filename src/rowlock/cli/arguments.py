"""What people write on the command line, read: arguments of tasks, times, queues' slots."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, overload

from rowlock.errors import InvalidValueError, PayloadError

TYPED, TEXT = ":=", "="


def task_arguments(text: str | None, pairs: Sequence[str]) -> dict[str, Any]:
    """Return a task's arguments by name.

    Args:
        text: All of them as one JSON object; `-` reads it from stdin.
        pairs: Or each as `key=text` or `key:=json`.

    Raises:
        PayloadError: Both are given, or something is not what it should be.
    """
    from rowlock.model import json_text

    if text is None:
        return _from_pairs(pairs)
    if pairs:
        raise PayloadError("args", "is given together with key=value: one of them is enough")
    arguments: Any = json_text.parse("args", sys.stdin.read() if text == "-" else text)
    if not isinstance(arguments, dict):
        raise PayloadError("args", "must be a JSON object of arguments by name")
    return dict(arguments)  # pyright: ignore[reportUnknownArgumentType] - JSON


def values_by_key(field: str, pairs: Sequence[str]) -> dict[str, Any] | None:
    """Return values that a payload has to have, each as `key=text` or `key:=json`.

    Raises:
        InvalidValueError: One is neither, or a key is given twice.
    """
    try:
        return _from_pairs(pairs) or None
    except PayloadError as error:
        raise InvalidValueError(field, f"{error.field}: {error.problem}") from error


def _from_pairs(pairs: Sequence[str]) -> dict[str, Any]:
    arguments: dict[str, Any] = {}
    for pair in pairs:
        name, value = _argument(pair)
        if name in arguments:
            raise PayloadError(name, "is given twice")
        arguments[name] = value
    return arguments


def _argument(pair: str) -> tuple[str, Any]:
    from rowlock.model import json_text

    name, separator, text = pair.partition(TEXT)
    if not separator or not name.rstrip(":").strip():
        raise PayloadError("arguments", f"{pair!r} is neither key=text nor key:=json")
    if name.endswith(":"):
        name = name.removesuffix(":").strip()
        return name, json_text.parse(name, text)
    return name.strip(), text


def handler_arguments(words: Sequence[str]) -> dict[str, str]:
    """Return the arguments in the words after an alias: `--name=value` or `--name value`.

    A value is everything after the first `=`; without one it is the next word, or empty if
    that is an option too. Other words do not count, and the last of several values wins.
    """
    arguments: dict[str, str] = {}
    left = [word.strip() for word in words]
    while left:
        name, separator, value = left.pop(0).partition(TEXT)
        if not name.startswith("--") or name == "--":
            continue
        if not separator and left and not left[0].startswith("--"):
            value = left.pop(0)
        arguments[name.removeprefix("--")] = value
    return arguments


@overload
def moment_from(field: str, text: str) -> datetime: ...


@overload
def moment_from(field: str, text: None) -> None: ...


def moment_from(field: str, text: str | None) -> datetime | None:
    """Return the time that an RFC 3339 text names.

    Raises:
        InvalidValueError: It is none, or has no time zone.
    """
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError as error:
        problem = f"{text!r} is not a time such as 2026-12-31T23:59:00Z"
        raise InvalidValueError(field, problem) from error
    if moment.utcoffset() is None:
        raise InvalidValueError(field, f"{text!r} has no time zone: add Z or an offset like +02:00")
    return moment


@overload
def moment_or_age(field: str, text: str) -> datetime: ...


@overload
def moment_or_age(field: str, text: None) -> None: ...


def moment_or_age(field: str, text: str | None) -> datetime | None:
    """Return the time that an RFC 3339 text names, or a duration such as `1h`: so long ago.

    Raises:
        InvalidValueError: It is neither, or a time without a time zone.
    """
    if text is None:
        return None
    from rowlock.model.durations import duration_from

    try:
        return datetime.now(UTC) - duration_from(field, text)
    except (InvalidValueError, OverflowError):
        return moment_from(field, text)


def slots_by_queue(texts: Sequence[str]) -> dict[str, int | None]:
    """Return the slots of each queue in `name=slots`; None where no number is given.

    Raises:
        InvalidValueError: A queue is named twice, or its slots are no number from 1 on.
    """
    from rowlock.model.names import checked_queue

    queues: dict[str, int | None] = {}
    for text in texts:
        name, separator, slots = text.partition("=")
        queue = checked_queue(name)
        if queue in queues:
            raise InvalidValueError("queue", f"{queue!r} is given twice")
        queues[queue] = _slots(text, slots) if separator else None
    return queues


def _slots(text: str, slots: str) -> int:
    try:
        count = int(slots)
    except ValueError:
        count = 0
    if count < 1:
        raise InvalidValueError("queue", f"{text!r}: slots must be an integer, 1 or more")
    return count
