"""Session fixtures for real servers: one server for the run, one database for each worker."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.databases import fresh_database
from tests.support.servers import ServerUnavailableError, shared_mariadb, shared_postgres


@pytest.fixture(scope="session")
def run_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory that all pytest-xdist workers of this run have in common."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@pytest.fixture(scope="session")
def postgres_server(run_directory: Path) -> Generator[str]:
    """The administrator's DSN of the PostgreSQL server of this run."""
    with skip_on_a_laptop(), shared_postgres(run_directory) as dsn:
        yield dsn


@pytest.fixture(scope="session")
def mariadb_server(run_directory: Path) -> Generator[str]:
    """The administrator's DSN of the MariaDB server of this run."""
    with skip_on_a_laptop(), shared_mariadb(run_directory) as dsn:
        yield dsn


@pytest.fixture(scope="session")
def postgres_dsn(postgres_server: str) -> Generator[str]:
    """The DSN of a PostgreSQL database that only this worker uses, empty at the start."""
    with fresh_database(postgres_server) as dsn:
        yield dsn


@pytest.fixture(scope="session")
def mariadb_dsn(mariadb_server: str) -> Generator[str]:
    """The DSN of a MariaDB database that only this worker uses, empty at the start."""
    with fresh_database(mariadb_server) as dsn:
        yield dsn


@contextmanager
def skip_on_a_laptop() -> Generator[None]:
    """Turn a missing server into a skip; in CI it stays an error."""
    try:
        yield
    except ServerUnavailableError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))
