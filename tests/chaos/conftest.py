"""Fixtures of the chaos tests."""

from __future__ import annotations

import os
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from rowlock import Rowlock
from tests.chaos.journal import Journal
from tests.chaos.program import define
from tests.support.backends import DURABLE
from tests.support.databases import fresh_database
from tests.support.fixtures import skip_on_a_laptop
from tests.support.servers import MariaDBServer, PostgresServer, Server

FULL = os.environ.get("ROWLOCK_CHAOS") == "full"
"""Whether the full sizes are run; else a tenth."""


@pytest.fixture(scope="session", autouse=True)
def heeding_sigint() -> Iterator[None]:
    """Let our children heed SIGINT.

    A shell starts what it puts in the background with SIGINT ignored, and that is passed on to
    every child. Not undone in the child itself: a fork that runs Python may wait for ever for
    a lock that another thread held.
    """
    before = signal.getsignal(signal.SIGINT)
    if before is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


CHAOS_FOLDER = Path(__file__).parent
PURE = ("test_checker.py", "test_settler.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if CHAOS_FOLDER in item.path.parents and item.path.name not in PURE:
            item.add_marker(pytest.mark.chaos)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the figures of all runs; they are what a run is for."""
    reports = [report for some in terminalreporter.stats.values() for report in some]
    texts = [text for one in reports for _, text in getattr(one, "sections", ())]
    lines = {line for text in texts for line in text.splitlines() if line.startswith("CHAOS ")}
    for line in sorted(lines):
        terminalreporter.write_line(line)


@dataclass
class Place:
    """Where a run takes place: a migrated, empty database, a journal and a log.

    Attributes:
        app: An app on the database, with the definitions that the workers have.
        server: The throw-away server, if the test has one to itself.
    """

    engine: str
    url: str
    app: Rowlock
    journal: Path
    log: Path
    server: Server | None = None

    def can_write(self) -> bool:
        """Whether nobody holds the lock that all writers of a file share."""
        if self.engine != "sqlite":
            return True
        with closing(sqlite3.connect(self.url.removeprefix("sqlite:///"), timeout=0.1)) as file:
            try:
                file.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                return False
        return True


def opened_place(
    engine: str, url: str, folder: Path, opened: ExitStack, server: Server | None = None
) -> Place:
    """Migrate the database and open an app on it."""
    app = opened.enter_context(Rowlock(url))
    app.migrate()
    journal = Journal(folder / "journal.jsonl")
    opened.callback(journal.close)
    define(app, journal)
    return Place(engine, url, app, folder / "journal.jsonl", folder / "workers.log", server)


@pytest.fixture(params=DURABLE)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """An empty database of each durable engine, on the server of this test run."""
    with ExitStack() as opened:
        if request.param == "sqlite":
            url = f"sqlite:///{tmp_path / 'rowlock.db'}"
        else:
            server = request.getfixturevalue(f"{request.param}_server")
            url = opened.enter_context(fresh_database(server))
        yield opened_place(request.param, url, tmp_path, opened)


@pytest.fixture(params=["postgres", "mariadb"])
def own_place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """An empty database on a server that the test may stop and start."""
    with skip_on_a_laptop(), ExitStack() as opened:
        yield opened_on_own_server(request.param, tmp_path, opened)


@pytest.fixture(params=DURABLE)
def stallable_place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """An empty database that the test may keep from answering."""
    with skip_on_a_laptop(), ExitStack() as opened:
        if request.param == "sqlite":
            url = f"sqlite:///{tmp_path / 'rowlock.db'}"
            yield opened_place("sqlite", url, tmp_path, opened)
        else:
            yield opened_on_own_server(request.param, tmp_path, opened)


def opened_on_own_server(engine: str, folder: Path, opened: ExitStack) -> Place:
    """Start a server for this test alone."""
    server: Server = opened.enter_context(
        PostgresServer() if engine == "postgres" else MariaDBServer()
    )
    return opened_place(engine, server.create_database("chaos"), folder, opened, server)
