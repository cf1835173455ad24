"""Programs with an open transaction of their own, one for each kind that can be joined."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import unquote, urlsplit

import aiomysql
import aiosqlite
import asyncmy
import asyncpg
import django
import psycopg
import pymysql
import sqlalchemy
from django.conf import settings
from django.db import connections
from django.db.transaction import Atomic
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import Session

from tests.support.databases import mysql_options


@dataclass
class Caller:
    """An open transaction.

    Attributes:
        transaction: What is passed to `options(transaction=…)`.
        execute: Runs SQL in it.
    """

    transaction: Any
    execute: Callable[[str], Any]
    commit: Callable[[], Any]
    rollback: Callable[[], Any]


@dataclass
class AsyncCaller:
    """An open async transaction. See `Caller`."""

    transaction: Any
    execute: Callable[[str], Awaitable[Any]]
    commit: Callable[[], Awaitable[Any]]
    rollback: Callable[[], Awaitable[Any]]


def alchemy_url(url: str, driver: str) -> str:
    """The database's URL as SQLAlchemy writes it."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}+{driver}://{rest}"


@contextmanager
def sqlite_connection(url: str) -> Iterator[Caller]:
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
        yield Caller(connection, connection.execute, connection.commit, connection.rollback)


@contextmanager
def psycopg_connection(url: str) -> Iterator[Caller]:
    with closing(psycopg.connect(url)) as connection:
        yield Caller(connection, connection.execute, connection.commit, connection.rollback)


@contextmanager
def pymysql_connection(url: str) -> Iterator[Caller]:
    with closing(pymysql.connect(**mysql_options(url))) as connection:
        execute = connection.cursor().execute
        yield Caller(connection, execute, connection.commit, connection.rollback)


@contextmanager
def alchemy_session(url: str, driver: str) -> Iterator[Caller]:
    engine = sqlalchemy.create_engine(alchemy_url(url, driver))
    with closing_engine(engine), Session(engine) as session:

        def execute(sql: str) -> Any:
            return session.execute(sqlalchemy.text(sql))

        yield Caller(session, execute, session.commit, session.rollback)


@contextmanager
def alchemy_connection(url: str, driver: str) -> Iterator[Caller]:
    engine = sqlalchemy.create_engine(alchemy_url(url, driver))
    with closing_engine(engine), engine.connect() as connection:

        def execute(sql: str) -> Any:
            return connection.execute(sqlalchemy.text(sql))

        yield Caller(connection, execute, connection.commit, connection.rollback)


@contextmanager
def closing_engine(engine: sqlalchemy.Engine) -> Iterator[None]:
    try:
        yield
    finally:
        engine.dispose()


DJANGO_ENGINES = {"sqlite": "sqlite3", "postgresql": "postgresql", "mysql": "mysql"}


def django_settings(url: str) -> dict[str, Any]:
    """The database's URL as Django's settings name it."""
    scheme = url.partition("://")[0]
    engine = f"django.db.backends.{DJANGO_ENGINES[scheme]}"
    if scheme == "sqlite":
        return {"ENGINE": engine, "NAME": url.removeprefix("sqlite:///")}
    parts = urlsplit(url)
    return {
        "ENGINE": engine,
        "NAME": parts.path.removeprefix("/"),
        "HOST": parts.hostname or "",
        "PORT": parts.port or "",
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
    }


def configure_django() -> None:
    """Set Django up, once for all tests of a process."""
    if not settings.configured:
        pymysql.install_as_MySQLdb()
        settings.configure(USE_TZ=True, TIME_ZONE="America/Chicago")
        django.setup()


@contextmanager
def django_database(url: str) -> Iterator[Any]:
    """Django's connection to the database, without an open transaction."""
    configure_django()
    connections.settings = connections.configure_settings({"default": django_settings(url)})
    connection = connections["default"]
    try:
        yield connection
    finally:
        connection.close()
        del connections["default"]


