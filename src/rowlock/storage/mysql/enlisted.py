"""Joining the caller's transaction on MySQL: PyMySQL, and aiomysql or asyncmy for async code."""

from __future__ import annotations

from typing import Any

import pymysql
from pymysql.constants import SERVER_STATUS
from pymysql.cursors import Cursor

from rowlock.errors import InvalidValueError
from rowlock.plan import Result, Statement
from rowlock.storage.enlisted import Enlisting, Execute, ExecuteAsync
from rowlock.storage.mysql.connection import translated
from rowlock.storage.mysql.parameters import bound

_ASYNC_DRIVERS = ("aiomysql", "asyncmy")


def _check_open(connection: Any) -> None:
    in_transaction = connection.server_status & SERVER_STATUS.SERVER_STATUS_IN_TRANS
    if connection.get_autocommit() and not in_transaction:
        raise InvalidValueError(
            "transaction", "the connection is in autocommit mode: begin a transaction first"
        )


def _recognise(connection: object) -> Execute | None:
    if not isinstance(connection, pymysql.Connection):
        return None
    _check_open(connection)
    return _execute


def _execute(connection: pymysql.Connection[Any], statement: Statement) -> Result:
    # The session is the caller's, with a sql_mode that we do not know: its driver knows how to
    # quote. So is the class of its cursors, whose rows may be no tuples.
    text = statement.sql.pyformat
    with connection.cursor(Cursor) as cursor:
        count = cursor.execute(text, bound(statement.params))
        return Result(list(cursor.fetchall()) if cursor.description else [], count)


def _recognise_async(connection: object) -> ExecuteAsync | None:
    if type(connection).__module__.partition(".")[0] not in _ASYNC_DRIVERS:
        return None
    return _execute_async


async def _execute_async(connection: Any, statement: Statement) -> Result:
    text = statement.sql.pyformat
    async with connection.cursor() as cursor:
        count = await cursor.execute(text, bound(statement.params))
        return Result(list(await cursor.fetchall()) if cursor.description else [], count)


MYSQL_ENLISTING = Enlisting("MySQL/MariaDB", translated, _recognise, _recognise_async)
