"""Throughput over time, a part of it under a snapshot that somebody forgot to close."""

from __future__ import annotations

import statistics
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import pairwise
from typing import Any

from benchmarks.processes import sustained
from benchmarks.workload import make_app
from tests.support.databases import mysql_options

BACKLOG = 60_000
BATCH = 10_000
EDGE_SECONDS = 10


@contextmanager
def pinned_snapshot(url: str) -> Iterator[None]:
    """Hold an open transaction whose snapshot keeps every dead row alive."""
    connection: Any
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


def measure(url: str, *, calm: int, pinned: int) -> dict[str, Any]:
    """Return settled tasks a second for each second, and the last ten against the first.

    Args:
        url: An empty database.
        calm: Seconds before the snapshot is taken, and again after it is given up.
        pinned: Seconds while it is held; 0 for none.
    """
    rates = _rates(url, calm, pinned)
    # The first second is the start of the process.
    first, last = rates[1 : min(1 + EDGE_SECONDS, calm)], rates[-min(EDGE_SECONDS, calm) :]
    held = rates[calm : calm + pinned]
    found: dict[str, Any] = {
        "per_second": [round(rate) for rate in rates],
        "first_ten": statistics.mean(first),
        "last_ten": statistics.mean(last),
        "last_to_first": statistics.mean(last) / max(statistics.mean(first), 1),
    }
    if held:
        found["pinned"] = statistics.mean(held)
        found["pinned_last_ten"] = statistics.mean(held[-EDGE_SECONDS:])
        # Compared with both sides of it: other work on the machine comes and goes meanwhile.
        around = statistics.mean([*first, *last])
        found["pinned_to_calm"] = found["pinned_last_ten"] / max(around, 1)
    return found


def _rates(url: str, calm: int, pinned: int) -> list[float]:
    totals: list[float] = [0.0]
    stop = threading.Event()
    filler = threading.Thread(target=_keep_filled, args=(url, lambda: totals[-1], stop))
    filler.start()
    try:
        with ExitStack() as pin, sustained(url, 2 * calm + pinned) as figures:
            for second, facts in enumerate(figures, 1):
                totals.append(facts["tasks"])
                if second == calm and pinned:
                    pin.enter_context(pinned_snapshot(url))
                if second == calm + pinned:
                    pin.close()
    finally:
        stop.set()
        filler.join()
    return [after - before for before, after in pairwise(totals)]
