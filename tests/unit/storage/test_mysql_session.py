"""What a connection promises, whatever the server's own settings are."""

from __future__ import annotations

import gc
import os
import signal
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pymysql
import pytest

from rowlock.errors import (
    ConfigError,
    StorageDataError,
    StorageUnavailableError,
)
from rowlock.model import json_text
from rowlock.plan import Statement
from rowlock.sql_text import SqlText
from rowlock.storage.mysql import connection as mysql_connection
from rowlock.storage.mysql.connection import MySQLDriver
from rowlock.storage.mysql.opening import address_from
from rowlock.storage.pool import PooledRunner
from rowlock.storage.url import open_storage
from tests.contract.steps import (
    claim,
    done,
    finish,
    found,
    get,
    insert,
    new,
    rescue,
)
from tests.support.backends import Backend, migrate, sql_plan
from tests.support.databases import fresh_database, mysql_options

pytestmark = pytest.mark.parametrize("backend", ["mariadb"], indirect=True)


@pytest.fixture
def driver(backend) -> MySQLDriver:
    return MySQLDriver(address_from(backend.url))


@pytest.fixture
def admin(mariadb_server) -> Iterator[pymysql.cursors.Cursor]:
    with closing(pymysql.connect(**mysql_options(mariadb_server), autocommit=True)) as connection:
        yield connection.cursor()


@contextmanager
def set_globally(admin, name: str, value: str) -> Iterator[None]:
    admin.execute(f"SELECT @@GLOBAL.{name}")
    [[before]] = admin.fetchall()
    admin.execute(f"SET GLOBAL {name} = {value}")
    try:
        yield
    finally:
        admin.execute(f"SET GLOBAL {name} = %s", (before,))


def ask(driver: MySQLDriver, connection, sql: str, **params: Any) -> list[tuple[Any, ...]]:
    return driver.execute(connection, Statement("test", SqlText(sql), params)).rows


def variables(driver: MySQLDriver, *names: str) -> list[Any]:
    with closing(driver.connect()) as connection:
        [row] = ask(driver, connection, "SELECT " + ", ".join(f"@@SESSION.{n}" for n in names))
        return list(row)


def test_the_session_is_ours_whatever_the_servers_defaults_are(driver, admin):
    with (
        set_globally(admin, "sql_mode", "'NO_BACKSLASH_ESCAPES,ANSI_QUOTES'"),
        set_globally(admin, "time_zone", "'+05:00'"),
        set_globally(admin, "autocommit", "0"),
        set_globally(admin, "tx_isolation", "'SERIALIZABLE'"),
        set_globally(admin, "innodb_lock_wait_timeout", "50"),
    ):
        found = variables(
            driver, "tx_isolation", "time_zone", "autocommit", "innodb_lock_wait_timeout",
            "idle_transaction_timeout", "character_set_connection", "sql_mode",
        )  # fmt: skip
    assert found[:-1] == ["READ-COMMITTED", "+00:00", 1, 5, 10, "utf8mb4"]
    assert "STRICT_ALL_TABLES" in found[-1]
    assert "BACKSLASH" not in found[-1]


def test_statement_based_replication_is_refused(driver, backend, monkeypatch):
    original = mysql_connection._variables
    faked = {"log_bin": "ON", "binlog_format": "STATEMENT"}
    monkeypatch.setattr(mysql_connection, "_variables", lambda found: original(found) | faked)
    with pytest.raises(ConfigError, match="binlog_format"):
        driver.connect()
    monkeypatch.setattr(
        mysql_connection, "_variables", lambda found: original(found) | faked | {"log_bin": "OFF"}
    )
    driver.close(driver.connect())


@pytest.mark.parametrize(
    ("faked", "problem"),
    [
        ({"tx_isolation": "SERIALIZABLE"}, "SERIALIZABLE"),
        ({"transaction_isolation": "REPEATABLE-READ"}, "REPEATABLE-READ"),
        ({"sql_mode": "ANSI"}, "ANSI"),
    ],
)
def test_a_server_that_does_not_take_the_settings_is_refused(driver, monkeypatch, faked, problem):
    original = mysql_connection._variables
    monkeypatch.setattr(mysql_connection, "_variables", lambda found: original(found) | faked)
    with pytest.raises(ConfigError, match=problem):
        driver.connect()


def test_a_value_that_does_not_fit_is_refused_and_not_cut(backend, admin):
    with set_globally(admin, "sql_mode", "''"):
        backend.storage.runner.pool.drop_idle()
        for task in (
            new(definition="d" * 256),
            new(queue="q" * 65),
            new(queue="é"),
            new(priority=40_000),
            new(unique_key="k" * 1021),
        ):
            with pytest.raises(StorageDataError):
                insert(backend, task)
            with pytest.raises(StorageDataError):
                insert(backend, task, new())
    assert backend.execute("SELECT id FROM rowlock_task").rows == []


