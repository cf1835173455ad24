"""The PyMySQL driver: connections, execution, and its errors in our words."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pymysql
from pymysql.constants import FIELD_TYPE
from pymysql.converters import conversions

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
from rowlock.storage.mysql.parameters import rendered

CONNECT_TIMEOUT_SECONDS = 10

# A half-open socket is noticed within about ten seconds, as on the other engines.
_KEEPALIVE = {"TCP_KEEPIDLE": 5, "TCP_KEEPINTVL": 2, "TCP_KEEPCNT": 3, "TCP_USER_TIMEOUT": 10_000}

_SQL_MODE = (
    "STRICT_ALL_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,"
    "NO_ENGINE_SUBSTITUTION,ONLY_FULL_GROUP_BY"
)

# A wait for a row or for a table's definition ends with an error that is tried again. An idle
# connection is not the server's to close: the pool keeps few, and each may hold no lock.
_SESSION = {
    "sql_mode": f"'{_SQL_MODE}'",
    "time_zone": "'+00:00'",
    "autocommit": "1",
    "innodb_lock_wait_timeout": "5",
    "lock_wait_timeout": "10",
    "wait_timeout": "86400",
}
# Known to MariaDB alone: a transaction whose client is gone ends, and with it its locks.
_SESSION_WHERE_KNOWN = {"idle_transaction_timeout": "10"}

_ASKED = (
    "tx_isolation",
    "transaction_isolation",
    "log_bin",
    "binlog_format",
    "max_allowed_packet",
    "sql_mode",
    *_SESSION_WHERE_KNOWN,
)

_NO_SUCH_TABLE = 1146
_READ_ONLY = (1290, 1792, 1836)
_CONFLICTS = (
    1020,  # record has changed since last read (innodb_snapshot_isolation)
    1205,  # lock wait timeout: rolls back the statement alone, so the runner must do the rest
    1213,  # deadlock, and a certification failure of Galera
    3572,  # NOWAIT
)
_DENIED = (1142, 1143, 1227, 1370)  # a statement on a table, a column, an account, a routine
_UNAVAILABLE = (
    0,  # not the server's: the driver's connection is closed or out of step
    1021, 1030, 1114,  # disk full
    1037, 1038, 1041,  # out of memory
    1040, 1129, 1130, 1203, 1226,  # too many connections, host not let in
    1044, 1045, 1049, 1698,  # access denied, unknown database
    1047,  # Galera: the node is not ready
    1053, 1152, 1158, 1159, 1160, 1161, 1184,  # shutdown, aborted or broken connection
    1317, 1969, 3024,  # interrupted by an administrator or a time limit
    1927, 2002, 2003, 2006, 2013, 2026, 2055, 4031,  # connection killed, refused, lost
    *_READ_ONLY,
)  # fmt: skip
_DATA = (
    1048, 1062, 1216, 1217, 1364, 1451, 1452, 3819, 4025,  # constraints
    1153,  # a packet over max_allowed_packet
    1264, 1265, 1292, 1366, 1367, 1406, 1411, 1441, 1690, 3140, 3141, 4035, 4037,  # values
)  # fmt: skip
_KINDS: dict[int, type[StorageError]] = {
    **dict.fromkeys(_CONFLICTS, StorageConflictError),
    **dict.fromkeys(_DENIED, StorageDeniedError),
    **dict.fromkeys(_UNAVAILABLE, StorageUnavailableError),
    **dict.fromkeys(_DATA, StorageDataError),
}


def translated(error: Exception) -> StorageError | None:
    """Return our error for PyMySQL's, or None if it is not PyMySQL's."""
    if isinstance(error, UnicodeEncodeError):
        return StorageDataError(str(error))
    if isinstance(error, OSError):
        return StorageUnavailableError(str(error))
    if not isinstance(error, pymysql.MySQLError):
        return None
    refused = isinstance(error, (pymysql.IntegrityError, pymysql.DataError))
    return translated_code(error, refused=refused)


def translated_code(error: Exception, *, refused: bool) -> StorageError:
    """Return our error for one with a server's code; `refused` is its class for bad values."""
    code, text = _code_and_text(error)
    if code == _NO_SUCH_TABLE:
        return SchemaMissingError(0, 1)
    if code in _READ_ONLY:
        text = f"connected to a server that only reads: {text}"
    return _KINDS.get(code, StorageDataError if refused else StorageError)(text)


def _code_and_text(error: Exception) -> tuple[int, str]:
    args: tuple[Any, ...] = error.args
    if args and isinstance(args[0], int):
        code, text = args[0], " ".join(str(part) for part in args[1:])
        return code, f"({code}) {text}" if text else "the connection is closed"
    return 0, str(error) or type(error).__name__


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a server is and who we are there; `tls` holds PyMySQL's options for it."""

    database: str
    host: str = "localhost"
    port: int = 3306
    user: str | None = None
    password: str = field(default="", repr=False)
    unix_socket: str | None = None
    tls: Mapping[str, Any] = field(default_factory=dict[str, Any])


