"""An async transaction of our own on PostgreSQL, for async handlers."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from typing import Any

import psycopg

from rowlock.storage.pool import translating
from rowlock.storage.postgres.async_connection import relax
from rowlock.storage.postgres.connection import BEGIN_TRANSACTION, PostgresDriver, translated


@asynccontextmanager
async def async_transaction(
    driver: PostgresDriver,
) -> AsyncGenerator[psycopg.AsyncConnection[Any]]:
    """Open a connection and a transaction; commit at the block's end unless it raises.

    A connection for each: it belongs to one event loop, and is closed with its transaction.
    """
    with translating(translated, sent=False):
        connection = await psycopg.AsyncConnection.connect(driver.dsn, **driver.options)
    try:
        with translating(translated, sent=False):
            await relax(connection, driver)
            await connection.execute(BEGIN_TRANSACTION)
        yield connection
        with translating(translated, sent=True):
            await connection.execute(b"COMMIT")
    finally:
        with suppress(psycopg.Error):
            await connection.close()  # which rolls back what is still open
