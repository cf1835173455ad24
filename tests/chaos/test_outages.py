"""A database that is away for longer than a lease: nobody's running task is given away."""

from __future__ import annotations

import os
import signal
import sqlite3
import time
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path

from rowlock import TaskState
from tests.chaos.conftest import Place
from tests.chaos.fleet import Fleet
from tests.chaos.program import QUEUE, Options
from tests.chaos.runs import judged, show, wait_for_events, wait_until_drained
from tests.support.servers import Server

LEASE_SECONDS = 1.0
AWAY_SECONDS = 3 * LEASE_SECONDS
RUN_SECONDS = AWAY_SECONDS + 2.0
EACH = 4


@contextmanager
def stalled(place: Place) -> Generator[None]:
    """Keep the database from answering: its processes stand still, or its file is locked."""
    if place.server is None:
        with closing(sqlite3.connect(place.url.removeprefix("sqlite:///"))) as connection:
            connection.isolation_level = None
            connection.execute("BEGIN IMMEDIATE")
            yield
            connection.execute("ROLLBACK")
        return
    processes = family(place.server)
    try:
        for process in processes:
            os.kill(process, signal.SIGSTOP)
        yield
    finally:
        for process in processes:
            os.kill(process, signal.SIGCONT)


def family(server: Server) -> list[int]:
    """Return the server's process and its children, itself first: then none is added."""
    parent = int((server.directory / "pid").read_text())
    os.kill(parent, signal.SIGSTOP)
    found = [parent]
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has ended meanwhile
        if int(fields[1]) == parent:
            found.append(int(stat.parent.name))
    return found


@contextmanager
def stopped(server: Server) -> Generator[None]:
    """Crash the server, and start it again at the end."""
    server.halt(immediate=True)
    yield
    server.start()


def run_through(place: Place, absence: object) -> None:
    """Let tasks run while the database is away; each must be run once."""
    place.app.register_queue(QUEUE, lease=f"{LEASE_SECONDS:g}s")
    options = Options(url=place.url, journal=str(place.journal), slots=EACH)
    ids = [
        place.app.enqueue(name, {"seconds": RUN_SECONDS}).id
        for name in ("pause", "block")
        for _ in range(EACH)
    ]
    with Fleet(options, size=2, log=place.log) as fleet:
        wait_for_events(place, "started", len(ids))
        with absence:  # type: ignore[attr-defined] # each is a block
            time.sleep(AWAY_SECONDS)
        wait_until_drained(place)
        assert fleet.stop() == [0, 0], fleet.log_end
    history = judged(place, ids)
    show(f"{place.engine} away", fleet, history)
    assert len(history.starts) == len(ids), fleet.log_end
    assert {(row.state, row.attempt, row.crashes) for row in history.tasks} == {
        (TaskState.SUCCEEDED, 1, 0)
    }


def test_tasks_that_run_through_an_outage_are_not_run_again(own_place: Place):
    assert own_place.server is not None
    run_through(own_place, stopped(own_place.server))


def test_tasks_that_run_while_the_database_stands_still_are_not_run_again(stallable_place: Place):
    run_through(stallable_place, stalled(stallable_place))
