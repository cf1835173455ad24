"""Throughput over time, a third of it under a snapshot that somebody forgot to close."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise

from benchmarks.processes import sustained
from benchmarks.workload import make_app
from tests.support.databases import mysql_options

BACKLOG = 60_000
BATCH = 10_000
EDGE_SECONDS = 10


@contextmanager
def pinned_snapshot(url: str) -> Iterator[None]:
    """Hold an open transaction whose snapshot keeps every dead row alive."""
    if url.startswith("postgresql"):
        import psycopg

        connection = psycopg.connect(url)
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        connection.execute("SELECT count(*) FROM rowlock_queue")
    else:
        import pymysql

        connection = pymysql.connect(**mysql_options(url))
        with connection.cursor() as cursor:
            cursor.execute("START TRANSACTION WITH CONSISTENT SNAPSHOT")
            cursor.execute("SELECT count(*) FROM rowlock_queue")
    try:
        yield
    finally:
        connection.close()


def _keep_filled(url: str, settled: Callable[[], float], stop: threading.Event) -> None:
    app, sent = make_app(url), 0
    while not stop.is_set():
        if sent - settled() < BACKLOG:
            app.enqueue_many("noop", ({} for _ in range(BATCH)))
            sent += BATCH
        else:
            stop.wait(0.05)
    app.close()


def measure(url: str, *, seconds: int) -> dict[str, object]:
    """Return settled tasks a second for each second, and the last ten against the first."""
    totals: list[float] = [0.0]
    stop = threading.Event()
    filler = threading.Thread(target=_keep_filled, args=(url, lambda: totals[-1], stop))
    filler.start()
    third = seconds // 3
    pin = None
    try:
        with sustained(url, seconds) as figures:
            for second, facts in enumerate(figures, 1):
                totals.append(facts["tasks"])
                if second == third:
                    pin = pinned_snapshot(url)
                    pin.__enter__()
                if second == 2 * third and pin is not None:
                    pin.__exit__(None, None, None)
                    pin = None
    finally:
        stop.set()
        filler.join()
    rates = [after - before for before, after in pairwise(totals)]
    # The first second is the start of the process.
    first, last = rates[1 : 1 + EDGE_SECONDS], rates[-EDGE_SECONDS:]
    pinned = rates[third : 2 * third]
    return {
        "per_second": [round(rate) for rate in rates],
        "first_ten": sum(first) / len(first),
        "pinned": sum(pinned) / len(pinned),
        "last_ten": sum(last) / len(last),
        "last_to_first": sum(last) / max(sum(first), 1),
    }
