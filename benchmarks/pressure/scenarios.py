"""What goes wrong, for as long as a block lasts."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass

import psycopg

from benchmarks.pressure.crew import Kept
from tests.support.servers import PostgresServer

READERS = 2
KILL_SECONDS = 10.0
NORMAL, TOO_MUCH = 0.7, 1.3
TABLES = """
SELECT format('SELECT count(*), sum(length(t::text)) FROM %I.%I AS t', schemaname, tablename)
FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')
"""


@dataclass(frozen=True)
class Trial:
    """What a scenario can get hold of; `hit` is told of each blow that is dealt."""

    server: PostgresServer
    url: str
    worker: Kept
    seconds: float
    hit: Callable[[], None]


@dataclass(frozen=True)
class Scenario:
    """A name, the share of its peak that a system has to do, and what goes wrong meanwhile."""

    name: str
    load: float
    during: Callable[[Trial], AbstractContextManager[None]]


@contextmanager
def idle_transaction(trial: Trial) -> Iterator[None]:
    """Leave a transaction open whose snapshot keeps every dead row."""
    with psycopg.connect(trial.url) as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        connection.execute("SELECT txid_current()")
        trial.hit()
        yield
        connection.rollback()


@contextmanager
def readers(trial: Trial) -> Iterator[None]:
    """Read every table from end to end, again and again."""
    stop = threading.Event()

    def read() -> None:
        with psycopg.connect(trial.url, autocommit=True) as connection:
            while not stop.is_set():
                for (asked,) in connection.execute(TABLES).fetchall():
                    connection.execute(asked.encode())

    threads = [threading.Thread(target=read) for _ in range(READERS)]
    for thread in threads:
        thread.start()
    trial.hit()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()


@contextmanager
def kills(trial: Trial) -> Iterator[None]:
    """Kill the worker's process every ten seconds; it is started again."""
    stop = threading.Event()

    def kill() -> None:
        while not stop.wait(min(KILL_SECONDS, trial.seconds / 3)):
            trial.worker.kill()
            trial.hit()

    thread = threading.Thread(target=kill)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


@contextmanager
def restart(trial: Trial) -> Iterator[None]:
    """Crash the server at once, and start it again."""
    with suppress(psycopg.Error):
        trial.server.restart()
    trial.hit()
    yield


SCENARIOS = (
    Scenario("calm", NORMAL, lambda _: nullcontext()),
    Scenario("idle-transaction", NORMAL, idle_transaction),
    Scenario("readers", NORMAL, readers),
    Scenario("oversupply", TOO_MUCH, lambda _: nullcontext()),
    Scenario("kills", NORMAL, kills),
    Scenario("restart", NORMAL, restart),
)
