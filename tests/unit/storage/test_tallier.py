"""Counting in a process: lazily, bounded, and by each process for itself."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rowlock import Rowlock
from rowlock.errors import StorageDataError, StorageUnavailableError
from rowlock.model.tallies import OTHER, Counted, TallyKey
from rowlock.storage import tallier as module
from rowlock.storage.storage import Storage
from rowlock.storage.tallier import Ran, Tallier

KEY = TallyKey("n", "q", "d", "enqueued")


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[Storage]:
    with Rowlock(f"sqlite:///{tmp_path / 'app.db'}") as app:
        app.core.open()
        yield app.core.storage


@pytest.fixture
def tallier(storage: Storage) -> Iterator[Tallier]:
    own = Tallier(seconds=0.05)
    own.bind(storage.runner, storage.tallies.append_tallies)
    yield own
    own.close()


def told(storage: Storage, namespace: str = "n") -> dict[TallyKey, int]:
    read = storage.runner.read(storage.tallies.read_tallies, namespace)
    return {key: tally.count for key, tally in read.items()}


def threads() -> list[threading.Thread]:
    return [one for one in threading.enumerate() if one.name == "rowlock-tally"]


def wait_for_no_thread() -> None:
    end = time.monotonic() + 10
    while threads():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_thread_runs_only_while_something_is_counted(storage: Storage, tallier: Tallier):
    wait_for_no_thread()
    tallier.count({KEY: 2})
    tallier.count({KEY: 1})
    assert len(threads()) == 1
    wait_for_no_thread()
    assert told(storage) == {KEY: 3}
    tallier.count({KEY: 1})
    wait_for_no_thread()
    assert told(storage) == {KEY: 4}


def test_closing_appends_what_is_left(storage: Storage):
    own = Tallier(seconds=60)
    own.bind(storage.runner, storage.tallies.append_tallies)
    own.count({KEY: 5})
    own.close()
    assert told(storage) == {KEY: 5}


def test_attempts_are_counted_by_how_they_ended(storage: Storage, tallier: Tallier):
    runs: list[Ran] = [
        ("q", "d", Counted.SUCCEEDED, 1.0, 2.0),
        ("q", "d", None, 1.0, 2.0),
        ("q", "d", Counted.SUCCEEDED, -1.0, 4.0),
        ("q", None, Counted.FAILED, 0.0, 0.0),
    ]
    tallier.count_runs("n", runs)
    tallier.append()
    read = storage.runner.read(storage.tallies.read_tallies, "n")
    done = read[TallyKey("n", "q", "d", "succeeded")]
    assert (done.count, done.waits.seconds, done.runs.seconds) == (2, 1.0, 6.0)
    assert {key[1:]: tally.count for key, tally in read.items()} == {
        ("q", "d", "succeeded"): 2,
        ("q", None, "failed"): 1,
    }


def test_what_cannot_be_stored_is_kept_with_what_comes(storage: Storage, caplog):
    away = True

    def append(counts):
        if away:
            raise StorageUnavailableError("gone")
        return storage.tallies.append_tallies(counts)

    own = Tallier(seconds=60)
    own.bind(storage.runner, append)
    own.count({KEY: 1})
    for _ in range(2):
        own.append()
        own.count({KEY: 1})
    assert told(storage) == {}
    away = False
    own.append()
    assert told(storage) == {KEY: 3}
    own.close()
    assert caplog.text.count("cannot store counts") == 1


def test_what_is_refused_does_not_end_the_counting(storage: Storage, caplog):
    refused = [StorageDataError("too long"), ZeroDivisionError("a bug")]

    def append(counts):
        if refused:
            raise refused.pop()
        return storage.tallies.append_tallies(counts)

    own = Tallier(seconds=60)
    own.bind(storage.runner, append)
    for _ in range(3):
        own.count({KEY: 1})
        own.append()
    own.close()
    assert told(storage) == {KEY: 1}
    assert "a bug" in caplog.text


def test_what_waits_is_bounded(storage: Storage, monkeypatch):
    monkeypatch.setattr(module, "MOST_KEYS", 10)
    own = Tallier(seconds=60)
    own.bind(storage.runner, storage.tallies.append_tallies)
    for number in range(1_000):
        own.count({TallyKey("n", "q", f"d{number}", "enqueued"): 1})
    for number in range(1_000):
        own.count({TallyKey(f"n{number}", "q", "d", "enqueued"): 1})
    assert len(own._tallies) == 20
    own.close()
    found = told(storage)
    assert len(found) == 11
    assert found[TallyKey("n", OTHER, OTHER, "enqueued")] == 990


FORK = """
import os, sys
from rowlock import Rowlock
app = Rowlock(sys.argv[1])
app.enqueue(None, 1, queue="parent")
child = os.fork()
if child:
    os.waitpid(child, 0)
    app.close()
else:
    app.enqueue(None, 1, queue="child")
    app.close()
    os._exit(0)
"""
SCRIPT = """
import sys
from rowlock import Rowlock
Rowlock(sys.argv[1]).enqueue(None, 1, queue="parent")
"""


def run(script: str, url: str) -> float:
    began = time.monotonic()
    subprocess.run([sys.executable, "-c", script, url], check=True, timeout=60)
    return time.monotonic() - began


@pytest.mark.parametrize(
    ("script", "expected"), [(FORK, {"parent": 1, "child": 1}), (SCRIPT, {"parent": 1})]
)
def test_each_process_counts_its_own_and_appends_at_its_end(
    script: str, expected: dict[str, int], storage: Storage
):
    assert run(script, storage.url) < module.APPEND_SECONDS
    assert {key.queue: one for key, one in told(storage, "default").items()} == expected
