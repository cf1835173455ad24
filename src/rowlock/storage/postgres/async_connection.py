"""The psycopg driver for async code."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, TypeVar

import psycopg
from psycopg import waiting
from psycopg.rows import tuple_row

from rowlock.errors import ConfigError, StorageError, StorageUnavailableError
from rowlock.plan import Result, Statement
from rowlock.storage.postgres.connection import (
    BEGIN_TRANSACTION,
    NOT_RELAXED,
    PostgresDriver,
    SilentError,
    has_rows,
    heard,
    translated,
)
from rowlock.storage.postgres.planning import (
    LASTING,
    PREPARED_AFTER,
    not_wait_for_disk,
    other_planning,
    plan_anew,
)

T = TypeVar("T")

WAIT_SLICE_SECONDS = 0.1


class HeardAsyncConnection(psycopg.AsyncConnection[Any]):
    """A connection that is given up when the server is silent for too long, or nobody waits.

    Attributes:
        silence: See `HeardConnection`.
        keeps_plans: See `HeardConnection`.
    """

    silence: float | None = None
    keeps_plans: bool | None = False

    async def wait(self, gen: Generator[Any, Any, T], *args: Any, **given: Any) -> T:
        """Wait for an answer. See `HeardConnection.wait`."""
        if self.silence is None or args or given:
            return await super().wait(gen, *args, **given)
        try:
            listened = heard(gen, self.silence)
            return await waiting.wait_async(listened, self.pgconn.socket, WAIT_SLICE_SECONDS)
        except SilentError as error:
            self.pgconn.finish()
            raise psycopg.OperationalError(str(error)) from None
        except Exception:
            raise
        except BaseException:
            # An event loop that ends does not wait until the server has stopped what it does.
            self.pgconn.finish()
            raise


class AsyncPostgresDriver:
    """Connections like those of a `PostgresDriver`, for event loops."""

    def __init__(self, driver: PostgresDriver) -> None:
        """Say how they are opened.

        Args:
            driver: Opens their blocking siblings.
        """
        self._driver = driver

    async def connect(self) -> HeardAsyncConnection:
        """Open a connection in autocommit mode."""
        driver = self._driver
        connection = await HeardAsyncConnection.connect(driver.dsn, **driver.options)
        connection.silence = driver.silence
        if driver.prepares:
            found = await connection.execute(*plan_anew(connection))
            if await found.fetchone():
                connection.prepare_threshold = PREPARED_AFTER
        try:
            await relax(connection, driver)
        except BaseException:
            self.close(connection)
            raise
        return connection

    def close(self, connection: HeardAsyncConnection) -> None:
        """Close the connection."""
        connection.pgconn.finish()

    async def begin(self, connection: HeardAsyncConnection) -> None:
        """Open a READ COMMITTED transaction, whatever the server's default is."""
        await connection.execute(BEGIN_TRANSACTION)

    async def commit(self, connection: HeardAsyncConnection) -> None:
        """Commit the open transaction."""
        await connection.execute(b"COMMIT")

    async def rollback(self, connection: HeardAsyncConnection) -> None:
        """Roll the open transaction back, and with it what was set meanwhile."""
        connection.keeps_plans = None
        await connection.execute(b"ROLLBACK")

    async def execute(self, connection: HeardAsyncConnection, statement: Statement) -> Result:
        """Execute one statement and fetch its rows."""
        try:
            setting = other_planning(connection, statement)
            if setting is not None:
                await connection.execute(setting)
                connection.keeps_plans = statement.name in LASTING
            return await execute_on_async(connection, statement, prepare=None)
        except psycopg.errors.FeatureNotSupported as error:
            if connection.prepare_threshold is None:
                raise
            # Its table was changed after it was prepared. It was not executed, and new connections
            # can do so.
            raise StorageUnavailableError(str(error)) from error

    def translated(self, error: Exception) -> StorageError | None:
        """Return our error for psycopg's, or None if it is not psycopg's."""
        return translated(error)


async def relax(connection: psycopg.AsyncConnection[Any], driver: PostgresDriver) -> None:
    """Let commits return before they are on disk, if the driver is to.

    Raises:
        ConfigError: The connection goes through a pooler.
    """
    if driver.relaxed:
        found = await connection.execute(*not_wait_for_disk(connection))
        if not await found.fetchone():
            raise ConfigError(NOT_RELAXED)


async def execute_on_async(
    connection: psycopg.AsyncConnection[Any], statement: Statement, *, prepare: bool | None = False
) -> Result:
    """Execute one statement and fetch its rows. See `execute_on`."""
    async with psycopg.AsyncRawCursor(connection, row_factory=tuple_row) as cursor:
        if statement.copied is not None:
            async with cursor.copy(statement.sql.text.encode()) as copy:
                for text in statement.copied:
                    await copy.write(text)
            return Result([], cursor.rowcount)
        text, names = statement.sql.dollar
        values = [statement.params[name] for name in names]
        await cursor.execute(text.encode(), values, prepare=prepare, binary=True)
        rows = await cursor.fetchall() if has_rows(cursor) else []
        return Result(rows, cursor.rowcount)
