"""From what frameworks call a transaction to the driver's connection beneath it.

SQLAlchemy's sessions and connections and Django's connections are known by their class alone:
whoever passes one has the framework installed, and nothing here imports it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rowlock.errors import InvalidValueError


def comes_from(value: object, package: str) -> bool:
    """Whether the value's class, or one that it is derived from, belongs to a package."""
    return any(kind.__module__.partition(".")[0] == package for kind in type(value).__mro__)


def refused(problem: str) -> InvalidValueError:
    """Return the error for a transaction that cannot be joined."""
    return InvalidValueError("transaction", problem)


def closed() -> InvalidValueError:
    """Return the error for a connection that was closed."""
    return refused("the connection is closed")


def autocommitting(advice: str) -> InvalidValueError:
    """Return the error for a connection without an open transaction."""
    return refused(f"the connection is in autocommit mode: {advice} first")


def unwrapped(transaction: Any) -> Any:
    """Return the driver's connection beneath a framework's session or connection."""
    if comes_from(transaction, "django"):
        return _unwrapped_django(transaction)
    if not comes_from(transaction, "sqlalchemy"):
        return transaction
    if hasattr(transaction, "run_sync"):
        return transaction  # an async one: refused by the caller, with its name
    _check_open(transaction)
    # A session hands out its connection by a method; a connection has the driver's by an
    # attribute of the same name. Anything else is refused by the caller.
    inner = getattr(transaction, "connection", None)
    if inner is None:
        return transaction
    connection = transaction.connection() if callable(inner) else transaction
    if not connection.in_transaction():
        connection.begin()  # as its first statement would; else its commit() does nothing
    return connection.connection.driver_connection


def _check_open(connection: Any) -> None:
    if getattr(connection, "closed", False):  # a session has no such thing
        raise closed()


def _unwrapped_django(connection: Any) -> Any:
    """Return the driver's connection; Django begins and ends transactions itself."""
    if not hasattr(connection, "in_atomic_block"):
        return connection
    # One that is not connected yet knows only by its settings; asking it would connect.
    is_new = connection.connection is None
    commits = connection.settings_dict["AUTOCOMMIT"] if is_new else connection.autocommit
    if commits and not connection.in_atomic_block:
        raise autocommitting("open transaction.atomic()")
    connection.ensure_connection()
    return connection.connection


async def unwrapped_async(transaction: Any) -> Any:
    """Return the driver's connection beneath an async SQLAlchemy session or connection."""
    if not comes_from(transaction, "sqlalchemy") or not hasattr(transaction, "run_sync"):
        return transaction
    _check_open(transaction)
    is_connection = hasattr(transaction, "get_raw_connection")
    connection = transaction if is_connection else await transaction.connection()
    if not connection.in_transaction():
        await connection.begin()
    raw = await connection.get_raw_connection()
    driver_connection = raw.driver_connection
    if comes_from(driver_connection, "asyncpg") and not driver_connection.is_in_transaction():
        # Over asyncpg, SQLAlchemy says BEGIN no sooner than with its own first statement.
        await connection.exec_driver_sql("SELECT 1")
    return driver_connection


def call_after_commit(transaction: Any, call: Callable[[], None]) -> None:
    """Have a call made when the transaction commits, if its framework offers that."""
    if comes_from(transaction, "django"):
        transaction.on_commit(call, robust=True)
