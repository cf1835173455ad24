"""Every kind of transaction that can be joined, with the engine that it belongs to."""

from __future__ import annotations

from functools import partial

import pytest

from tests.transactions.callers import (
    aiomysql_connection,
    aiosqlite_connection,
    alchemy_async_connection,
    alchemy_async_session,
    alchemy_connection,
    alchemy_session,
    asyncmy_connection,
    asyncpg_connection,
    asyncpg_pool_connection,
    django_connection,
    psycopg_async_connection,
    psycopg_connection,
    pymysql_connection,
    sqlite_connection,
)

SYNC = [
    pytest.param("sqlite", sqlite_connection, id="sqlite3"),
    pytest.param("sqlite", partial(alchemy_session, driver="pysqlite"), id="sqlite-session"),
    pytest.param("sqlite", partial(alchemy_connection, driver="pysqlite"), id="sqlite-alchemy"),
    pytest.param("postgres", psycopg_connection, id="psycopg"),
    pytest.param("postgres", partial(alchemy_session, driver="psycopg"), id="psycopg-session"),
    pytest.param("postgres", partial(alchemy_connection, driver="psycopg"), id="psycopg-alchemy"),
    pytest.param("sqlite", django_connection, id="sqlite-django"),
    pytest.param("postgres", django_connection, id="psycopg-django"),
    pytest.param("mariadb", django_connection, id="pymysql-django"),
    pytest.param("mariadb", pymysql_connection, id="pymysql"),
    pytest.param("mariadb", partial(alchemy_session, driver="pymysql"), id="pymysql-session"),
    pytest.param("mariadb", partial(alchemy_connection, driver="pymysql"), id="pymysql-alchemy"),
]

ASYNC = [
    pytest.param("sqlite", aiosqlite_connection, id="aiosqlite"),
    pytest.param(
        "sqlite", partial(alchemy_async_session, driver="aiosqlite"), id="aiosqlite-session"
    ),
    pytest.param(
        "sqlite", partial(alchemy_async_connection, driver="aiosqlite"), id="aiosqlite-alchemy"
    ),
    pytest.param("postgres", psycopg_async_connection, id="psycopg"),
    pytest.param(
        "postgres", partial(alchemy_async_session, driver="psycopg"), id="psycopg-session"
    ),
    pytest.param(
        "postgres", partial(alchemy_async_connection, driver="psycopg"), id="psycopg-alchemy"
    ),
    pytest.param("postgres", asyncpg_connection, id="asyncpg"),
    pytest.param("postgres", asyncpg_pool_connection, id="asyncpg-pool"),
    pytest.param(
        "postgres", partial(alchemy_async_session, driver="asyncpg"), id="asyncpg-session"
    ),
    pytest.param(
        "postgres", partial(alchemy_async_connection, driver="asyncpg"), id="asyncpg-alchemy"
    ),
    pytest.param("mariadb", aiomysql_connection, id="aiomysql"),
    pytest.param(
        "mariadb", partial(alchemy_async_session, driver="aiomysql"), id="aiomysql-session"
    ),
    pytest.param(
        "mariadb", partial(alchemy_async_connection, driver="aiomysql"), id="aiomysql-alchemy"
    ),
    pytest.param("mariadb", asyncmy_connection, id="asyncmy"),
    pytest.param("mariadb", partial(alchemy_async_session, driver="asyncmy"), id="asyncmy-session"),
    pytest.param(
        "mariadb", partial(alchemy_async_connection, driver="asyncmy"), id="asyncmy-alchemy"
    ),
]

of_each_kind = pytest.mark.parametrize(("backend", "begin"), SYNC, indirect=["backend"])
of_each_async_kind = pytest.mark.parametrize(("backend", "begin"), ASYNC, indirect=["backend"])