class MySQLDriver:
    """Connections to one MySQL or MariaDB database.

    The server counts rows that an UPDATE changed, not those it matched (`CLIENT.FOUND_ROWS`
    is off), because only so `INSERT … ON DUPLICATE KEY UPDATE id = id` counts what it
    inserted. An UPDATE whose count matters must change the row whenever it matches.
    """

    def __init__(self, address: Address, *, silence: float | None = None) -> None:
        """Say where the database is.

        Args:
            address: Of the server.
            silence: After how many seconds without a sign of the server a statement is given
                up, and the connection with it; None waits for ever.
        """
        self._address = address
        self._silence = silence
        self._patience = min(CONNECT_TIMEOUT_SECONDS, silence or CONNECT_TIMEOUT_SECONDS)

    def connect(self) -> pymysql.Connection[Any]:
        """Open a connection in autocommit mode, with the session settings that we rely on."""
        address = self._address
        connection = _unconnected(address, self._patience)
        channel = None if address.unix_socket else _tcp_socket(address, self._patience)
        try:
            connection.connect(channel)
            _prepare(connection)
            connection.allow_silence(self._silence)
        except BaseException as error:
            self.close(connection)
            if channel is not None:
                channel.close()
            if isinstance(error, RuntimeError):
                # PyMySQL's words for a password exchange that needs RSA.
                text = f"{error}; or connect with TLS or through a Unix socket"
                raise ConfigError(text) from error
            raise
        return connection

    def close(self, connection: pymysql.Connection[Any]) -> None:
        """Close the connection."""
        with suppress(pymysql.MySQLError, OSError):
            connection.close()

    def begin(self, connection: pymysql.Connection[Any]) -> None:
        """Open a transaction."""
        connection.begin()

    def commit(self, connection: pymysql.Connection[Any]) -> None:
        """Commit the open transaction."""
        connection.commit()

    def rollback(self, connection: pymysql.Connection[Any]) -> None:
        """Roll the open transaction back; an error may have undone no more than a statement."""
        connection.rollback()

    def execute(self, connection: pymysql.Connection[Any], statement: Statement) -> Result:
        """Execute one statement and fetch its rows."""
        try:
            return _sent(connection, rendered(statement.sql, statement.params))
        except (pymysql.MySQLError, StorageError):
            raise
        except BaseException:
            # Stopped between question and answer: the next one here would read this answer.
            self.close(connection)
            raise

    def translated(self, error: Exception) -> StorageError | None:
        """Return our error for PyMySQL's, or None if it is not PyMySQL's."""
        return translated(error)


def _sent(connection: pymysql.Connection[Any], text: str) -> Result:
    data = text.encode()
    limit: int = connection.max_allowed_packet
    if len(data) >= limit:
        # The server would drop the connection without a word.
        raise StorageDataError(
            f"a statement of {len(data):,} bytes; the server's max_allowed_packet is {limit:,}"
        )
    with connection.cursor() as cursor:
        count = cursor.execute(data)
        return Result(list(cursor.fetchall()) if cursor.description else [], count)


# The driver reads times with a regular expression, at ten times the cost.
_CONVERSIONS: dict[int | type[Any], Callable[..., Any]] = dict(conversions.items())
_CONVERSIONS[FIELD_TYPE.DATETIME] = datetime.fromisoformat


# Generic for type checkers alone.
class HeardConnection(pymysql.Connection):  # pyright: ignore[reportMissingTypeArgument]
    """A connection that can be told to wait longer for answers than for the greeting."""

    def allow_silence(self, seconds: float | None) -> None:
        """Give the server up after so many seconds without a sign of it; None for never."""
        self._read_timeout = self._write_timeout = seconds


def _unconnected(address: Address, patience: float) -> HeardConnection:
    try:
        return HeardConnection(
            host=address.host,
            port=address.port,
            user=address.user,
            password=address.password.encode(),
            database=address.database,
            unix_socket=address.unix_socket,
            charset="utf8mb4",
            autocommit=None,
            conv=_CONVERSIONS,
            connect_timeout=patience,
            read_timeout=patience,
            write_timeout=patience,
            program_name="rowlock",
            defer_connect=True,
            **address.tls,
        )
    except OSError as error:
        raise ConfigError(f"the certificates for TLS cannot be read: {error}") from error


def _tcp_socket(address: Address, patience: float) -> socket.socket:
    where = (address.host, address.port)
    try:
        connected = socket.create_connection(where, patience)
    except OSError as error:
        text = f"cannot connect to {address.host}:{address.port}: {error}"
        raise StorageUnavailableError(text) from error
    connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _KEEPALIVE.items():
        if hasattr(socket, name):  # not on every platform
            connected.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
    return connected


def _prepare(connection: pymysql.Connection[Any]) -> None:
    known = _variables(connection)
    settings = dict(_SESSION)
    settings |= {name: value for name, value in _SESSION_WHERE_KNOWN.items() if name in known}
    with connection.cursor() as cursor:
        cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")
        assignments = ", ".join(f"SESSION {name} = {value}" for name, value in settings.items())
        cursor.execute(f"SET {assignments}")
    found = _variables(connection)
    isolation = found.get("transaction_isolation") or found.get("tx_isolation")
    if isolation != "READ-COMMITTED":
        raise ConfigError(f"the server keeps its isolation level {isolation}, not READ COMMITTED")
    if "STRICT_ALL_TABLES" not in found["sql_mode"]:
        raise ConfigError(f"the server keeps its sql_mode {found['sql_mode']!r}")
    if found["log_bin"] == "ON" and found["binlog_format"] == "STATEMENT":
        raise ConfigError("binlog_format is STATEMENT: replicas would differ; use ROW or MIXED")
    connection.max_allowed_packet = int(found["max_allowed_packet"])


def _variables(connection: pymysql.Connection[Any]) -> dict[str, str]:
    names = ", ".join(f"'{name}'" for name in _ASKED)
    with connection.cursor() as cursor:
        cursor.execute(f"SHOW SESSION VARIABLES WHERE Variable_name IN ({names})")
        return {str(name): str(value) for name, value in cursor.fetchall()}
