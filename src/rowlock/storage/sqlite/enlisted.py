"""Joining the caller's transaction on SQLite: sqlite3, and aiosqlite for async code."""

from __future__ import annotations

import sqlite3
from typing import Any

from rowlock.plan import Result, Statement
from rowlock.storage.enlisted import Enlisting, Execute, ExecuteAsync
from rowlock.storage.sqlite.connection import bound, execute_on, translated
from rowlock.storage.unwrapping import autocommitting, closed, comes_from


def _check_open(connection: Any) -> None:
    try:
        in_transaction = connection.in_transaction
    except (sqlite3.ProgrammingError, ValueError) as error:  # aiosqlite's is the second
        raise closed() from error
    # `autocommit=True` came with Python 3.12; before, and by default since, `isolation_level` says.
    by_itself = (
        connection.isolation_level is None or getattr(connection, "autocommit", None) is True
    )
    if by_itself and not in_transaction:
        raise autocommitting("execute BEGIN IMMEDIATE")


def _recognise(connection: object) -> Execute | None:
    if not isinstance(connection, sqlite3.Connection):
        return None
    _check_open(connection)
    return _execute


def _execute(connection: sqlite3.Connection, statement: Statement) -> Result:
    # The caller's connection may make rows of its own kind; a cursor can be told not to.
    cursor = connection.cursor()
    cursor.row_factory = None
    return execute_on(cursor, statement)


def _recognise_async(connection: object) -> ExecuteAsync | None:
    if not comes_from(connection, "aiosqlite") or not hasattr(type(connection), "in_transaction"):
        return None
    _check_open(connection)
    return _execute_async


async def _execute_async(connection: Any, statement: Statement) -> Result:
    cursor = await connection.cursor()
    cursor.row_factory = None
    await cursor.execute(statement.sql.text, bound(statement.params))
    return Result(list(await cursor.fetchall()), cursor.rowcount)


SQLITE_ENLISTING = Enlisting("SQLite", translated, _recognise, _recognise_async, one_writer=True)
