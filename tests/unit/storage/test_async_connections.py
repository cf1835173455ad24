"""Async connections to PostgreSQL: how many there are, how they end, what they keep."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, suppress

import psycopg
import pytest

from rowlock.errors import StorageUnavailableError
from rowlock.plan import Plan, Result, Statement
from rowlock.sql_text import SqlText
from rowlock.storage.async_pool import AsyncPool, AsyncPooledRunner
from rowlock.storage.postgres.async_connection import AsyncPostgresDriver
from rowlock.storage.postgres.connection import PostgresDriver
from rowlock.storage.postgres.planning import LASTING, PREPARED_AFTER
from rowlock.storage.url import open_storage
from tests.support.backends import sql_plan
from tests.support.databases import fresh_database
from tests.support.stalling import StallingProxy

OURS = "FROM pg_stat_activity WHERE application_name = 'rowlock' AND datname = current_database()"
COUNT, TERMINATE = f"SELECT count(*) {OURS}", f"SELECT pg_terminate_backend(pid) {OURS}"
PREPARED = (
    "SELECT generic_plans, custom_plans FROM pg_prepared_statements WHERE statement LIKE '%note%'"
)


@pytest.fixture(scope="module")
def dsn(postgres_server: str) -> Iterator[str]:
    with fresh_database(postgres_server) as dsn:
        yield dsn


@pytest.fixture
def admin(dsn: str) -> Iterator[psycopg.Connection]:
    with closing(psycopg.connect(dsn, autocommit=True)) as admin:
        yield admin


def driver(dsn: str, *, silence: float = 30.0) -> AsyncPostgresDriver:
    return AsyncPostgresDriver(PostgresDriver(dsn, silence=silence, prepares=True))


def runner_of(dsn: str, *, silence: float = 30.0) -> AsyncPooledRunner:
    return AsyncPooledRunner(AsyncPool(driver(dsn, silence=silence)), size=2)


@pytest.fixture
async def runner(dsn: str) -> AsyncIterator[AsyncPooledRunner]:
    with closing(runner_of(dsn)) as runner:
        yield runner


def connections(admin: psycopg.Connection) -> int:
    """How many are open; a closed one may be there a moment longer."""
    [(count,)] = admin.execute(COUNT.encode()).fetchall()
    return int(count)


def wait_for_connections(admin: psycopg.Connection, count: int) -> None:
    until = time.monotonic() + 10
    while connections(admin) != count:
        assert time.monotonic() < until
        time.sleep(0.02)


async def test_so_many_are_open_at_most_and_others_wait(runner, admin):
    asked = [runner.read(sql_plan, "SELECT pg_backend_pid() FROM pg_sleep(0.01)") for _ in range(9)]
    answers: list[Result] = await asyncio.gather(*asked)
    assert len({pid for answer in answers for (pid,) in answer.rows}) == 2
    assert connections(admin) == 2


async def test_runners_that_share_a_pool_share_what_is_idle(dsn, admin):
    pool = AsyncPool(driver(dsn))
    with closing(pool):
        for runner in [AsyncPooledRunner(pool, size=2) for _ in range(3)]:
            await runner.read(sql_plan, "SELECT 1")
        assert connections(admin) == 1


async def test_the_last_used_is_used_first(runner, admin):
    await asyncio.gather(*[runner.read(sql_plan, "SELECT pg_sleep(0.05)") for _ in range(2)])
    for _ in range(5):
        await runner.read(sql_plan, "SELECT 1")
    assert admin.execute(f"{COUNT} AND query = 'SELECT 1'".encode()).fetchall() == [(1,)]


async def test_one_that_broke_takes_its_idle_siblings_with_it(runner, admin):
    await asyncio.gather(*[runner.read(sql_plan, "SELECT pg_sleep(0.05)") for _ in range(2)])
    admin.execute(TERMINATE.encode())
    with pytest.raises(StorageUnavailableError) as caught:
        await runner.run(sql_plan, "SELECT 1")
    assert caught.value.outcome_unknown
    assert (await runner.run(sql_plan, "SELECT 1")).rows == [(1,)]


async def test_a_read_survives_a_broken_connection(runner, admin):
    await runner.read(sql_plan, "SELECT 1")
    admin.execute(TERMINATE.encode())
    assert (await runner.read(sql_plan, "SELECT 1")).rows == [(1,)]


def test_an_event_loop_ends_though_a_statement_hangs(dsn, admin):
    async def hang(runner: AsyncPooledRunner) -> None:
        async with asyncio.timeout(0.3):
            await runner.run(sql_plan, "SELECT pg_sleep(60)")

    with closing(runner_of(dsn)) as runner:
        began = time.monotonic()
        with pytest.raises(TimeoutError):
            asyncio.run(hang(runner))
        assert time.monotonic() - began < 3
        # On another event loop, though there was one of two connections that did not come back.
        assert asyncio.run(runner.read(sql_plan, "SELECT 1")).rows == [(1,)]
    admin.execute(f"{TERMINATE} AND query LIKE '%(60)%'".encode())
    wait_for_connections(admin, 0)


def test_what_an_event_loop_left_undone_is_ended_by_the_next_one(dsn, admin):
    runner, loop = runner_of(dsn), asyncio.new_event_loop()

    async def begin() -> None:
        await asyncio.sleep(0.3)

    with closing(runner):
        loop.create_task(runner.run(sql_plan, "SELECT pg_sleep(60)"))
        loop.run_until_complete(begin())
        left = asyncio.all_tasks(loop)
        loop.close()
        assert connections(admin) == 1
        assert asyncio.run(runner.read(sql_plan, "SELECT 1")).rows == [(1,)]
        admin.execute(f"{TERMINATE} AND query LIKE '%(60)%'".encode())
        wait_for_connections(admin, 1)
        assert not runner._under_way
    for task in left:
        task._log_destroy_pending = False  # type: ignore[attr-defined] # it is
        with suppress(RuntimeError):  # its event loop is closed
            task.get_coro().close()


def test_many_event_loops_leave_nothing_behind(dsn):
    with closing(runner_of(dsn)) as runner:

        async def crowd() -> None:
            await asyncio.gather(*[runner.read(sql_plan, "SELECT 1") for _ in range(6)])

        for _ in range(5):
            asyncio.run(crowd())
        assert len(runner._turns) == 1


async def test_a_silent_server_is_given_up_in_doubt(dsn):
    with closing(runner_of(dsn, silence=1.0)) as runner:
        began = time.monotonic()
        with pytest.raises(StorageUnavailableError) as caught:
            await runner.run(sql_plan, "SELECT pg_sleep(3)")
        assert caught.value.outcome_unknown
        assert 0.9 < time.monotonic() - began < 2.9
        assert (await runner.run(sql_plan, "SELECT 1")).rows == [(1,)]


async def test_a_connection_that_is_not_greeted_leaves_no_doubt(dsn):
    port = int(dsn.split("@")[-1].partition(":")[2].partition("/")[0])
    with (
        StallingProxy(port) as proxy,
        closing(open_storage(f"{proxy.url(dsn)}?statement_timeout=1s")) as storage,
    ):
        proxy.stall()
        with pytest.raises(StorageUnavailableError) as caught:
            await storage.async_runner.run(sql_plan, "SELECT 1")
        assert not caught.value.outcome_unknown


async def test_closing_ends_idle_connections_at_once_and_others_when_they_are_back(dsn, admin):
    runner = runner_of(dsn)
    await asyncio.gather(*[runner.read(sql_plan, "SELECT pg_sleep(0.05)") for _ in range(2)])
    busy = asyncio.create_task(runner.read(sql_plan, "SELECT 7 FROM pg_sleep(0.3)"))
    await asyncio.sleep(0.1)
    runner.close()
    wait_for_connections(admin, 1)
    assert (await busy).rows == [(7,)]
    wait_for_connections(admin, 0)


async def test_plans_are_kept_and_made_anew_like_those_of_blocking_connections(dsn, admin):
    admin.execute("CREATE TABLE note (number int PRIMARY KEY)")
    one = driver(dsn)
    connection = await one.connect()
    sql = SqlText("SELECT * FROM note WHERE number = :number")
    try:
        for name, kept in ((min(LASTING), (20, 0)), ("read", (20, 20))):
            for _ in range(PREPARED_AFTER * (kept[1] == 0) + 20):
                await one.execute(connection, Statement(name, sql, {"number": 1}))
            found = await connection.execute(PREPARED.encode())
            assert await found.fetchall() == [kept]
    finally:
        one.close(connection)
        admin.execute("DROP TABLE note")


async def test_a_table_that_changes_costs_one_error_and_no_more(runner, admin):
    admin.execute("CREATE TABLE fickle (number int PRIMARY KEY)")

    def plan() -> Plan[Result]:
        return sql_plan("SELECT * FROM fickle")

    for _ in range(2 * PREPARED_AFTER):
        await runner.run(plan)
    admin.execute("ALTER TABLE fickle ADD COLUMN text text")
    with pytest.raises(StorageUnavailableError, match="cached plan"):
        await runner.run(plan)
    assert (await runner.run(plan)).rows == []


def test_event_loops_that_come_and_go_in_many_threads(dsn):
    """Each finds closed ones to forget while others do the same."""
    errors: list[BaseException] = []

    with closing(runner_of(dsn)) as runner:

        def ask() -> None:
            try:
                for _ in range(30):
                    assert asyncio.run(runner.read(sql_plan, "SELECT 1")).rows == [(1,)]
            except BaseException as error:  # noqa: BLE001 - told to the test
                errors.append(error)

        threads = [threading.Thread(target=ask) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    assert errors == []
