"""NOTIFY and LISTEN: one hint for a burst, none after a rollback, and an ear that recovers."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any, TypeAlias

import psycopg
import pytest

from rowlock.ops.enqueue import enqueue_together
from rowlock.plan import BEGIN, Plan
from rowlock.storage.postgres.wakeups import COALESCE_SECONDS
from rowlock.storage.storage import Storage
from rowlock.storage.url import open_storage
from tests.contract.steps import new
from tests.support.backends import migrate, sql_plan
from tests.support.databases import fresh_database

Where: TypeAlias = tuple[str | None, str | None]

SILENCE_SECONDS = 0.3
PATIENCE_SECONDS = 10.0


@pytest.fixture(scope="module")
def dsn(postgres_server: str) -> Iterator[str]:
    """A database where nobody else is heard; hints need no tables."""
    with fresh_database(postgres_server) as dsn:
        yield dsn


@pytest.fixture
def storage(dsn: str) -> Iterator[Storage]:
    with closing(open_storage(dsn)) as storage:
        yield storage


@pytest.fixture
def listener(dsn: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection that hears the hints."""
    with closing(psycopg.connect(dsn, autocommit=True)) as connection:
        connection.execute("LISTEN rowlock_wake")
        yield connection


def heard(listener: psycopg.Connection[Any], *, most: int = 1) -> list[str]:
    """What arrives until that many have, or until it is silent."""
    found = [note.payload for note in listener.notifies(timeout=PATIENCE_SECONDS, stop_after=most)]
    return found + unheard(listener)


def unheard(listener: psycopg.Connection[Any]) -> list[str]:
    return [note.payload for note in listener.notifies(timeout=SILENCE_SECONDS)]


def announce(storage: Storage, *queues: str, coalesce: bool = True) -> None:
    storage.runner.run(storage.wakeups.announce, "default", queues, coalesce=coalesce)


def test_each_queue_is_named_once(storage, listener):
    announce(storage, "a", "b")
    assert heard(listener, most=2) == ["default a", "default b"]


def test_of_a_burst_only_the_first_is_sent(storage, listener):
    for _ in range(3):
        announce(storage, "a")
    announce(storage, "b")
    assert heard(listener, most=2) == ["default a", "default b"]


def test_what_comes_after_the_burst_is_sent(storage, listener):
    announce(storage, "a")
    time.sleep(2 * COALESCE_SECONDS)
    announce(storage, "a")
    assert heard(listener, most=2) == ["default a", "default a"]


def test_what_must_not_be_left_out_is_sent_and_leaves_nothing_else_out(storage, listener):
    announce(storage, "a")
    announce(storage, "a", coalesce=False)
    assert heard(listener, most=2) == ["default a", "default a"]
    announce(storage, "b", coalesce=False)
    announce(storage, "b")
    assert heard(listener, most=2) == ["default b", "default b"]


def test_it_leaves_with_the_commit(storage, listener):
    def plan() -> Plan[list[str]]:
        yield BEGIN
        yield from storage.wakeups.announce("default", ["a"], coalesce=False)
        yield from sql_plan("SELECT 1")
        return unheard(listener)

    assert storage.runner.run(plan) == []
    assert heard(listener) == ["default a"]


def test_a_rollback_takes_it_back(storage, listener):
    def plan() -> Plan[None]:
        yield BEGIN
        yield from storage.wakeups.announce("default", ["a"], coalesce=False)
        raise KeyError

    with pytest.raises(KeyError):
        storage.runner.run(plan)
    assert unheard(listener) == []


def test_another_prefix_is_another_channel(dsn, listener):
    with closing(open_storage(dsn, prefix="mine_")) as mine:
        announce(mine, "a")
    assert unheard(listener) == []


@pytest.fixture
def ear(dsn: str) -> Iterator[Storage]:
    """The storage of another process, which listens."""
    with closing(open_storage(dsn)) as ear:
        yield ear


@pytest.fixture
def told(ear: Storage) -> Iterator[queue.Queue[Where]]:
    """What a subscriber of the other process is told, from its first call on."""
    told: queue.Queue[Where] = queue.Queue()
    cease = ear.wakeups.subscribe(lambda *where: told.put(where))
    assert told.get(timeout=PATIENCE_SECONDS) == (None, None)
    yield told
    cease()


def test_another_process_is_told_where_there_is_work(storage, told):
    announce(storage, "emails")
    assert told.get(timeout=PATIENCE_SECONDS) == ("default", "emails")


def kill_listeners(dsn: str) -> int:
    """Cut off every connection that listens; return how many there were."""
    sql = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND query LIKE 'LISTEN %'"
    )
    with closing(psycopg.connect(dsn, autocommit=True)) as connection:
        return len(connection.execute(sql).fetchall())


def test_after_a_lost_connection_it_says_look_everywhere_and_listens_on(storage, told, dsn):
    assert kill_listeners(dsn) >= 1
    assert told.get(timeout=PATIENCE_SECONDS) == (None, None)
    announce(storage, "emails")
    assert told.get(timeout=PATIENCE_SECONDS) == ("default", "emails")


def test_a_notification_of_somebody_else_wakes_without_harm(told, dsn):
    with closing(psycopg.connect(dsn, autocommit=True)) as connection:
        connection.execute("NOTIFY rowlock_wake")
    assert told.get(timeout=PATIENCE_SECONDS) == (None, None)


def listening() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if thread.name == "rowlock-wakeups"}


def test_one_thread_listens_for_all_and_ends_with_the_last(ear):
    before = listening()
    first = ear.wakeups.subscribe(lambda *_: None)
    second = ear.wakeups.subscribe(lambda *_: None)
    [thread] = listening() - before
    first()
    thread.join(SILENCE_SECONDS)
    assert thread.is_alive()
    second()
    thread.join(PATIENCE_SECONDS)
    assert not thread.is_alive()


def test_tasks_stored_together_call_for_each_of_their_queues_once(storage, listener):
    migrate(storage)
    group = [("default", new(queue=queue)) for queue in ("a", "b", "a")]
    storage.runner.run(enqueue_together, storage, group)
    assert sorted(heard(listener, most=2)) == ["default a", "default b"]
    for _ in range(2):
        storage.runner.run(enqueue_together, storage, [("other", new(queue="a"))])
    assert heard(listener) == ["other a"]


def test_what_did_not_go_in_calls_nobody_and_hides_no_call(storage, listener):
    migrate(storage)
    taken = ("default", new(queue="c"))
    storage.runner.run(enqueue_together, storage, [taken])
    assert heard(listener) == ["default c"]
    assert storage.runner.run(enqueue_together, storage, [taken]) == [None]
    assert unheard(listener) == []
    storage.runner.run(enqueue_together, storage, [taken])
    storage.runner.run(enqueue_together, storage, [("default", new(queue="c"))])
    assert heard(listener) == ["default c"]
