"""Joining the caller's transaction on MySQL: PyMySQL, and aiomysql or asyncmy for async code."""

from __future__ import annotations

import sys
from typing import Any

import pymysql
from pymysql.constants import SERVER_STATUS
from pymysql.cursors import Cursor

from rowlock.errors import StorageError
from rowlock.plan import Result, Statement
from rowlock.storage.enlisted import Enlisting, Execute, ExecuteAsync
from rowlock.storage.mysql.connection import translated, translated_code
from rowlock.storage.mysql.parameters import bound
from rowlock.storage.unwrapping import autocommitting, closed, comes_from

_BEGIN = "begin a transaction"


def _recognise(connection: object) -> Execute | None:
    if not isinstance(connection, pymysql.Connection):
        return None
    _check_open(connection)
    return _execute


def _check_open(connection: Any) -> None:
    if not connection.open:
        raise closed()
    in_transaction = connection.server_status & SERVER_STATUS.SERVER_STATUS_IN_TRANS
    if connection.get_autocommit() and not in_transaction:
        raise autocommitting(_BEGIN)


def _execute(connection: pymysql.Connection[Any], statement: Statement) -> Result:
    # The session is the caller's, with a sql_mode that we do not know: its driver knows how to
    # quote. So is the class of its cursors, whose rows may be no tuples.
    text = statement.sql.pyformat
    with connection.cursor(Cursor) as cursor:
        count = cursor.execute(text, bound(statement.params))
        return Result(list(cursor.fetchall()) if cursor.description else [], count)


def _recognise_async(connection: Any) -> ExecuteAsync | None:
    if not hasattr(connection, "get_transaction_status"):
        return None
    if comes_from(connection, "aiomysql"):
        is_closed = connection.closed
    elif comes_from(connection, "asyncmy"):
        is_closed = not connection.connected
    else:
        return None
    if is_closed:
        raise closed()
    if connection.get_autocommit() and not connection.get_transaction_status():
        raise autocommitting(_BEGIN)
    return _execute_async


async def _execute_async(connection: Any, statement: Statement) -> Result:
    package = "aiomysql" if comes_from(connection, "aiomysql") else "asyncmy"
    cursors: Any = sys.modules[f"{package}.cursors"]  # loaded with its connection
    text = _rendered(connection, statement)
    async with connection.cursor(cursors.Cursor) as cursor:
        count = await cursor.execute(text)
        return Result(list(await cursor.fetchall()) if cursor.description else [], count)


def _rendered(connection: Any, statement: Statement) -> str:
    values = {name: _quoted(connection, value) for name, value in bound(statement.params).items()}
    return statement.sql.pyformat % values


def _quoted(connection: Any, value: Any) -> str:
    # aiomysql cannot quote bytes where PyMySQL is 1.2 or newer.
    return f"X'{value.hex()}'" if isinstance(value, bytes) else str(connection.escape(value))


def _translated(error: Exception) -> StorageError | None:
    """Return our error for a driver's; aiomysql raises PyMySQL's."""
    if comes_from(error, "asyncmy"):
        refused = type(error).__name__ in {"IntegrityError", "DataError"}
        return translated_code(error, refused=refused)
    return translated(error)


MYSQL_ENLISTING = Enlisting("MySQL/MariaDB", _translated, _recognise, _recognise_async)
