"""An empty store for each run: a database, a file or a Redis, on servers started for them."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg

from tests.support.databases import fresh_database
from tests.support.servers import PostgresServer, ServerUnavailableError

REDIS_START_SECONDS = 20.0


class StoreUnavailableError(RuntimeError):
    """This machine lacks the store's server."""


class Stores:
    """Starts each server when it is first asked for, and ends all of them with the block.

    Attributes:
        versions: Of the servers that were asked for.
    """

    def __init__(self) -> None:
        self.versions: dict[str, str] = {}
        self._stack = ExitStack()
        self._postgres: str | None = os.environ.get("ROWLOCK_BENCH_POSTGRES")
        self._redis: int | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def prepare(self, engine: str) -> None:
        """Start the engine's server.

        Raises:
            StoreUnavailableError: It is not installed, or does not start.
        """
        try:
            if engine == "postgresql" and self._postgres is None:
                self._postgres = self._stack.enter_context(PostgresServer({})).dsn()
            if engine == "redis" and self._redis is None:
                self._redis, self.versions[engine] = self._stack.enter_context(_redis_server())
            if self._postgres and engine == "postgresql" and engine not in self.versions:
                self.versions[engine] = _version_of_postgres(self._postgres)
        except ServerUnavailableError as error:
            raise StoreUnavailableError(str(error)) from error

    @contextmanager
    def empty(self, engine: str) -> Iterator[str]:
        """Give the URL of an empty store; `prepare` comes first."""
        if engine == "sqlite":
            with tempfile.TemporaryDirectory() as folder:
                yield f"sqlite:///{Path(folder) / 'bench.db'}"
        elif engine == "postgresql":
            assert self._postgres is not None
            with fresh_database(self._postgres) as dsn:
                yield dsn
        else:
            assert self._redis is not None
            _ask_redis(self._redis, b"FLUSHALL")
            yield f"redis://127.0.0.1:{self._redis}/0"


def _version_of_postgres(dsn: str) -> str:
    with psycopg.connect(dsn) as connection:
        row = connection.execute("SHOW server_version").fetchone()
    return str(row[0]) if row else ""


@contextmanager
def _redis_server() -> Iterator[tuple[int, str]]:
    program = shutil.which("redis-server")
    if program is None:
        raise StoreUnavailableError("redis-server is not installed")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    with tempfile.TemporaryDirectory() as folder:
        # Its other settings are Redis's own, snapshots to disk included.
        process = subprocess.Popen(
            [program, "--bind", "127.0.0.1", "--port", str(port), "--dir", folder],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            _wait_for_redis(process, port)
            yield port, _version_of_redis(program)
        finally:
            process.kill()
            process.wait()


def _version_of_redis(program: str) -> str:
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    found = re.search(r"v=(\S+)", said.stdout)
    return found[1] if found else ""


def _wait_for_redis(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + REDIS_START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        with suppress(OSError):
            _ask_redis(port, b"PING")
            return
        time.sleep(0.05)
    raise StoreUnavailableError("redis-server did not start")


def _ask_redis(port: int, command: bytes) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(command + b"\r\n")
        answer = connection.recv(64)
    if not answer.startswith(b"+"):
        raise StoreUnavailableError(f"Redis answered {answer!r}")
