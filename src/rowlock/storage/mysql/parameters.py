"""How values travel to MySQL: as parameters, as one JSON text for a batch, as literals."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from enum import Enum
from functools import lru_cache
from typing import Any, cast
from uuid import UUID

from rowlock.model import json_text
from rowlock.sql_text import SqlText
from rowlock.storage.values import ColumnValues, microseconds


def _read_id(value: bytes | UUID) -> UUID:
    return value if isinstance(value, UUID) else UUID(bytes=value)


def _read_time(value: datetime) -> datetime:
    return value.replace(tzinfo=UTC)


MYSQL_VALUES = ColumnValues(read_id=_read_id, read_time=_read_time)
"""Ids are BINARY(16), times naive ones in UTC."""


@lru_cache(maxsize=16)
def _time_text(moment: datetime) -> str:
    if moment.tzinfo is not None:
        moment = moment.astimezone(UTC).replace(tzinfo=None)
    return moment.isoformat(" ", "microseconds")


def _same(value: Any) -> Any:
    return value


_PLAIN: dict[type, Callable[[Any], Any]] = {
    type(None): _same,
    str: _same,
    int: _same,
    float: _same,
    bytes: _same,
    bool: int,
    datetime: _time_text,
    timedelta: microseconds,
}


def _plain(value: Any) -> Any:
    kind = cast("type[object]", type(value))
    convert = _PLAIN.get(kind)
    if convert is not None:
        return convert(value)
    if isinstance(value, Enum):
        return value.value
    raise TypeError(f"no column takes a {kind.__name__}")


def adapted(value: Any) -> Any:
    """Return a value as any MySQL driver takes it."""
    if isinstance(value, UUID):
        return value.bytes
    if isinstance(value, list):
        # Keys and marks have no line breaks, so each is found between two of them.
        words = cast("list[str]", value)
        return "".join(["\n", *(f"{word}\n" for word in words)])
    return _plain(value)


def bound(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return parameters as any MySQL driver takes them."""
    return {name: adapted(value) for name, value in params.items()}


def _batched(values: list[Any]) -> list[Any]:
    return [value.hex if type(value) is UUID else _plain(value) for value in values]


def json_batch(**columns: list[Any]) -> Mapping[str, Any]:
    """A batch is one JSON array of objects, read by `JSON_TABLE`.

    Lists of ids in the statement would not do: MariaDB turns those of a thousand and more into
    a table of its own, and may then scan ours. Ids stand as hexadecimal digits, and what is
    null is left out.
    """
    names = list(columns)
    rows = [
        {name: value for name, value in zip(names, row, strict=True) if value is not None}
        for row in zip(*map(_batched, columns.values()), strict=True)
    ]
    return {"batch": json_text.encode_plain(rows)}


def _quoted(text: str) -> str:
    # The session's sql_mode is ours: within quotes a backslash always escapes. Two replacements
    # are ten times faster than the driver's table of characters on the text of a whole batch.
    escaped = text.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"


def _literal(value: Any) -> str:
    kind = cast("type[object]", type(value))
    if kind is str:
        return _quoted(value)
    if value is None:
        return "NULL"
    if kind is UUID:
        return f"X'{value.hex}'"
    value = adapted(value)
    if isinstance(value, str):
        return _quoted(value)
    return f"X'{value.hex()}'" if isinstance(value, bytes) else repr(value)


def rendered(sql: SqlText, params: Mapping[str, Any]) -> str:
    """Return the text of one statement with its values in place."""
    return sql.pyformat % {name: _literal(value) for name, value in params.items()}
