"""The psycopg driver: connections, execution, and its errors in our words."""

from __future__ import annotations

import math
import time
from collections.abc import Generator
from contextlib import suppress
from typing import Any, TypeVar

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import tuple_row

from rowlock.errors import (
    ConfigError,
    SchemaMissingError,
    StorageConflictError,
    StorageDataError,
    StorageDeniedError,
    StorageError,
    StorageUnavailableError,
)
from rowlock.plan import Result, Statement
from rowlock.storage.postgres.planning import (
    LASTING,
    PREPARED_AFTER,
    not_wait_for_disk,
    other_planning,
    plan_anew,
)

T = TypeVar("T")

CONNECT_TIMEOUT_SECONDS = 10
LEAST_CONNECT_TIMEOUT_SECONDS = 2  # libpq has no shorter one
# A half-open socket is noticed by the client within about ten seconds, and by the server when
# it waits for a client that is gone.
_CONNECTION_DEFAULTS: dict[str, Any] = {
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
    "application_name": "rowlock",
}

NOT_RELAXED = (
    "durability='relaxed' cannot be had through a pooler, which passes settings on to others: "
    "use a role of its own and ALTER ROLE ... SET synchronous_commit = off"
)

BEGIN_TRANSACTION = b"BEGIN ISOLATION LEVEL READ COMMITTED"

_CONFLICTS = ("40001", "40P01", "55P03")
_CRASHED = ("57P01", "57P02", "57P03", "57P05", "53300", "25P03")
_KINDS: dict[str, type[StorageError]] = {
    **dict.fromkeys(_CONFLICTS, StorageConflictError),
    **dict.fromkeys(_CRASHED, StorageUnavailableError),
    "42501": StorageDeniedError,
}
_UNDEFINED_TABLE = "42P01"
_READ_ONLY = "25006"
_CONNECTION_CLASS = "08"
_DATA_CLASSES = ("22", "23")


def translated(error: Exception) -> StorageError | None:
    """Return our error for psycopg's, or None if it is not psycopg's."""
    if not isinstance(error, psycopg.Error):
        return None
    state, text = error.sqlstate or "", str(error).strip() or type(error).__name__
    if isinstance(error, psycopg.DataError):
        return StorageDataError(text)
    from_driver = isinstance(error, (psycopg.OperationalError, psycopg.InterfaceError))
    broke = from_driver and not state
    return error_of_state(state, text, otherwise=StorageUnavailableError if broke else StorageError)


def error_of_state(state: str, text: str, *, otherwise: type[StorageError]) -> StorageError:
    """Return our error for a SQLSTATE; one that is not known is what the caller says."""
    if state == _UNDEFINED_TABLE:
        return SchemaMissingError(0, 1)
    if state == _READ_ONLY:
        return StorageUnavailableError(f"connected to a server that only reads: {text}")
    if state.startswith(_DATA_CLASSES):
        otherwise = StorageDataError
    if state.startswith(_CONNECTION_CLASS):
        otherwise = StorageUnavailableError
    return _KINDS.get(state, otherwise)(text)


class HeardConnection(psycopg.Connection[Any]):
    """A connection that is given up when the server is silent for too long.

    The kernel notices a host that is gone. It does not notice a server that hangs: that one's
    host acknowledges all that it gets.

    Attributes:
        silence: After how many seconds without a sign of the server a wait is given up, and the
            connection with it; None waits for ever.
        keeps_plans: Whether the session is set to keep the plans of what it prepares; None if
            that is not known.
    """

    silence: float | None = None
    keeps_plans: bool | None = False

    def wait(self, gen: Generator[Any, Any, T], *args: Any, **given: Any) -> T:
        """Wait for an answer; one that has a limit of its own, for notifications, keeps that."""
        if self.silence is None or args or given:
            return super().wait(gen, *args, **given)
        try:
            return super().wait(heard(gen, self.silence))
        except SilentError as error:
            # Whatever was asked for may happen yet: nothing else can be asked here.
            self.close()
            raise psycopg.OperationalError(str(error)) from None


class SilentError(Exception):
    """The server has been silent for too long."""


def heard(gen: Generator[Any, Any, T], silence: float) -> Generator[Any, Any, T]:
    """Pass a wait's steps on; psycopg makes an empty one every tenth of a second."""
    silent_since = None
    try:
        state = next(gen)
        while True:
            ready = yield state
            if ready:
                silent_since = None
            elif silent_since is None:
                silent_since = time.monotonic()
            elif time.monotonic() - silent_since > silence:
                raise SilentError(f"the server has not answered for {silence:g} s")
            state = gen.send(ready)
    except StopIteration as stop:
        value: T = stop.value
        return value


