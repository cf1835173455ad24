"""Throw-away servers start, survive a crash with their data, and leave nothing behind."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pymysql
import pytest

from tests.support.databases import database_dsn, fresh_database, mysql_options
from tests.support.fixtures import skip_on_a_laptop
from tests.support.servers import (
    MariaDBServer,
    PostgresServer,
    Server,
    ServerFailedError,
    shared_postgres,
)

pytestmark = pytest.mark.processes


@pytest.fixture(scope="module", params=[PostgresServer, MariaDBServer])
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    with skip_on_a_laptop(), request.param() as server:
        yield server


@pytest.fixture
def database(server: Server) -> Iterator[str]:
    with fresh_database(server.dsn()) as dsn:
        yield dsn


def query(dsn: str, *statements: str) -> list[tuple[object, ...]]:
    connection: psycopg.Connection | pymysql.Connection
    if dsn.startswith("postgresql:"):
        connection = psycopg.connect(dsn)
    else:
        connection = pymysql.connect(**mysql_options(dsn))
    with closing(connection), closing(connection.cursor()) as cursor:
        for statement in statements:
            cursor.execute(statement)
        rows = list(cursor.fetchall()) if cursor.description else []
        connection.commit()
        return rows


def wait_until_gone(directory: Path) -> None:
    deadline = time.monotonic() + 30
    while directory.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not directory.exists()


def test_a_new_server_answers(server, database):
    assert query(database, "SELECT 1 + 1") == [(2,)]


def test_an_immediate_restart_keeps_port_and_committed_rows(server, database):
    port = server.port
    query(database, "CREATE TABLE seat (number INT)", "INSERT INTO seat VALUES (7)")
    server.restart(immediate=True)
    assert server.port == port
    assert query(database, "SELECT number FROM seat") == [(7,)]


def test_a_restart_loses_open_connections_and_their_work(server, database):
    query(database, "CREATE TABLE seat (number INT)")
    left_open = pymysql if server.name == "mariadb" else psycopg
    arguments = mysql_options(database) if server.name == "mariadb" else {"conninfo": database}
    with closing(left_open.connect(**arguments)) as connection:
        connection.cursor().execute("INSERT INTO seat VALUES (7)")
        server.restart(immediate=True)
        with pytest.raises(left_open.OperationalError):
            connection.cursor().execute("SELECT 1")
    assert query(database, "SELECT number FROM seat") == []


def test_a_clean_halt_and_start_keep_committed_rows(server, database):
    query(database, "CREATE TABLE seat (number INT)", "INSERT INTO seat VALUES (7)")
    server.halt(immediate=False)
    server.start()
    assert query(database, "SELECT number FROM seat") == [(7,)]


def test_settings_are_passed_on():
    with skip_on_a_laptop(), PostgresServer({"max_connections": "33"}) as server:
        assert query(server.dsn(), "SHOW max_connections") == [("33",)]
        assert query(server.dsn(), "SHOW fsync") == [("on",)]


@pytest.mark.parametrize("kind", [PostgresServer, MariaDBServer])
def test_stop_deletes_everything(kind):
    with skip_on_a_laptop(), kind() as server:
        directory = server.directory
    assert not directory.exists()


@pytest.mark.parametrize("kind", [PostgresServer, MariaDBServer])
def test_a_failed_start_shows_the_log_and_leaves_nothing(kind):
    with skip_on_a_laptop():
        server = kind({"no_such_setting": "1"})
    with pytest.raises(ServerFailedError, match="no_such_setting"):
        server.start()
    assert not server.directory.exists()


def test_the_server_of_a_killed_run_goes_away():
    with skip_on_a_laptop():
        PostgresServer()
    code = (
        "import sys; from tests.support.servers import PostgresServer\n"
        "server = PostgresServer().start()\n"
        "print(server.directory, server.dsn(), flush=True); sys.stdin.read()"
    )
    run = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with run:
        assert run.stdout is not None
        directory, dsn = run.stdout.readline().split()
        assert query(dsn, "SELECT 1") == [(1,)]
        run.kill()
    wait_until_gone(Path(directory))
    with pytest.raises(psycopg.OperationalError):
        query(dsn, "SELECT 1")


def test_sharing_a_directory_shares_the_server(tmp_path, monkeypatch):
    monkeypatch.delenv("ROWLOCK_TEST_POSTGRES", raising=False)
    with skip_on_a_laptop(), shared_postgres(tmp_path) as first:
        with shared_postgres(tmp_path) as second:
            assert second == first
        assert query(first, "SELECT 1") == [(1,)]


def test_a_named_server_is_used_as_it_is(tmp_path, monkeypatch):
    monkeypatch.setenv("ROWLOCK_TEST_POSTGRES", "postgresql://somebody@somewhere/else")
    with shared_postgres(tmp_path) as dsn:
        assert dsn == "postgresql://somebody@somewhere/else"


def test_a_fresh_database_is_gone_afterwards(server):
    with fresh_database(server.dsn()) as dsn:
        query(dsn, "CREATE TABLE seat (number INT)")
    with pytest.raises((psycopg.OperationalError, pymysql.OperationalError)):
        query(dsn, "SELECT 1")


def test_a_dsn_keeps_its_options_for_another_database():
    dsn = "postgresql://me:secret@host:5433/postgres?sslmode=require"
    assert database_dsn(dsn, "shop") == "postgresql://me:secret@host:5433/shop?sslmode=require"


def test_the_fixtures_give_each_worker_a_database_of_its_own(postgres_dsn, mariadb_dsn):
    assert query(postgres_dsn, "SELECT current_database() LIKE 'rowlock_test_%'") == [(True,)]
    assert query(mariadb_dsn, "SELECT database() LIKE 'rowlock_test_%'") == [(1,)]
