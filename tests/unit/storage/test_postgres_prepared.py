"""Statements are prepared on direct connections, planned each time, and never behind a pooler."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

import psycopg
import pytest

from rowlock import AsyncRowlock, Rowlock, Worker
from rowlock.errors import ConfigError, StorageUnavailableError
from rowlock.plan import Result, Statement
from rowlock.sql_text import SqlText
from rowlock.storage.pool import PooledRunner
from rowlock.storage.postgres.connection import HeardConnection, PostgresDriver
from rowlock.storage.postgres.planning import LASTING, PREPARED_AFTER, SMALL
from tests.support.backends import sql_plan
from tests.support.databases import fresh_database
from tests.support.fixtures import skip_on_a_laptop
from tests.support.pooling import pgbouncer

PREPARED = "SELECT statement, generic_plans, custom_plans FROM pg_prepared_statements"
READ = "SELECT * FROM note WHERE number = :number"


@pytest.fixture(scope="module")
def dsn(postgres_server: str) -> Iterator[str]:
    with fresh_database(postgres_server) as dsn:
        yield dsn


@pytest.fixture(scope="module")
def pooled(dsn: str) -> Iterator[str]:
    """The same database by way of PgBouncer, with fewer connections than clients."""
    with skip_on_a_laptop(), pgbouncer(dsn, size=2) as pooled:
        yield pooled


@pytest.fixture
def table(dsn: str) -> Iterator[psycopg.Connection]:
    with closing(psycopg.connect(dsn, autocommit=True)) as admin:
        admin.execute("CREATE TABLE note (number int PRIMARY KEY)")
        try:
            yield admin
        finally:
            admin.execute("DROP TABLE note")


@contextmanager
def connected(
    dsn: str, *, prepares: bool = True
) -> Iterator[tuple[PostgresDriver, HeardConnection]]:
    driver = PostgresDriver(dsn, prepares=prepares)
    with closing(driver.connect()) as connection:
        yield driver, connection


def read(
    driver: PostgresDriver, connection: HeardConnection, *, times: int = 1, name: str = "read"
) -> Result:
    statement = Statement(name, SqlText(READ), {"number": 1})
    results = [driver.execute(connection, statement) for _ in range(times)]
    return results[-1]


def test_what_is_used_often_is_prepared_and_planned_each_time(dsn, table):
    with connected(dsn) as (driver, connection):
        read(driver, connection, times=PREPARED_AFTER)
        assert connection.execute(PREPARED).fetchall() == []
        read(driver, connection, times=20)
        [(text, generic, custom)] = connection.execute(PREPARED).fetchall()
    assert text.startswith("SELECT * FROM note")
    assert (generic, custom) == (0, 20)


def planning(connection: psycopg.Connection) -> tuple[str, str]:
    names = "current_setting('plan_cache_mode'), current_setting('enable_seqscan')"
    [(mode, seqscan)] = connection.execute(f"SELECT {names}").fetchall()
    return mode, seqscan


ANEW, KEPT = ("force_custom_plan", "on"), ("force_generic_plan", "off")


def test_what_has_one_good_plan_keeps_it(dsn, table):
    with connected(dsn) as (driver, connection):
        read(driver, connection, times=25, name=min(LASTING))
        [(_, generic, custom)] = connection.execute(PREPARED).fetchall()
        assert (generic, custom) == (20, 0)
        assert planning(connection) == KEPT
        read(driver, connection)
        assert planning(connection) == ANEW


def test_a_small_table_is_read_as_the_session_is_set(dsn, table):
    with connected(dsn) as (driver, connection):
        for name, expected in ((min(LASTING), KEPT), ("read", ANEW)):
            read(driver, connection, name=name)
            read(driver, connection, name=min(SMALL))
            assert planning(connection) == expected


def test_what_is_set_in_a_transaction_is_set_again_after_it_was_rolled_back(dsn, table):
    with connected(dsn) as (driver, connection):
        driver.begin(connection)
        read(driver, connection, name=min(LASTING))
        driver.rollback(connection)
        assert planning(connection) == ANEW
        read(driver, connection, name=min(LASTING))
        assert planning(connection) == KEPT


def test_the_settings_of_the_url_come_back(dsn, table):
    with connected(f"{dsn}?options=-c%20enable_sort%3Doff") as (driver, connection):
        read(driver, connection, name=min(LASTING))
        read(driver, connection)
        assert planning(connection) == ANEW
        assert connection.execute("SHOW enable_sort").fetchall() == [("off",)]


def test_other_drivers_prepare_nothing(dsn, table):
    with connected(dsn, prepares=False) as (driver, connection):
        read(driver, connection, times=20)
        assert connection.execute(PREPARED).fetchall() == []


def test_behind_a_pooler_nothing_is_prepared_and_nothing_is_set(pooled, table):
    with connected(pooled) as (driver, connection):
        read(driver, connection, times=20)
        assert connection.execute(PREPARED).fetchall() == []
        assert connection.execute("SHOW plan_cache_mode").fetchall() == [("auto",)]


def test_a_table_that_changes_costs_one_error_and_no_more(dsn, table):
    runner = PooledRunner(PostgresDriver(dsn, prepares=True), size=1)
    plan = lambda: sql_plan("SELECT * FROM note")  # noqa: E731
    with closing(runner):
        for _ in range(2 * PREPARED_AFTER):
            runner.run(plan)
        table.execute("ALTER TABLE note ADD COLUMN text text")
        with pytest.raises(StorageUnavailableError, match="cached plan"):
            runner.run(plan)
        assert runner.run(plan).rows == []


def test_an_app_and_its_workers_use_a_pooler(pooled):
    with closing(Rowlock(pooled, listen_url="", migrate=True)) as app:
        done: list[int] = []

        @app.task(alias="note")
        def note(number: int) -> None:
            done.append(number)

        app.enqueue_many("note", ({"number": number} for number in range(200)))
        for number in range(200, 220):
            app.enqueue("note", {"number": number})
        Worker(app, concurrency=8).run_once()
    assert sorted(done) == list(range(220))


def test_behind_a_pooler_an_app_cannot_be_relaxed(pooled):
    """A setting would be passed on to others."""
    with (
        closing(Rowlock(pooled, listen_url="", durability="relaxed")) as app,
        pytest.raises(ConfigError, match="ALTER ROLE"),
    ):
        app.enqueue(None, {"n": 1})


async def test_behind_a_pooler_an_async_app_cannot_be_relaxed(pooled):
    app = AsyncRowlock(pooled, listen_url="", durability="relaxed")
    with pytest.raises(ConfigError, match="ALTER ROLE"):
        await app.enqueue(None, {"n": 1})
    await app.close()
