"""A throw-away PgBouncer in transaction mode, before a server that runs."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from tests.support.servers import ServerFailedError, ServerUnavailableError

START_SECONDS = 20.0
SETTINGS = """
[databases]
* = host={host} port={port} user={name}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {listen_port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = {size}
max_client_conn = 10000
{user}
"""


@contextmanager
def pgbouncer(dsn: str, *, size: int) -> Iterator[str]:
    """Run one in this block; gives the DSN of the same database by way of it.

    Args:
        dsn: Of a PostgreSQL on this host that asks for no password.
        size: Connections to the server, at most.

    Raises:
        ServerUnavailableError: It is not installed.
        ServerFailedError: It does not start.
    """
    program = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None:
        raise ServerUnavailableError("pgbouncer is not installed")
    parts = urlsplit(dsn)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    with tempfile.TemporaryDirectory() as folder:
        settings, log = Path(folder) / "pgbouncer.ini", Path(folder) / "log"
        server = {"host": parts.hostname, "port": parts.port or 5432, "name": parts.username}
        settings.write_text(
            SETTINGS.format(**server, listen_port=port, size=size, user=_account_line())
        )
        with log.open("wb") as output:
            process = subprocess.Popen([program, str(settings)], stdout=output, stderr=output)
        pooled = parts._replace(netloc=f"{parts.username}@127.0.0.1:{port}").geturl()
        try:
            _wait_for(pooled, process, log)
            yield pooled
        finally:
            process.kill()
            process.wait()


def _account_line() -> str:
    # It refuses to run as root, and becomes somebody else if it is told whom.
    return "" if os.geteuid() else f"user = {pwd.getpwnam('nobody').pw_name}"


def _wait_for(pooled: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        with suppress(psycopg.OperationalError):
            psycopg.connect(pooled, connect_timeout=2).close()
            return
        time.sleep(0.05)
    raise ServerFailedError(f"pgbouncer did not start:\n{log.read_text(errors='replace')[-4000:]}")