class PostgresDriver:
    """Connections to one PostgreSQL database.

    Behind a pooler such as PgBouncer nothing is kept in the session: no prepared statements, no
    SET, no advisory locks. A connection that is known to end at the server itself may keep
    statements that are used often; whether their plans too, depends on the statement.

    Attributes:
        dsn: A URL as libpq takes it.
        silence: See `HeardConnection`.
        prepares: Whether statements that are used often are prepared where that is safe.
        relaxed: Whether a commit need not be on disk when it returns.
    """

    def __init__(
        self,
        dsn: str,
        *,
        silence: float | None = None,
        prepares: bool = False,
        relaxed: bool = False,
    ) -> None:
        """Say where the database is.

        Args:
            dsn: A URL as libpq takes it.
            silence: After how many silent seconds an answer is not waited for any longer.
            prepares: Whether statements that are used often are prepared where that is safe.
            relaxed: Whether a commit need not be on disk when it returns.
        """
        self.dsn = dsn
        self.silence = silence
        self.prepares = prepares
        self.relaxed = relaxed
        longest = min(CONNECT_TIMEOUT_SECONDS, math.ceil(silence or CONNECT_TIMEOUT_SECONDS))
        self._defaults: dict[str, Any] = {
            **_CONNECTION_DEFAULTS,
            "connect_timeout": max(longest, LEAST_CONNECT_TIMEOUT_SECONDS),
        }

    @property
    def options(self) -> dict[str, Any]:
        """What a connection is opened with besides the DSN: in autocommit mode."""
        given = conninfo_to_dict(self.dsn)
        defaults = {name: value for name, value in self._defaults.items() if name not in given}
        return {"autocommit": True, "prepare_threshold": None, **defaults}

    def connect(self) -> HeardConnection:
        """Open a connection in autocommit mode."""
        connection = HeardConnection.connect(self.dsn, **self.options)
        connection.silence = self.silence
        if self.prepares and connection.execute(*plan_anew(connection)).fetchone():
            connection.prepare_threshold = PREPARED_AFTER
        if self.relaxed and not connection.execute(*not_wait_for_disk(connection)).fetchone():
            connection.close()
            raise ConfigError(NOT_RELAXED)
        return connection

    def close(self, connection: psycopg.Connection[Any]) -> None:
        """Close the connection."""
        with suppress(psycopg.Error):
            connection.close()

    def begin(self, connection: psycopg.Connection[Any]) -> None:
        """Open a READ COMMITTED transaction, whatever the server's default is."""
        connection.execute(BEGIN_TRANSACTION)

    def commit(self, connection: psycopg.Connection[Any]) -> None:
        """Commit the open transaction."""
        connection.execute(b"COMMIT")

    def rollback(self, connection: HeardConnection) -> None:
        """Roll the open transaction back, and with it what was set meanwhile."""
        connection.keeps_plans = None
        connection.execute(b"ROLLBACK")

    def execute(self, connection: HeardConnection, statement: Statement) -> Result:
        """Execute one statement and fetch its rows."""
        try:
            setting = other_planning(connection, statement)
            if setting is not None:
                connection.execute(setting)
                connection.keeps_plans = statement.name in LASTING
            return execute_on(connection, statement, prepare=None)
        except psycopg.errors.FeatureNotSupported as error:
            if connection.prepare_threshold is None:
                raise
            # Its table was changed after it was prepared. It was not executed, and new connections
            # can do so.
            raise StorageUnavailableError(str(error)) from error

    def translated(self, error: Exception) -> StorageError | None:
        """Return our error for psycopg's, or None if it is not psycopg's."""
        return translated(error)


def execute_on(
    connection: psycopg.Connection[Any], statement: Statement, *, prepare: bool | None = False
) -> Result:
    """Execute one statement and fetch its rows.

    Args:
        connection: Where.
        statement: What.
        prepare: Never, unless None leaves it to the connection; see the class above.
    """
    with psycopg.RawCursor(connection, row_factory=tuple_row) as cursor:
        if statement.copied is not None:
            with cursor.copy(statement.sql.text.encode()) as copy:
                for text in statement.copied:
                    copy.write(text)
            return Result([], cursor.rowcount)
        text, names = statement.sql.dollar
        values = [statement.params[name] for name in names]
        cursor.execute(text.encode(), values, prepare=prepare, binary=True)
        rows = cursor.fetchall() if has_rows(cursor) else []
        return Result(rows, cursor.rowcount)


def has_rows(cursor: psycopg.Cursor[Any] | psycopg.AsyncCursor[Any]) -> bool:
    """Whether there are rows to fetch; `description` would describe every column to tell that."""
    return cursor.pgresult is not None and cursor.pgresult.nfields > 0
