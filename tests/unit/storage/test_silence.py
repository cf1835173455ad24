"""How long an answer is waited for: a setting of the URL, and what it does on each engine."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from urllib.parse import urlsplit

import pytest

from rowlock import Rowlock
from rowlock.errors import ConfigError, StorageConflictError, StorageUnavailableError
from rowlock.storage import pool
from rowlock.storage.sqlite import connection as sqlite_connection
from rowlock.storage.url import DEFAULT_SILENCE_SECONDS, open_storage, without_timeout
from tests.support.backends import sql_plan
from tests.support.databases import fresh_database
from tests.support.stalling import StallingProxy

SLEEP = {"postgres": "SELECT pg_sleep(2.5)", "mariadb": "SELECT SLEEP(2.5)"}


@pytest.mark.parametrize(
    ("url", "bare", "seconds"),
    [
        ("postgresql://h/db", "postgresql://h/db", DEFAULT_SILENCE_SECONDS),
        ("postgresql://h/db?statement_timeout=5s", "postgresql://h/db", 5.0),
        ("mysql://h/db?ssl_ca=a&statement_timeout=1m", "mysql://h/db?ssl_ca=a", 60.0),
        ("postgresql://h/db?statement_timeout=2&user=me", "postgresql://h/db?user=me", 2.0),
    ],
)
def test_the_timeout_is_an_option_of_the_url(url, bare, seconds):
    assert without_timeout(url) == (bare, seconds)


@pytest.mark.parametrize("given", ["", "0", "-1s", "soon"])
@pytest.mark.parametrize("scheme", ["postgresql", "mysql"])
def test_a_timeout_that_is_none_is_refused(scheme, given):
    with pytest.raises(ConfigError, match="statement_timeout"):
        open_storage(f"{scheme}://h/db?statement_timeout={given}")


@pytest.fixture(params=["postgres", "mariadb"])
def engine(request) -> str:
    return str(request.param)


@pytest.fixture
def dsn(request, engine):
    with fresh_database(request.getfixturevalue(f"{engine}_server")) as dsn:
        yield dsn


def test_a_statement_without_an_answer_is_given_up_in_doubt(dsn, engine):
    with closing(open_storage(f"{dsn}?statement_timeout=1s")) as storage:
        began = time.monotonic()
        with pytest.raises(StorageUnavailableError) as caught:
            storage.runner.run(sql_plan, SLEEP[engine])
        assert caught.value.outcome_unknown
        assert 0.9 < time.monotonic() - began < 2.4
        assert storage.runner.run(sql_plan, "SELECT 1").rows == [(1,)]


def test_what_may_take_its_time_is_waited_for(dsn, engine):
    with closing(open_storage(f"{dsn}?statement_timeout=1s")) as storage:
        assert storage.patient_runner.run(sql_plan, SLEEP[engine]).rows


def test_a_connection_that_is_not_greeted_is_given_up(dsn):
    with (
        StallingProxy(urlsplit(dsn).port or 0) as proxy,
        closing(open_storage(f"{proxy.url(dsn)}?statement_timeout=1s")) as storage,
    ):
        proxy.stall()
        began = time.monotonic()
        with pytest.raises(StorageUnavailableError) as caught:
            storage.runner.run(sql_plan, "SELECT 1")
        assert not caught.value.outcome_unknown
        assert time.monotonic() - began < 10


def test_a_file_that_stays_locked_is_reported_in_time(tmp_path, monkeypatch):
    """The real figures are ten seconds a try and fifteen until the last one begins."""
    monkeypatch.setattr(sqlite_connection, "BUSY_TIMEOUT_SECONDS", 1.0)
    monkeypatch.setattr(pool, "RETRY_SECONDS", 1.5)
    path = tmp_path / "app.db"
    with Rowlock(f"sqlite:///{path}") as app, closing(sqlite3.connect(path)) as other:
        app.enqueue(None, 1)
        other.execute("BEGIN IMMEDIATE")
        app.core.storage.close_all()
        with Rowlock(f"sqlite:///{path}") as blocked:
            began = time.monotonic()
            with pytest.raises(StorageConflictError, match=r"another process.*locked"):
                blocked.enqueue(None, 2)
            assert time.monotonic() - began < 4
            other.rollback()
            blocked.enqueue(None, 3)
