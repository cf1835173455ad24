"""Databases on a running server, named by DSN: made, dropped and addressed."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing, contextmanager
from typing import Any
from urllib.parse import unquote, urlsplit
from uuid import uuid4

import psycopg
import pymysql


def database_dsn(dsn: str, name: str) -> str:
    """The same server's DSN with `name` as its database."""
    return urlsplit(dsn)._replace(path=f"/{name}").geturl()


def mysql_options(dsn: str) -> dict[str, Any]:
    """Read a `mysql://` DSN as keyword arguments of `pymysql.connect`."""
    parts = urlsplit(dsn)
    return {
        "host": parts.hostname or "127.0.0.1",
        "port": parts.port or 3306,
        "user": unquote(parts.username or "root"),
        "password": unquote(parts.password or ""),
        "database": parts.path.lstrip("/") or None,
        "charset": "utf8mb4",
    }


def create_database(dsn: str, name: str) -> str:
    """Create an empty database on the server of `dsn` and return its DSN."""
    _execute(dsn, f"CREATE DATABASE {_checked(name)}")
    return database_dsn(dsn, name)


def drop_database(dsn: str, name: str) -> None:
    """Drop a database, whoever is still connected to it."""
    force = " WITH (FORCE)" if _is_postgres(dsn) else ""
    _execute(dsn, f"DROP DATABASE IF EXISTS {_checked(name)}{force}")


@contextmanager
def fresh_database(dsn: str) -> Generator[str]:
    """Yield the DSN of a new, empty database on the server of `dsn`; drop it at the end."""
    name = f"rowlock_test_{uuid4().hex[:12]}"
    yield create_database(dsn, name)
    drop_database(dsn, name)


@contextmanager
def stranger(dsn: str) -> Generator[str]:
    """Yield the DSN for a user who may read no table but the record of migrations."""
    name = f"rowlock_stranger_{uuid4().hex[:12]}"
    user = name if _is_postgres(dsn) else f"{name}@'%'"
    password = "WITH PASSWORD" if _is_postgres(dsn) else "IDENTIFIED BY"
    _execute(dsn, f"CREATE USER {user} {password} 'hush'")
    _execute(dsn, f"GRANT SELECT ON rowlock_migration TO {user}")
    parts = urlsplit(dsn)
    address = parts.netloc.rpartition("@")[2]
    try:
        yield parts._replace(netloc=f"{name}:hush@{address}").geturl()
    finally:
        _execute(dsn, f"REVOKE SELECT ON rowlock_migration FROM {user}")  # noqa: S608 - our name
        _execute(dsn, f"DROP USER {user}")


def _execute(dsn: str, statement: str) -> None:
    if _is_postgres(dsn):
        with closing(psycopg.connect(dsn, autocommit=True)) as connection:
            connection.execute(statement.encode())
    else:
        with closing(pymysql.connect(**mysql_options(dsn))) as connection:
            connection.cursor().execute(statement)


def _is_postgres(dsn: str) -> bool:
    return urlsplit(dsn).scheme.startswith("postgres")


def _checked(name: str) -> str:
    # A plain word needs no quotes, and the engines do not agree on which quotes.
    if not name.isidentifier():
        raise ValueError(f"not a plain database name: {name!r}")
    return name