def test_names_and_keys_are_told_apart_by_case_accent_and_spaces(backend):
    words = ["key", "Key", "kéy", "key ", "kęy"]
    for word in words:
        [task] = [new(definition=word, unique_key=word)]
        assert insert(backend, task) == {task.id}
        find = backend.storage.enqueue.find_unique_holder
        assert backend.read(find, "default", word) == task.id
    for word in words[:3]:
        [one] = claim(backend, definitions=(word,), without_definition=False)
        assert (one.definition, one.unique_key) == (word, word)


def test_a_lease_below_a_second_is_kept_to_the_microsecond(backend):
    insert(backend, new())
    [one] = claim(backend, lease=timedelta(microseconds=900_001))
    assert one.lease_until - one.started_at == timedelta(microseconds=900_001)
    assert get(backend, one.id).lease_until == one.lease_until
    assert rescue(backend, now=one.lease_until) == []
    assert len(rescue(backend, now=one.lease_until + timedelta(microseconds=1))) == 1


def test_the_clock_is_the_servers_in_utc(backend, admin):
    admin.execute("SELECT UTC_TIMESTAMP(6)")
    [[before]] = admin.fetchall()
    task = new()
    insert(backend, task, now=None)
    created = get(backend, task.id).created_at
    assert timedelta(0) <= created.replace(tzinfo=None) - before < timedelta(seconds=30)
    assert created.utcoffset() == timedelta(0)


def test_a_century_of_microseconds_is_an_interval(backend):
    task = new(delay=timedelta(days=36_500), lifetime=timedelta(days=36_500))
    insert(backend, task)
    stored = get(backend, task.id)
    assert stored.run_at - stored.created_at == timedelta(days=36_500)
    assert stored.expires_at == stored.run_at + timedelta(days=36_500)


TEXTS = [
    "plain",
    'a "quote", it\'s \\ back, %s %(x)s {0}',
    "line\nbreak\ttab \x01 \x7f\u2028",
    "é ü 漢字 😀 👩\u200d👩\u200d👧",
    "trailing ",
    "x" * 1_000_000,
    "😀\"\\'\n" * 100_000,
]


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_text_survives_every_way_into_the_database(backend, text):
    payload = json_text.encode("payload", {"t": text}, max_bytes=10_000_000)
    one, bulk = new(payload=payload), new(payload=payload)
    insert(backend, one)
    backend.run(backend.storage.enqueue.insert_fresh_tasks, [bulk], namespace="default")
    claims = claim(backend, limit=2)
    assert [claimed.payload for claimed in claims] == [payload] * 2
    finish(backend, *(done(claimed, result=payload, error=None) for claimed in claims))
    for task in (one, bulk):
        assert get(backend, task.id).payload == {"t": text}
        assert get(backend, task.id).result == {"t": text}


def test_a_statement_over_the_packet_limit_is_a_matter_of_data(backend, driver):
    """The server would drop the connection, which would look like an outage."""
    with closing(driver.connect()) as connection:
        limit = connection.max_allowed_packet
        assert ask(driver, connection, "SELECT @@max_allowed_packet") == [(limit,)]
        with pytest.raises(StorageDataError, match="max_allowed_packet"):
            ask(driver, connection, "SELECT LENGTH(:text)", text="x" * limit)
        assert ask(driver, connection, "SELECT LENGTH(:t)", t="x" * (limit - 100)) == [
            (limit - 100,)
        ]


@pytest.mark.parametrize(
    "changes",
    [
        {"database": "no_such_database"},
        {"user": "nobody"},
        {"port": 1},
        {"host": "no.such.invalid"},
    ],
)
def test_a_database_that_cannot_be_reached_is_unavailable(backend, changes):
    address = replace(address_from(backend.url), **changes)
    with closing(PooledRunner(MySQLDriver(address), size=1)) as runner:
        with pytest.raises(StorageUnavailableError) as caught:
            runner.run(sql_plan, "SELECT 1")
        assert not caught.value.outcome_unknown


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_missing_socket_is_unavailable(backend, tmp_path):
    address = replace(address_from(backend.url), unix_socket=str(tmp_path / "none"))
    with (
        closing(PooledRunner(MySQLDriver(address), size=1)) as runner,
        pytest.raises(StorageUnavailableError),
    ):
        runner.run(sql_plan, "SELECT 1")
    gc.collect()  # PyMySQL leaves a socket that could not connect to the collector


def test_a_certificate_that_is_not_there_is_a_matter_of_configuration(backend, tmp_path):
    address = address_from(f"{backend.url}?ssl_ca={tmp_path}/none.pem")
    with pytest.raises(ConfigError, match="TLS"):
        MySQLDriver(address).connect()


