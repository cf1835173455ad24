"""The live table is vacuumed as soon as that pays, and seldom where it frees nothing."""

from __future__ import annotations

import logging
import time
from collections.abc import Generator, Iterator
from contextlib import ExitStack, closing, contextmanager

import psycopg
import pytest

from rowlock.storage.postgres import vacuum
from rowlock.storage.storage import Storage
from rowlock.storage.url import open_storage
from tests.contract.steps import new
from tests.support.backends import migrate
from tests.support.databases import fresh_database, stranger

ROWS = 1_000
LEAST = 100
PAUSE = 0.3
PATIENCE_SECONDS = 10.0


class Table:
    """The live table as its owner sees it."""

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn
        self.execute("ALTER TABLE rowlock_task SET (autovacuum_enabled = false)")

    def execute(self, sql: str) -> None:
        with closing(psycopg.connect(self.dsn, autocommit=True)) as connection:
            connection.execute(sql.encode())

    def count(self, column: str) -> int:
        text = f"SELECT {column} FROM pg_stat_all_tables WHERE relname = 'rowlock_task'"  # noqa: S608 - a name from a test
        with closing(psycopg.connect(self.dsn, autocommit=True)) as connection:
            row = connection.execute(text.encode()).fetchone()
        assert row is not None
        return int(row[0])

    @property
    def vacuums(self) -> int:
        return self.count("vacuum_count")

    def kill(self, number: int) -> None:
        """Update that many rows: each leaves a dead one behind."""
        wanted = self.count("n_dead_tup") + number
        self.execute(
            "UPDATE rowlock_task SET attempt = attempt + 1"  # noqa: S608 - a number
            f" WHERE id IN (SELECT id FROM rowlock_task LIMIT {number})"
        )
        self.wait_until("n_dead_tup", wanted)

    def wait_until(self, column: str, number: int) -> None:
        """Wait for a figure, which the server tells a moment late."""
        end = time.monotonic() + PATIENCE_SECONDS
        while self.count(column) < number:
            assert time.monotonic() < end
            time.sleep(0.02)


@pytest.fixture
def dsn(postgres_server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A database of its own, and figures that make small tables and short times enough."""
    monkeypatch.setattr(vacuum, "MIN_DEAD_ROWS", LEAST)
    monkeypatch.setattr(vacuum, "FIRST_PAUSE_SECONDS", PAUSE)
    with fresh_database(postgres_server) as dsn:
        yield dsn


@pytest.fixture
def storage(dsn: str) -> Iterator[Storage]:
    """A storage whose live table holds a thousand rows."""
    with closing(migrate(open_storage(dsn))) as producer:
        tasks = [new() for _ in range(ROWS)]
        producer.runner.run(producer.enqueue.insert_fresh_tasks, tasks, namespace="default")
    with closing(open_storage(dsn)) as storage:
        yield storage


@pytest.fixture
def table(storage: Storage, dsn: str) -> Table:
    table = Table(dsn)
    table.wait_until("n_live_tup", ROWS)
    return table


def do_duty(storage: Storage) -> None:
    """Vacuum if that pays, as upkeep does."""
    assert storage.vacuum is not None
    if storage.runner.run(storage.vacuum.pays):
        storage.vacuum.vacuum()


def test_a_few_dead_rows_are_left(storage, table):
    table.execute("DELETE FROM rowlock_task WHERE id IN (SELECT id FROM rowlock_task LIMIT 900)")
    table.wait_until("n_dead_tup", 900)
    table.execute("VACUUM rowlock_task")
    table.kill(LEAST - 10)
    do_duty(storage)
    assert table.vacuums == 1


def test_a_small_share_of_dead_rows_is_left(storage, table):
    table.kill(LEAST + 50)
    do_duty(storage)
    assert table.vacuums == 0


def test_enough_dead_rows_are_vacuumed_away_at_once(storage, table):
    table.kill(400)
    do_duty(storage)
    assert (table.vacuums, table.count("n_dead_tup")) == (1, 0)
    do_duty(storage)
    assert table.vacuums == 1
    table.kill(400)
    do_duty(storage)
    assert table.vacuums == 2


@contextmanager
def snapshot(dsn: str) -> Generator[None]:
    """Keep every row that is dead from now on from being vacuumed away."""
    with closing(psycopg.connect(dsn)) as reader:
        reader.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        reader.execute("SELECT count(*) FROM rowlock_task")
        yield


def test_it_pauses_ever_longer_while_a_snapshot_keeps_them(storage, table, dsn):
    with snapshot(dsn):
        table.kill(400)
        do_duty(storage)
        assert (table.vacuums, table.count("n_dead_tup")) == (1, 400)
        do_duty(storage)
        assert table.vacuums == 1
        time.sleep(PAUSE)
        do_duty(storage)
        assert table.vacuums == 2
        time.sleep(PAUSE)
        do_duty(storage)
        assert table.vacuums == 2


def test_the_pauses_are_short_again_after_a_vacuum_that_freed_them(storage, table, dsn):
    with snapshot(dsn):
        table.kill(400)
        do_duty(storage)
        time.sleep(PAUSE)
        do_duty(storage)
    time.sleep(2 * PAUSE)
    do_duty(storage)
    assert (table.vacuums, table.count("n_dead_tup")) == (3, 0)
    with snapshot(dsn):
        table.kill(400)
        do_duty(storage)
        time.sleep(PAUSE)
        do_duty(storage)
    assert table.vacuums == 5


def test_a_user_who_may_not_vacuum_does_no_harm(table, dsn):
    table.kill(400)
    with ExitStack() as opened:
        other = opened.enter_context(closing(open_storage(opened.enter_context(stranger(dsn)))))
        do_duty(other)
    assert (table.vacuums, table.count("n_dead_tup")) == (0, 400)


def test_a_server_that_is_away_is_a_warning(caplog):
    caplog.set_level(logging.WARNING, logger="rowlock")
    with closing(open_storage("postgresql://nobody@127.0.0.1:1/nothing")) as storage:
        assert storage.vacuum is not None
        storage.vacuum.vacuum()
    [line] = [record.message for record in caplog.records]
    assert line.startswith("cannot vacuum the live table: ")
