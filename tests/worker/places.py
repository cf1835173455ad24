"""Workers as processes, which reach their database by way of a proxy that can stall."""

from __future__ import annotations

import re
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit
from uuid import UUID

import pytest

from rowlock import Rowlock
from rowlock.storage.url import open_storage
from tests.cli.commands import start
from tests.support.backends import migrate
from tests.support.databases import fresh_database
from tests.support.stalling import StallingProxy

STOP_SECONDS = 60.0
APP = '''
import os, time
from rowlock import Rowlock

app = Rowlock(os.environ["APP_URL"])

@app.task
def nap(seconds: float) -> None:
    """Sleep, and say so."""
    print("napping", flush=True)
    time.sleep(seconds)
'''


class Place:
    """A database, a proxy before it, and the folder of an app that uses the proxy."""

    def __init__(self, dsn: str, proxy: StallingProxy, folder: Path) -> None:
        self.dsn = dsn
        self.app = Rowlock(dsn)
        self.proxy = proxy
        self.url = proxy.url(dsn)
        self.folder = folder
        self.processes: list[subprocess.Popen[str]] = []
        (folder / "naps.py").write_text(APP, encoding="utf-8")

    def starting(self, *args: str, timeout: str = "30s") -> subprocess.Popen[str]:
        """Start a worker that gives the database up after a timeout."""
        url = f"{self.url}?statement_timeout={timeout}"
        given = ("worker", "naps:app", "--queue", "default=2", *args)
        process = start(*given, cwd=self.folder, APP_URL=url)
        self.processes.append(process)
        return process

    def worker(self, *args: str, timeout: str = "30s") -> subprocess.Popen[str]:
        """Start a worker, and wait until it works."""
        process = self.starting(*args, timeout=timeout)
        wait_for(process, r"worker .*: 2 slots", process.stderr)
        return process

    def nap(self, seconds: float = 0.0) -> UUID:
        """Enqueue a nap, past the proxy."""
        return self.app.enqueue("nap", {"seconds": seconds}).id


@pytest.fixture(params=["postgres", "mariadb"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """A place on each engine that has a server."""
    server: str = request.getfixturevalue(f"{request.param}_server")
    with (
        fresh_database(server) as dsn,
        StallingProxy(urlsplit(dsn).port or 0) as proxy,
    ):
        migrate(open_storage(dsn)).close()
        one = Place(dsn, proxy, tmp_path)
        with one.app as app:
            app.register_queue("default")
            app.core.open()
            _know_the_definition(one)
            yield one
        for process in one.processes:
            process.kill()
            process.communicate()


def _know_the_definition(place: Place) -> None:
    @place.app.task
    def nap(seconds: float) -> None:
        """Sleep, and say so."""


def wait_for(process: subprocess.Popen[str], pattern: str, stream: IO[str] | None) -> None:
    """Wait until a process prints something."""
    assert stream is not None
    for line in stream:
        if re.search(pattern, line):
            return
    raise AssertionError(f"it ended with {process.wait()} without printing {pattern!r}")


def stopped(process: subprocess.Popen[str], *, signals: int = 1) -> tuple[int, float]:
    """Send SIGTERM; return the exit code, and how many seconds the stop took."""
    began = time.monotonic()
    for which in range(signals):
        time.sleep(0.5 * which)
        process.send_signal(signal.SIGTERM)
    process.communicate(timeout=STOP_SECONDS)
    return process.returncode, time.monotonic() - began
