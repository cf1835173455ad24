"""What a server says that it has spent: bytes of its log, commits, connections, room."""

from __future__ import annotations

from typing import Any, NamedTuple

import psycopg
import pymysql

from benchmarks.growth.filling import dialect_of
from tests.support.databases import mysql_options

MEGABYTE = 1_000_000
POSTGRES_ROOM = """
SELECT sum(pg_table_size(oid)), sum(pg_indexes_size(oid)) FROM pg_class
WHERE relkind = 'r' AND relname LIKE 'rowlock%'
"""
MYSQL_ROOM = """
SELECT sum(data_length), sum(index_length) FROM information_schema.tables
WHERE table_schema = database() AND table_name LIKE 'rowlock%'
"""


class Account(NamedTuple):
    """What was spent since the server or the database was made."""

    log_bytes: int
    commits: int


def account(url: str) -> Account:
    """Return it; other users of the server are counted, too."""
    if dialect_of(url) == "mysql":
        # Statements outside a transaction commit as well.
        return Account(_status(url, "Innodb_os_log_written"), _status(url, "Handler_commit"))
    row = _one(
        url,
        "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint, xact_commit"
        " FROM pg_stat_database WHERE datname = current_database()",
    )
    return Account(*row)


def connections(url: str) -> int:
    """Return how many are open to the database, without the one that asks."""
    if dialect_of(url) == "mysql":
        asked = "SELECT count(*) - 1 FROM information_schema.processlist WHERE db = database()"
    else:
        asked = "SELECT count(*) - 1 FROM pg_stat_activity WHERE datname = current_database()"
    return int(_one(url, asked)[0])


def room(url: str) -> dict[str, float]:
    """Return the megabytes of all our tables, and of all their indexes, on a server."""
    asked = MYSQL_ROOM if dialect_of(url) == "mysql" else POSTGRES_ROOM
    tables, indexes = _one(url, asked)
    return {"tables_mb": float(tables) / MEGABYTE, "indexes_mb": float(indexes) / MEGABYTE}


def _one(url: str, asked: str) -> tuple[Any, ...]:
    row: tuple[Any, ...] | None
    if dialect_of(url) == "mysql":
        with pymysql.connect(**mysql_options(url)) as server, server.cursor() as cursor:
            cursor.execute(asked)
            row = cursor.fetchone()
    else:
        with psycopg.connect(url, autocommit=True) as connection:
            row = connection.execute(asked.encode()).fetchone()
    assert row is not None
    return row


def _status(url: str, name: str) -> int:
    return int(
        _one(
            url,
            "SELECT variable_value FROM information_schema.global_status"  # noqa: S608 - our names
            f" WHERE variable_name = '{name}'",
        )[0]
    )
