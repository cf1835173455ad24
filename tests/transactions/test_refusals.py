"""What is no open transaction of the app's engine is refused, and nothing is stored."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing

import aiomysql
import aiosqlite
import asyncmy
import asyncpg
import psycopg
import pymysql
import pytest
import sqlalchemy
from django.db import connections
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session, sessionmaker

from rowlock.errors import InvalidValueError
from tests.app.steps import greeting, is_empty
from tests.support.backends import DURABLE, SERVERS
from tests.support.databases import mysql_options
from tests.transactions.callers import alchemy_url, async_mysql_options, django_database
from tests.transactions.kinds import of_each_async_kind, of_each_kind

ON_SQLITE = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
ON_POSTGRES = pytest.mark.parametrize("backend", ["postgres"], indirect=True)
ON_MARIADB = pytest.mark.parametrize("backend", ["mariadb"], indirect=True)
DRIVERS = {"sqlite": "pysqlite", "postgresql": "psycopg", "mysql": "pymysql"}


def refused(app, transaction) -> str:
    with pytest.raises(InvalidValueError) as caught:
        app.enqueue(None, 1, transaction=transaction)
    assert caught.value.field == "transaction"
    assert is_empty(app)
    return caught.value.problem


async def refused_async(app, transaction) -> str:
    greet = app.task(alias="greet")(lambda: None)
    with pytest.raises(InvalidValueError) as caught:
        await greet.options(transaction=transaction).aenqueue()
    assert caught.value.field == "transaction"
    assert is_empty(app)
    return caught.value.problem


@ON_SQLITE
def test_an_autocommit_sqlite3_connection_is_refused(app, backend):
    path = backend.url.removeprefix("sqlite:///")
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        assert "autocommit" in refused(app, connection)


@ON_SQLITE
def test_an_autocommit_sqlite3_connection_in_a_transaction_of_its_own_joins(app, backend):
    path = backend.url.removeprefix("sqlite:///")
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN")
        app.enqueue(None, 1, transaction=connection)
        connection.execute("ROLLBACK")
        assert is_empty(app)
        connection.execute("BEGIN")
        app.enqueue(None, 1, transaction=connection)
        connection.execute("COMMIT")
    assert len(app.list_tasks()) == 1


@ON_SQLITE
async def test_an_autocommit_aiosqlite_connection_is_refused(app, backend):
    path = backend.url.removeprefix("sqlite:///")
    async with aiosqlite.connect(path, isolation_level=None) as connection:
        assert "autocommit" in await refused_async(app, connection)


@ON_POSTGRES
def test_an_autocommit_psycopg_connection_is_refused(app, backend):
    with closing(psycopg.connect(backend.url, autocommit=True)) as connection:
        assert "autocommit" in refused(app, connection)


@ON_POSTGRES
def test_an_autocommit_psycopg_connection_in_a_transaction_block_joins(app, backend):
    with closing(psycopg.connect(backend.url, autocommit=True)) as connection:
        with connection.transaction(force_rollback=True):
            app.enqueue(None, 1, transaction=connection)
        assert is_empty(app)
        with connection.transaction():
            app.enqueue(None, 1, transaction=connection)
    assert len(app.list_tasks()) == 1


@ON_POSTGRES
async def test_an_autocommit_async_psycopg_connection_is_refused(app, backend):
    async with await psycopg.AsyncConnection.connect(backend.url, autocommit=True) as connection:
        assert "autocommit" in await refused_async(app, connection)


@ON_MARIADB
def test_an_autocommit_pymysql_connection_is_refused(app, backend):
    options = mysql_options(backend.url)
    with closing(pymysql.connect(**options, autocommit=True)) as connection:
        assert "autocommit" in refused(app, connection)


@ON_MARIADB
def test_an_autocommit_pymysql_connection_in_a_transaction_joins(app, backend):
    options = mysql_options(backend.url)
    with closing(pymysql.connect(**options, autocommit=True)) as connection:
        connection.begin()
        app.enqueue(None, 1, transaction=connection)
        connection.rollback()
    assert is_empty(app)


@ON_POSTGRES
async def test_an_asyncpg_connection_without_a_transaction_is_refused(app, backend):
    connection = await asyncpg.connect(backend.url)
    assert "autocommit" in await refused_async(app, connection)
    await connection.close()


@ON_MARIADB
@pytest.mark.parametrize("driver", [aiomysql, asyncmy])
async def test_an_autocommit_async_mysql_connection_is_refused(app, backend, driver):
    options = async_mysql_options(backend.url)
    async with driver.connect(**options, autocommit=True) as connection:
        assert "autocommit" in await refused_async(app, connection)
        await connection.begin()
        await greeting(app).options(transaction=connection).aenqueue()
        await connection.rollback()
    assert is_empty(app)


@pytest.mark.parametrize("backend", DURABLE, indirect=True)
def test_django_outside_of_atomic_is_refused(app, backend):
    with django_database(backend.url) as connection:
        assert "transaction.atomic()" in refused(app, connection)


@pytest.mark.parametrize("backend", DURABLE, indirect=True)
def test_what_else_comes_from_django_is_refused(app, backend):
    assert "ConnectionHandler" in refused(app, connections)


@of_each_kind
def test_a_closed_connection_is_refused(app, backend, begin):
    with begin(backend.url) as caller:
        transaction = caller.transaction
        if isinstance(transaction, Session):
            transaction = transaction.connection()
    assert refused(app, transaction)


@of_each_async_kind
async def test_a_closed_async_connection_is_refused(app, backend, begin):
    async with begin(backend.url) as caller:
        transaction = caller.transaction
        if isinstance(transaction, AsyncSession):
            transaction = await transaction.connection()
    assert await refused_async(app, transaction)


@pytest.mark.parametrize("backend", DURABLE, indirect=True)
def test_an_autocommit_sqlalchemy_connection_is_refused(app, backend):
    driver = DRIVERS[backend.url.partition("://")[0]]
    url = alchemy_url(backend.url, driver)
    engine = sqlalchemy.create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        assert "autocommit" in refused(app, connection)
    with Session(engine) as session:
        assert "autocommit" in refused(app, session)
    engine.dispose()


@pytest.mark.parametrize("backend", SERVERS, indirect=True)
def test_a_transaction_of_another_engine_is_refused(app):
    with closing(sqlite3.connect(":memory:")) as connection:
        assert "sqlite3.Connection" in refused(app, connection)


@ON_SQLITE
def test_a_server_transaction_is_refused_by_a_file(app, postgres_dsn):
    with closing(psycopg.connect(postgres_dsn)) as connection:
        assert "psycopg.Connection" in refused(app, connection)


@pytest.mark.parametrize("backend", DURABLE, indirect=True)
@pytest.mark.parametrize("transaction", ["text", 5, object(), True])
def test_what_is_no_transaction_at_all_is_refused(app, transaction):
    assert "not an open transaction" in refused(app, transaction)


@pytest.mark.parametrize("backend", DURABLE, indirect=True)
def test_a_sqlalchemy_engine_or_factory_is_refused(app, backend):
    driver = DRIVERS[backend.url.partition("://")[0]]
    engine = sqlalchemy.create_engine(alchemy_url(backend.url, driver))
    assert "Engine" in refused(app, engine)
    assert "sessionmaker" in refused(app, sessionmaker(engine))
    engine.dispose()


@of_each_async_kind
async def test_an_async_transaction_is_refused_by_the_sync_methods(app, backend, begin):
    async with begin(backend.url) as caller:
        assert "async" in refused(app, caller.transaction)


@of_each_kind
def test_a_sync_transaction_is_refused_by_the_async_methods(app, backend, begin):
    with begin(backend.url) as caller:
        asyncio.run(refused_async(app, caller.transaction))
