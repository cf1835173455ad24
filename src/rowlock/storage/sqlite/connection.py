"""The sqlite3 driver: connections, parameters, and its errors in our words."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from rowlock.errors import (
    SchemaMissingError,
    StorageConflictError,
    StorageDataError,
    StorageError,
    StorageUnavailableError,
)
from rowlock.model import json_text
from rowlock.plan import Result, Statement
from rowlock.storage.values import (
    ColumnValues,
    epoch_microseconds,
    from_epoch_microseconds,
    microseconds,
)

BUSY_TIMEOUT_SECONDS = 10.0
PAGE_SIZE = 8192

SQLITE_VALUES = ColumnValues(read_id=json_text.uuid_from_text, read_time=from_epoch_microseconds)

_BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_UNAVAILABLE = frozenset(
    {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY}
)
_PRIMARY_CODE = 0xFF
_PLAIN = frozenset({type(None), str, int, float, bool, bytes})


def translated(error: Exception) -> StorageError | None:  # noqa: PLR0911 - a table of errors
    """Return our error for sqlite3's, or None if it is not sqlite3's."""
    if isinstance(error, OverflowError):
        return StorageDataError(str(error))
    if not isinstance(error, sqlite3.Error):
        return None
    code, text = getattr(error, "sqlite_errorcode", 0) & _PRIMARY_CODE, str(error)
    if code in _BUSY:
        return StorageConflictError(f"another process keeps the database file locked: {text}")
    if code in _UNAVAILABLE:
        return StorageUnavailableError(text)
    if code == sqlite3.SQLITE_NOTADB:
        return StorageUnavailableError(f"not a SQLite database: {text}")
    if "no such table" in text:
        return SchemaMissingError(0, 1)
    if isinstance(error, (sqlite3.IntegrityError, sqlite3.DataError)):
        return StorageDataError(text)
    return StorageError(text)


def host_now() -> int:
    """Return the time in microseconds: one file serves one host, whose clock decides."""
    return time.time_ns() // 1000


def adapted(value: Any) -> Any:
    """Return a value as SQLite stores it, or as it stands in a batch."""
    if type(value) in _PLAIN:
        return value
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, datetime):
        return epoch_microseconds(value)
    if isinstance(value, timedelta):
        return microseconds(value)
    if isinstance(value, (dict, list)):
        return _one_json(value)  # pyright: ignore[reportUnknownArgumentType] - a driver's values
    return value


def _one_json(value: dict[Any, Any] | list[Any]) -> str:
    """Return many values as one; the encoder of whole batches knows ids, but no times of ours."""
    if isinstance(value, dict):
        return json_text.encode_plain(value)
    return json.dumps([adapted(item) for item in value])


def json_batch(**columns: list[Any]) -> Mapping[str, Any]:
    """A batch is one JSON text, read by `json_each`.

    Ids alone are an array of them, `:ids`; several columns are an array of rows, `:batch`,
    each an array of values in the order in which the plan names the columns.
    """
    lists = [_json_column(values) for values in columns.values()]
    if len(lists) == 1:
        return {"ids": json_text.encode_plain(lists[0])}
    return {"batch": json_text.encode_plain(list(zip(*lists, strict=True)))}


def batch_of_ids(*, ids: list[UUID] | list[int]) -> Mapping[str, Any]:
    """Return what `json_batch` does for a few ids, without its encoder."""
    return {"ids": json.dumps([one if isinstance(one, int) else str(one) for one in ids])}


def plain_batch(**columns: list[Any]) -> Mapping[str, Any]:
    """Return what `json_batch` does for a few rows of plain values, without its encoder."""
    if len(columns) == 1:
        return {"ids": json.dumps(*columns.values())}
    return {"batch": json.dumps(list(zip(*columns.values(), strict=True)))}


def _json_column(values: list[Any]) -> list[Any]:
    """Return a column as it stands in a batch; the encoder knows ids, but no times of ours."""
    if any(isinstance(value, (datetime, timedelta)) for value in values):
        return [adapted(value) for value in values]
    return values


def bound(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return parameters as SQLite takes them; a missing `now` is the host's time."""
    values = {name: adapted(value) for name, value in params.items()}
    if values.get("now") is None:
        values["now"] = host_now()
    return values


def execute_on(connection: sqlite3.Connection | sqlite3.Cursor, statement: Statement) -> Result:
    """Execute one statement and fetch all of its rows."""
    cursor = connection.execute(statement.sql.text, bound(statement.params))
    return Result(cursor.fetchall(), cursor.rowcount)


class SQLiteDriver:
    """Connections to one database file, or to one private database in memory."""

    def __init__(self, path: str, *, synchronous: str = "FULL") -> None:
        self.path = path
        self._synchronous = synchronous

    def connect(self) -> sqlite3.Connection:
        """Open a connection in autocommit mode, in WAL and durable to the last commit."""
        connection = sqlite3.connect(
            self.path,
            isolation_level=None,
            check_same_thread=False,
            timeout=BUSY_TIMEOUT_SECONDS,
            cached_statements=256,
        )
        try:
            # Only takes effect on a file that is being made; rows of ours are some 300 bytes.
            connection.execute(f"PRAGMA page_size = {PAGE_SIZE}")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute(f"PRAGMA synchronous = {self._synchronous}")
        except BaseException:
            connection.close()
            raise
        return connection

    def close(self, connection: sqlite3.Connection) -> None:
        """Close the connection."""
        with suppress(sqlite3.Error):
            connection.close()

    def begin(self, connection: sqlite3.Connection) -> None:
        """Take the write lock at once: a read that turns into a write cannot wait for it."""
        connection.execute("BEGIN IMMEDIATE")

    def commit(self, connection: sqlite3.Connection) -> None:
        """Commit the open transaction."""
        connection.execute("COMMIT")

    def rollback(self, connection: sqlite3.Connection) -> None:
        """Roll the open transaction back; some errors have done so already."""
        if connection.in_transaction:
            connection.execute("ROLLBACK")

    def execute(self, connection: sqlite3.Connection, statement: Statement) -> Result:
        """Execute one statement and fetch its rows."""
        return execute_on(connection, statement)

    def translated(self, error: Exception) -> StorageError | None:
        """Return our error for sqlite3's, or None if it is not sqlite3's."""
        return translated(error)
