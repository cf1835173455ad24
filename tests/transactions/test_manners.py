"""A joined transaction stays the caller's: nothing shared is written, nothing leaks early."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing

import psycopg
import pymysql
import pytest
import sqlalchemy
from psycopg.rows import dict_row
from pymysql.cursors import DictCursor
from sqlalchemy.orm import Session, scoped_session, sessionmaker

from rowlock import Worker
from tests.app.steps import count, greeting, is_empty
from tests.support.backends import SERVERS
from tests.support.databases import mysql_options
from tests.transactions.callers import alchemy_url
from tests.transactions.kinds import of_each_kind

ON_SQLITE = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
ON_POSTGRES = pytest.mark.parametrize("backend", ["postgres"], indirect=True)
ON_MARIADB = pytest.mark.parametrize("backend", ["mariadb"], indirect=True)
SILENCE_SECONDS = 0.3
PATIENCE_SECONDS = 5.0


@pytest.fixture
def listener(backend) -> Iterator[psycopg.Connection]:
    """A connection that hears the wake-ups."""
    with closing(psycopg.connect(backend.url, autocommit=True)) as connection:
        connection.execute("LISTEN rowlock_wake")
        yield connection


def heard(listener: psycopg.Connection, seconds: float) -> list[str]:
    return [notice.payload for notice in listener.notifies(timeout=seconds, stop_after=1)]


@ON_POSTGRES
def test_a_wake_up_leaves_with_the_commit(app, backend, listener):
    """C146."""
    definition = greeting(app)
    with closing(psycopg.connect(backend.url)) as caller:
        definition.options(queue="emails", transaction=caller).enqueue()
        definition.options(queue="emails", transaction=caller).enqueue()
        assert heard(listener, SILENCE_SECONDS) == []
        caller.commit()
        assert heard(listener, PATIENCE_SECONDS) == ["default emails"]
        assert heard(listener, SILENCE_SECONDS) == []


@ON_POSTGRES
def test_a_rollback_wakes_nobody(app, backend, listener):
    """C146."""
    with closing(psycopg.connect(backend.url)) as caller:
        app.enqueue(None, 1, transaction=caller)
        caller.rollback()
        assert heard(listener, SILENCE_SECONDS) == []


@ON_POSTGRES
def test_a_rolled_back_wake_up_does_not_swallow_the_next_one(app, backend, listener):
    app.register_queue("default")
    app.enqueue_if_not_exists(None, 0, queue="other")
    with closing(psycopg.connect(backend.url)) as caller:
        app.enqueue(None, 1, transaction=caller)
        caller.rollback()
        heard(listener, SILENCE_SECONDS)
        app.enqueue(None, 2, transaction=caller)
        app.enqueue(None, 3)
        assert heard(listener, 1.0) == ["default default"]


@ON_POSTGRES
def test_many_wake_once(app, backend, listener):
    with closing(psycopg.connect(backend.url)) as caller:
        app.enqueue_many(None, range(3_000), transaction=caller)
        caller.commit()
        assert heard(listener, PATIENCE_SECONDS) == ["default default"]
        assert heard(listener, SILENCE_SECONDS) == []


@pytest.mark.parametrize("backend", SERVERS, indirect=True)
@pytest.mark.parametrize("unique", [None, "theirs"])
def test_an_open_transaction_holds_up_no_other_producer(app, opened, backend, unique):
    """Queue and definition rows are made on a connection of our own."""
    driver = {"postgresql": "psycopg", "mysql": "pymysql"}[backend.url.partition("://")[0]]
    engine = sqlalchemy.create_engine(alchemy_url(backend.url, driver))
    other = opened()
    with Session(engine) as session:
        greeting(app, queue="fresh").options(transaction=session, unique="ours").enqueue()
        stored = threading.Event()

        def produce() -> None:
            greeting(other, queue="fresh").options(unique=unique).enqueue()
            stored.set()

        thread = threading.Thread(target=produce)
        thread.start()
        held_up = not stored.wait(PATIENCE_SECONDS)
        session.rollback()
        thread.join()
    engine.dispose()
    assert not held_up


@pytest.mark.parametrize("backend", SERVERS, indirect=True)
def test_an_open_transaction_holds_up_no_worker(app, backend):
    """An open insert is not waited for by a claim."""
    driver = {"postgresql": "psycopg", "mysql": "pymysql"}[backend.url.partition("://")[0]]
    engine = sqlalchemy.create_engine(alchemy_url(backend.url, driver))
    definition = greeting(app)
    definition.enqueue_many([{}] * 5)
    with Session(engine) as session:
        definition.options(transaction=session).enqueue()
        assert Worker(app).run_once() == 5
        session.rollback()
    engine.dispose()


@pytest.mark.parametrize("backend", SERVERS, indirect=True)
def test_rows_that_others_share_outlive_a_rollback(app, backend):
    driver = {"postgresql": "psycopg", "mysql": "pymysql"}[backend.url.partition("://")[0]]
    engine = sqlalchemy.create_engine(alchemy_url(backend.url, driver))
    with Session(engine) as session:
        greeting(app, queue="fresh").options(transaction=session).enqueue()
        session.rollback()
    engine.dispose()
    assert (count(app, "queue"), count(app, "definition"), is_empty(app)) == (1, 1, True)


@of_each_kind
def test_a_caller_who_has_already_written_can_enqueue(app, backend, begin):
    """On an engine with one writer, our own connection must not wait for the caller."""
    backend.execute("CREATE TABLE IF NOT EXISTS caller_order (number integer)")
    with begin(backend.url) as caller:
        caller.execute("INSERT INTO caller_order VALUES (1)")
        late = threading.Event()
        watch = threading.Timer(PATIENCE_SECONDS, late.set)
        watch.start()
        task = greeting(app, queue="fresh").options(transaction=caller.transaction).enqueue()
        watch.cancel()
        caller.commit()
    assert not late.is_set()
    assert app.get_task(task) == task
    assert Worker(app, queues=["fresh"]).run_once() == 1


@ON_SQLITE
@pytest.mark.parametrize(
    "factory",
    [
        pytest.param(sqlite3.Row, id="Row"),
        pytest.param(lambda _, row: {str(key): value for key, value in enumerate(row)}, id="dict"),
    ],
)
def test_rows_of_the_callers_own_making_do_not_matter_on_sqlite(app, backend, factory):
    with closing(sqlite3.connect(backend.url.removeprefix("sqlite:///"))) as caller:
        caller.row_factory = factory
        app.enqueue(None, 1, unique="key", transaction=caller)
        assert not app.enqueue_if_not_exists(None, 1, unique="key", transaction=caller)[1]
        caller.commit()
        assert caller.row_factory is factory
    assert count(app, "task") == 1


@ON_POSTGRES
def test_rows_of_the_callers_own_making_do_not_matter_on_postgres(app, backend):
    with closing(psycopg.connect(backend.url, row_factory=dict_row)) as caller:
        app.enqueue(None, 1, unique="key", transaction=caller)
        assert not app.enqueue_if_not_exists(None, 1, unique="key", transaction=caller)[1]
        caller.commit()
    assert count(app, "task") == 1


@ON_MARIADB
def test_rows_of_the_callers_own_making_do_not_matter_on_mariadb(app, backend):
    options = mysql_options(backend.url)
    with closing(pymysql.connect(**options, cursorclass=DictCursor)) as caller:
        app.enqueue(None, 1, unique="key", transaction=caller)
        assert not app.enqueue_if_not_exists(None, 1, unique="key", transaction=caller)[1]
        caller.commit()
    assert count(app, "task") == 1


@pytest.mark.parametrize("backend", SERVERS, indirect=True)
def test_a_savepoint_takes_its_tasks_back(app, backend):
    driver = {"postgresql": "psycopg", "mysql": "pymysql"}[backend.url.partition("://")[0]]
    engine = sqlalchemy.create_engine(alchemy_url(backend.url, driver))
    with Session(engine) as session:
        app.enqueue(None, "kept", transaction=session)
        savepoint = session.begin_nested()
        app.enqueue(None, "gone", transaction=session)
        savepoint.rollback()
        session.commit()
    engine.dispose()
    assert [task.payload for task in app.list_tasks()] == ["kept"]


@ON_SQLITE
def test_a_scoped_session_joins(app, backend):
    engine = sqlalchemy.create_engine(alchemy_url(backend.url, "pysqlite"))
    session = scoped_session(sessionmaker(engine))
    app.enqueue(None, 1, transaction=session)
    session.rollback()
    assert is_empty(app)
    app.enqueue(None, 1, transaction=session)
    session.commit()
    session.remove()
    engine.dispose()
    assert count(app, "task") == 1


@ON_SQLITE
def test_an_engine_block_joins(app, backend):
    engine = sqlalchemy.create_engine(alchemy_url(backend.url, "pysqlite"))
    with engine.begin() as connection:
        app.enqueue(None, 1, transaction=connection)
    engine.dispose()
    assert count(app, "task") == 1
