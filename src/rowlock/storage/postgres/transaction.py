"""An async transaction of our own on PostgreSQL, for async handlers."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any

import psycopg

from rowlock.errors import StorageUnavailableError
from rowlock.storage.postgres.connection import BEGIN_TRANSACTION, PostgresDriver, translated


@asynccontextmanager
async def async_transaction(
    driver: PostgresDriver,
) -> AsyncGenerator[psycopg.AsyncConnection[Any]]:
    """Open a connection and a transaction; commit at the block's end unless it raises.

    A connection for each: it belongs to one event loop, and is closed with its transaction.
    """
    with _translating(sent=False):
        connection = await psycopg.AsyncConnection.connect(driver.dsn, **driver.options)
    try:
        with _translating(sent=False):
            await connection.execute(BEGIN_TRANSACTION)
        yield connection
        with _translating(sent=True):
            await connection.execute(b"COMMIT")
    finally:
        with suppress(psycopg.Error):
            await connection.close()  # which rolls back what is still open


@contextmanager
def _translating(*, sent: bool) -> Generator[None]:
    try:
        yield
    except psycopg.Error as error:
        ours = translated(error)
        assert ours is not None  # noqa: S101 - it is psycopg's
        if isinstance(ours, StorageUnavailableError):
            ours.outcome_unknown = sent
        raise ours from error
