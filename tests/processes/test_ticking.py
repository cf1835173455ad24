"""Several processes and one ticker: each tick once, also when those that take it are killed."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from rowlock import Rowlock
from rowlock.model.ids import derived_task_id
from tests.chaos.conftest import FULL
from tests.chaos.fleet import wait_until
from tests.support.backends import DURABLE, Backend

pytestmark = [
    pytest.mark.processes,
    pytest.mark.parametrize("backend", DURABLE, indirect=True),
]

ROOT = Path(__file__).parents[2]
START_SECONDS = 60
KILL_SECONDS = 20 if FULL else 4

Start = Callable[[str], subprocess.Popen[bytes]]


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    """Where the processes write what they do."""
    return tmp_path / "journal"


@pytest.fixture
def start(backend: Backend, journal: Path) -> Iterator[Start]:
    """Starts a process in a mode; all are killed at the end."""
    with ExitStack() as stack:

        def start_one(mode: str) -> subprocess.Popen[bytes]:
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.processes.watcher", backend.url, journal, mode],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
            )
            stack.enter_context(process)
            stack.callback(process.kill)
            return process

        yield start_one


@pytest.fixture
def app(backend: Backend) -> Iterator[Rowlock]:
    with closing(Rowlock(backend.url)) as app:
        yield app


def events(journal: Path, event: str) -> list[dict[str, Any]]:
    if not journal.exists():
        return []
    told = [json.loads(line) for line in journal.read_text().splitlines()]
    return [one for one in told if one["event"] == event]


def all_ready(journal: Path, count: int) -> None:
    wait_until(
        lambda: len(events(journal, "ready")) >= count, seconds=START_SECONDS, what="all ready"
    )


def test_three_processes_that_watch_one_ticker_handle_each_tick_once(app, start, journal):
    """C116."""
    for _ in range(3):
        start("loop")
    all_ready(journal, 3)
    app.create_ticker("beat", interval="250ms")
    time.sleep(2.0)
    app.update_ticker("beat", interval=None)
    ticks = events(journal, "begin")
    assert 5 <= len(ticks) <= 10
    assert len({tick["at"] for tick in ticks}) == len(ticks)


def test_the_tick_of_a_taker_that_is_killed_is_handled_by_another(app, start, journal):
    workers = {process.pid: process for process in (start("worker") for _ in range(3))}
    wait_until(lambda: events(journal, "begin"), seconds=START_SECONDS, what="a tick was taken")
    all_ready(journal, 3)
    [first] = events(journal, "begin")
    time.sleep(4)  # longer than the lease, which is renewed
    assert len(events(journal, "begin")) == 1
    workers[first["pid"]].kill()
    killed = time.monotonic()
    wait_until(lambda: events(journal, "end"), seconds=20, what="another handled the tick")
    [second] = [one for one in events(journal, "begin") if one["attempt"] == 2]
    assert second["pid"] != first["pid"]
    assert second["at"] == first["at"]
    assert time.monotonic() - killed < 15
    # It goes on with the next tick, in which those meanwhile collapse; its first attempt hangs.
    later = [one for one in events(journal, "begin") if one["at"] != first["at"]]
    assert all(one["attempt"] == 1 for one in later)


def test_each_tick_makes_one_task_however_often_workers_are_killed(app, start, journal):
    ticker = app.create_ticker("beat", interval="20ms", queue="beats", payload={"n": 1})
    workers = [start("worker") for _ in range(3)]
    all_ready(journal, 3)
    checked, until = 0, time.monotonic() + KILL_SECONDS
    kill_at = time.monotonic() + 0.5
    while time.monotonic() < until:
        last = app.get_ticker("beat").last_task_at
        if last is not None:
            assert app.get_task(derived_task_id(ticker.id, last)).payload == {"n": 1}
            checked += 1
        if time.monotonic() > kill_at:
            workers.pop(0).kill()
            workers.append(start("worker"))
            kill_at = time.monotonic() + 0.5
    assert checked > 10
    app.update_ticker("beat", interval=None)
    made = {task.id for task in app.list_tasks(queue="beats", limit=1_000)}
    last = app.get_ticker("beat").last_task_at
    assert last is not None
    first = ticker.next_tick_at
    assert first is not None
    assert ticker.interval is not None
    grid = {
        derived_task_id(ticker.id, first + n * ticker.interval)
        for n in range((last - first) // ticker.interval + 1)
    }
    assert len(made) > 10
    assert made <= grid