def test_a_server_without_tls_is_refused_when_tls_was_asked_for(backend, monkeypatch):
    context = ssl.create_default_context()
    monkeypatch.setattr(pymysql.Connection, "_create_ssl_ctx", lambda *_: context)
    address = address_from(f"{backend.url}?ssl_ca=some.pem")
    with (
        closing(PooledRunner(MySQLDriver(address), size=1)) as runner,
        pytest.raises(StorageUnavailableError, match=r"(?i)ssl"),
    ):
        runner.run(sql_plan, "SELECT 1")


def test_a_unix_socket_serves(backend):
    [[path]] = backend.execute("SELECT @@socket").rows
    address = replace(address_from(backend.url), host="no.such.invalid", unix_socket=path)
    with closing(PooledRunner(MySQLDriver(address), size=1)) as runner:
        assert runner.run(sql_plan, "SELECT 1").rows == [(1,)]


def test_a_killed_connection_is_an_outage_of_unknown_outcome(backend, driver, admin):
    with closing(PooledRunner(driver, size=1)) as runner:
        [[number]] = runner.run(sql_plan, "SELECT CONNECTION_ID()").rows
        admin.execute(f"KILL {number}")
        with pytest.raises(StorageUnavailableError) as caught:
            runner.run(sql_plan, "SELECT 1")
        assert caught.value.outcome_unknown
        assert runner.run(sql_plan, "SELECT 1").rows == [(1,)]


def test_a_transaction_whose_client_went_silent_is_ended_by_the_server(backend, driver):
    with closing(driver.connect()) as silent:
        ask(driver, silent, "SET SESSION idle_transaction_timeout = 1")
        driver.begin(silent)
        ask(driver, silent, "UPDATE rowlock_task SET progress = 1")
        time.sleep(2)
        with pytest.raises(pymysql.MySQLError) as caught:
            driver.commit(silent)
    assert isinstance(driver.translated(caught.value), StorageUnavailableError)


def test_a_server_that_stops_answering_is_given_up(backend):
    driver = MySQLDriver(address_from(backend.url), silence=1)
    with closing(PooledRunner(driver, size=1)) as runner:
        with pytest.raises(StorageUnavailableError) as caught:
            runner.run(sql_plan, "SELECT SLEEP(5)")
        assert caught.value.outcome_unknown
        assert runner.run(sql_plan, "SELECT 1").rows == [(1,)]


def test_a_dead_peer_is_noticed_by_the_kernel(driver):
    with closing(driver.connect()) as connection:
        option = connection._sock.getsockopt
        assert option(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        assert option(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        assert option(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 5
        assert option(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 10_000


def test_an_interrupted_statement_takes_its_connection_with_it(backend, driver):
    """Else the next statement would read the answer to this one."""

    class StoppedError(BaseException):
        pass

    def interrupt(signum, frame):
        raise StoppedError

    before = signal.signal(signal.SIGUSR1, interrupt)
    threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGUSR1)).start()
    try:
        connection = driver.connect()
        with pytest.raises(StoppedError):
            ask(driver, connection, "SELECT SLEEP(1)")
        assert not connection.open
    finally:
        signal.signal(signal.SIGUSR1, before)


def test_text_that_is_no_unicode_is_refused_before_it_is_sent(backend, driver):
    with closing(PooledRunner(driver, size=1)) as runner, pytest.raises(StorageDataError):
        runner.run(sql_plan, "SELECT :t", {"t": "\ud800"})


def test_an_old_password_scheme_without_its_package_says_what_to_do(driver, monkeypatch):
    def refuse(*_):
        raise RuntimeError("'cryptography' package is required")

    monkeypatch.setattr(pymysql.Connection, "connect", refuse)
    with pytest.raises(ConfigError, match="cryptography"):
        driver.connect()


def test_a_database_in_another_character_set_works_the_same(mariadb_server, backend):
    """Columns name their character sets; what a batch brings does too."""
    with fresh_database(mariadb_server) as dsn, ExitStack() as opened:
        name = dsn.rpartition("/")[2]
        with closing(pymysql.connect(**mysql_options(mariadb_server))) as connection:
            connection.cursor().execute(f"ALTER DATABASE {name} CHARACTER SET latin1")
        storage = migrate(opened.enter_context(closing(open_storage(dsn))))
        other = Backend("mariadb", dsn, storage)
        task = new(definition="漢字😀", unique_key="kéy😀", payload='"漢😀"')
        insert(other, task, new(unique_key="kéy"))
        [one] = claim(other, definitions=("漢字😀",))
        assert (one.payload, one.unique_key) == ('"漢😀"', "kéy😀")
        finish(other, done(one, result='"é😀"'))
        assert get(other, task.id).result == "é😀"
        assert found(other, task.id) is not None