@contextmanager
def django_connection(url: str) -> Iterator[Caller]:
    with django_database(url) as connection:
        block = Atomic(using="default", savepoint=True, durable=False)
        block.__enter__()

        def end(kind: Any) -> None:
            block.__exit__(kind, None, None)

        def again(kind: Any) -> None:
            end(kind)
            block.__enter__()

        def execute(sql: str) -> Any:
            with connection.cursor() as cursor:
                return cursor.execute(sql)

        yield Caller(connection, execute, lambda: again(None), lambda: again(RuntimeError))
        end(RuntimeError)


@asynccontextmanager
async def aiosqlite_connection(url: str) -> AsyncIterator[AsyncCaller]:
    async with aiosqlite.connect(url.removeprefix("sqlite:///")) as connection:
        yield AsyncCaller(connection, connection.execute, connection.commit, connection.rollback)


@asynccontextmanager
async def asyncpg_connection(url: str) -> AsyncIterator[AsyncCaller]:
    connection = await asyncpg.connect(url)
    yield await in_asyncpg_transaction(connection)
    await connection.close()


@asynccontextmanager
async def asyncpg_pool_connection(url: str) -> AsyncIterator[AsyncCaller]:
    async with asyncpg.create_pool(url, min_size=1, max_size=1) as pool, pool.acquire() as one:
        yield await in_asyncpg_transaction(one)


async def in_asyncpg_transaction(connection: Any) -> AsyncCaller:
    transactions = [connection.transaction()]
    await transactions[-1].start()

    async def end(how: str) -> None:
        await getattr(transactions[-1], how)()
        transactions.append(connection.transaction())
        await transactions[-1].start()

    commit, rollback = partial(end, "commit"), partial(end, "rollback")
    return AsyncCaller(connection, connection.execute, commit, rollback)


@asynccontextmanager
async def aiomysql_connection(url: str) -> AsyncIterator[AsyncCaller]:
    async with aiomysql.connect(**async_mysql_options(url)) as connection:

        async def execute(sql: str) -> Any:
            async with connection.cursor() as cursor:
                return await cursor.execute(sql)

        yield AsyncCaller(connection, execute, connection.commit, connection.rollback)


@asynccontextmanager
async def asyncmy_connection(url: str) -> AsyncIterator[AsyncCaller]:
    async with asyncmy.connect(**async_mysql_options(url)) as connection:

        async def execute(sql: str) -> Any:
            async with connection.cursor() as cursor:
                return await cursor.execute(sql)

        yield AsyncCaller(connection, execute, connection.commit, connection.rollback)


def async_mysql_options(url: str) -> dict[str, Any]:
    """Read a `mysql://` URL as the async drivers take it."""
    options = mysql_options(url)
    options["db"] = options.pop("database")
    return options


@asynccontextmanager
async def psycopg_async_connection(url: str) -> AsyncIterator[AsyncCaller]:
    async with await psycopg.AsyncConnection.connect(url) as connection:
        yield AsyncCaller(connection, connection.execute, connection.commit, connection.rollback)


@asynccontextmanager
async def async_engine(url: str, driver: str) -> AsyncIterator[AsyncEngine]:
    engine = create_async_engine(alchemy_url(url, driver))
    try:
        yield engine
    finally:
        await engine.dispose()


@asynccontextmanager
async def alchemy_async_session(url: str, driver: str) -> AsyncIterator[AsyncCaller]:
    async with async_engine(url, driver) as engine, AsyncSession(engine) as session:

        async def execute(sql: str) -> Any:
            return await session.execute(sqlalchemy.text(sql))

        yield AsyncCaller(session, execute, session.commit, session.rollback)


@asynccontextmanager
async def alchemy_async_connection(url: str, driver: str) -> AsyncIterator[AsyncCaller]:
    async with async_engine(url, driver) as engine, engine.connect() as connection:

        async def execute(sql: str) -> Any:
            return await connection.execute(sqlalchemy.text(sql))

        yield AsyncCaller(connection, execute, connection.commit, connection.rollback)
