"""Joining the caller's transaction on PostgreSQL through asyncpg.

asyncpg is not imported: whoever passes its connection has it installed.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterable
from typing import Any
from uuid import UUID

from rowlock.errors import StorageError, StorageUnavailableError
from rowlock.plan import Result, Row, Statement
from rowlock.storage.enlisted import ExecuteAsync
from rowlock.storage.postgres.connection import error_of_state
from rowlock.storage.postgres.store import ArrayText
from rowlock.storage.unwrapping import autocommitting, closed, comes_from

_PACKAGE = "asyncpg"
_COPY = re.compile(r"COPY (?:(?P<schema>\w+)\.)?(?P<table>\w+) \((?P<columns>[^)]*)\)")
_COUNT = re.compile(r" (\d+)$")


def recognise_asyncpg(connection: Any) -> ExecuteAsync | None:
    """Return how to execute on asyncpg's connection, of a pool or not; None for any other.

    Raises:
        InvalidValueError: It has no open transaction.
    """
    if not comes_from(connection, _PACKAGE) or not hasattr(connection, "is_in_transaction"):
        return None
    try:
        is_closed = connection.is_closed()
    except Exception as error:
        if not comes_from(error, _PACKAGE):
            raise
        raise closed() from error  # given back to its pool
    if is_closed:
        raise closed()
    if not connection.is_in_transaction():
        raise autocommitting("open a transaction with its transaction()")
    return _execute


def translated_asyncpg(error: Exception) -> StorageError | None:
    """Return our error for asyncpg's, or None if it is not asyncpg's."""
    if not comes_from(error, _PACKAGE):
        return None
    text = str(error).strip() or type(error).__name__
    state = getattr(error, "sqlstate", None)
    if state is None:
        return StorageUnavailableError(text)
    return error_of_state(state, text, otherwise=StorageError)


async def _execute(connection: Any, statement: Statement) -> Result:
    if statement.copied is not None:
        return await _copy(connection, statement.sql.text, statement.copied)
    text, names = statement.sql.dollar
    # Prepared for this once: a plan that is kept may have been made for an empty table.
    prepared = await connection.prepare(text)
    values = [statement.params[name] for name in names]
    # It takes lists where psycopg takes the text of an array.
    rows = await prepared.fetch(
        *[one.values if isinstance(one, ArrayText) else one for one in values]
    )
    return Result([_row(one) for one in rows], _count(prepared.get_statusmsg()))


def _row(record: Iterable[Any]) -> Row:
    # Its UUIDs are of a class of its own.
    return tuple(UUID(int=value.int) if isinstance(value, UUID) else value for value in record)


def _count(status: str) -> int:
    found = _COUNT.search(status)
    return int(found[1]) if found else -1


async def _copy(connection: Any, text: str, copied: Iterable[str]) -> Result:
    said = _COPY.match(text)
    assert said is not None  # noqa: S101 - our own statement
    status = await connection.copy_to_table(
        said["table"],
        schema_name=said["schema"],
        columns=[name.strip() for name in said["columns"].split(",")],
        source=_encoded(copied),
    )
    return Result([], _count(status))


async def _encoded(copied: Iterable[str]) -> AsyncIterator[bytes]:
    for text in copied:
        yield text.encode()
