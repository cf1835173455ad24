"""Migrations where DDL commits by itself: half-way, several at once, and the lock's release."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from copy import copy
from pathlib import Path

import pymysql
import pytest

from rowlock.errors import StorageConflictError, StorageError, StorageUnavailableError
from rowlock.plan import drive
from rowlock.storage.storage import Storage
from rowlock.storage.url import open_storage
from tests.plans.explaining import driver_of
from tests.support.backends import sql_plan, table_names
from tests.support.databases import fresh_database, mysql_options


@pytest.fixture
def url(mariadb_server) -> Iterator[str]:
    with fresh_database(mariadb_server) as dsn:
        yield dsn


@pytest.fixture
def storage(url) -> Iterator[Storage]:
    with closing(open_storage(url)) as storage:
        yield storage


def tables(storage: Storage) -> set[str]:
    sql = "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()"
    return {row[0] for row in storage.runner.read(sql_plan, sql).rows}


def lock_is_free(url: str) -> bool:
    """Whether another session could take the lock, which is asked for without waiting."""
    with closing(open_storage(url)) as storage:
        text = storage.catalog.text("lock_migrations").text.replace(", 20)", ", 0)")
        table = {"table": "rowlock_migration"}
        return storage.runner.read(sql_plan, text, table).rows == [(1,)]


def statements_in_all(storage: Storage) -> int:
    return sum(len(migration.statements) for migration in storage.migrations.all)


class KilledError(Exception):
    pass


@pytest.mark.parametrize("share", [0.0, 0.3, 0.6, 1.0])
def test_a_migration_that_was_killed_half_way_is_finished_by_the_next(url, share):
    with closing(open_storage(url)) as killed:
        driver = driver_of(killed)
        connection = driver.connect()
        left = int(statements_in_all(killed) * share)

        def execute(statement):
            nonlocal left
            if statement.name == "begin":
                return driver.begin(connection)
            if statement.name in {"migration", "record_migration", "unlock_migrations"}:
                if left == 0:
                    driver.close(connection)
                    raise KilledError
                left -= 1
            return driver.execute(connection, statement)

        with pytest.raises(KilledError):
            drive(killed.migrations.apply(), execute)
        finished = len(killed.runner.read(killed.migrations.applied))
        assert finished < len(killed.migrations.all)
    with closing(open_storage(url)) as storage:
        assert storage.runner.run(storage.migrations.apply) == storage.migrations.all[finished:]
        storage.runner.read(storage.migrations.verify)
        assert tables(storage) == {*table_names(storage), "rowlock_migration"}


def test_every_statement_of_every_migration_can_be_run_again(storage):
    storage.runner.run(storage.migrations.apply)
    for migration in storage.migrations.all:
        for text in migration.statements:
            storage.runner.run(sql_plan, text)


def test_several_at_once_apply_each_migration_once(url):
    storages = [open_storage(url) for _ in range(5)]
    with ThreadPoolExecutor(len(storages)) as threads:
        applied = list(threads.map(lambda s: s.runner.run(s.migrations.apply), storages))
    assert sorted(map(len, applied)) == [0, 0, 0, 0, len(storages[0].migrations.all)]
    for storage in storages:
        storage.close()


def test_the_lock_is_given_back(url, storage):
    storage.runner.run(storage.migrations.apply)
    assert lock_is_free(url)


def test_the_lock_is_given_back_after_an_error(url, storage, tmp_path):
    broken = copy(storage.migrations)
    broken._folder = tmp_path
    (tmp_path / "0001_broken.sql").write_text("CREATE NONSENSE;\n")
    with pytest.raises(StorageError):
        storage.runner.run(broken.apply)
    assert lock_is_free(url)
    assert storage.runner.run(storage.migrations.apply) == storage.migrations.all


def test_the_lock_goes_with_a_connection_that_broke(url, storage, mariadb_server):
    driver = driver_of(storage)
    connection = driver.connect()
    with closing(pymysql.connect(**mysql_options(mariadb_server))) as admin:

        def execute(statement):
            if statement.name == "create_migration_table":
                admin.cursor().execute(f"KILL {connection.thread_id()}")
            if statement.name == "begin":
                return driver.begin(connection)
            return driver.execute(connection, statement)

        with pytest.raises(pymysql.MySQLError) as caught:
            drive(storage.migrations.apply(), execute)
    assert isinstance(driver.translated(caught.value), StorageUnavailableError)
    driver.close(connection)
    deadline = time.monotonic() + 10
    while not lock_is_free(url):
        assert time.monotonic() < deadline
    assert storage.runner.run(storage.migrations.apply) == storage.migrations.all


def test_who_does_not_get_the_lock_in_time_says_so(url, storage, monkeypatch):
    text = storage.catalog.text("lock_migrations")
    monkeypatch.setattr(text, "text", text.text.replace(", 20)", ", 0)"))
    with closing(open_storage(url)) as holder:
        table = {"table": "rowlock_migration"}
        holder.runner.run(sql_plan, holder.catalog.text("lock_migrations").text, table)
        with pytest.raises(StorageConflictError, match="migrating"):
            storage.runner._run_once(storage.migrations.apply())
    assert tables(storage) == set()


def test_databases_of_one_server_do_not_wait_for_each_other(url, mariadb_server):
    with fresh_database(mariadb_server) as other, closing(open_storage(other)) as holder:
        table = {"table": "rowlock_migration"}
        holder.runner.run(sql_plan, holder.catalog.text("lock_migrations").text, table)
        assert lock_is_free(url)


def test_the_printed_script_has_no_parameters_left(storage):
    lines = storage.migrations.script().splitlines()
    assert not any(":" in line for line in lines if not line.strip().startswith("--"))
    assert any("INSERT INTO rowlock_migration" in line for line in lines)


def test_a_prefix_reaches_every_table_and_index(url):
    with closing(open_storage(url, prefix="mine_")) as storage:
        storage.runner.run(storage.migrations.apply)
        assert all(name.startswith("mine_") for name in tables(storage))
        sql = (
            "SELECT DISTINCT index_name FROM information_schema.statistics "
            "WHERE table_schema = DATABASE() AND index_name <> 'PRIMARY'"
        )
        indexes = [row[0] for row in storage.runner.read(sql_plan, sql).rows]
        assert indexes
        assert all(name.startswith("ix_mine_") for name in indexes)


def test_the_longest_prefix_fits_the_servers_names(url):
    with closing(open_storage(url, prefix="a" * 31)) as storage:
        assert storage.runner.run(storage.migrations.apply) == storage.migrations.all
        storage.runner.read(storage.migrations.verify)


def test_shipped_files_name_no_engine_but_innodb():
    folder = Path(open_storage("mysql://nowhere/nothing").migrations._folder)
    for path in folder.glob("*.sql"):
        text = path.read_text()
        assert text.count("CREATE TABLE IF NOT EXISTS") == text.count("ENGINE = InnoDB")
