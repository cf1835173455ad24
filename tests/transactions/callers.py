"""Programs with an open transaction of their own, one for each kind that can be joined."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass
from typing import Any

import aiosqlite
import psycopg
import pymysql
import sqlalchemy
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
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


@asynccontextmanager
async def aiosqlite_connection(url: str) -> AsyncIterator[AsyncCaller]:
    async with aiosqlite.connect(url.removeprefix("sqlite:///")) as connection:
        yield AsyncCaller(connection, connection.execute, connection.commit, connection.rollback)


@asynccontextmanager
async def psycopg_async_connection(url: str) -> AsyncIterator[AsyncCaller]:
    async with await psycopg.AsyncConnection.connect(url) as connection:
        yield AsyncCaller(connection, connection.execute, connection.commit, connection.rollback)


@asynccontextmanager
async def alchemy_async_session(url: str, driver: str) -> AsyncIterator[AsyncCaller]:
    engine = create_async_engine(alchemy_url(url, driver))
    async with AsyncSession(engine) as session:

        async def execute(sql: str) -> Any:
            return await session.execute(sqlalchemy.text(sql))

        yield AsyncCaller(session, execute, session.commit, session.rollback)
    await engine.dispose()


@asynccontextmanager
async def alchemy_async_connection(url: str, driver: str) -> AsyncIterator[AsyncCaller]:
    engine = create_async_engine(alchemy_url(url, driver))
    async with engine.connect() as connection:

        async def execute(sql: str) -> Any:
            return await connection.execute(sqlalchemy.text(sql))

        yield AsyncCaller(connection, execute, connection.commit, connection.rollback)
    await engine.dispose()
