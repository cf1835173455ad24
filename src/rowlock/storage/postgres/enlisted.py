"""Joining the caller's transaction on PostgreSQL: psycopg 3, sync and async, and asyncpg."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg.pq import TransactionStatus

from rowlock.errors import StorageError
from rowlock.storage.enlisted import Enlisting, Execute, ExecuteAsync
from rowlock.storage.postgres.async_connection import execute_on_async
from rowlock.storage.postgres.connection import execute_on, translated
from rowlock.storage.postgres.enlisted_asyncpg import recognise_asyncpg, translated_asyncpg
from rowlock.storage.unwrapping import autocommitting, closed


def _check_open(connection: psycopg.Connection[Any] | psycopg.AsyncConnection[Any]) -> None:
    if connection.closed:
        raise closed()
    if connection.autocommit and connection.info.transaction_status == TransactionStatus.IDLE:
        raise autocommitting("open a transaction with its transaction()")


def _recognise(connection: object) -> Execute | None:
    if not isinstance(connection, psycopg.Connection):
        return None
    _check_open(connection)  # pyright: ignore[reportUnknownArgumentType] - any row type
    return execute_on


def _recognise_async(connection: object) -> ExecuteAsync | None:
    if not isinstance(connection, psycopg.AsyncConnection):
        return recognise_asyncpg(connection)
    _check_open(connection)  # pyright: ignore[reportUnknownArgumentType] - any row type
    return execute_on_async


def _translated(error: Exception) -> StorageError | None:
    return translated(error) or translated_asyncpg(error)


POSTGRES_ENLISTING = Enlisting("PostgreSQL", _translated, _recognise, _recognise_async)
