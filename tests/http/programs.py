"""`rowlock server` as a process of its own."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.cli.commands import cli, command_line, environment

START_SECONDS = 60
STOP_SECONDS = 60


class Program:
    """A server that listens.

    Attributes:
        url: Where.
        log_path: What it writes on stderr.
    """

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self.process = process
        self.log_path = log
        self.url = self._wait_for_url()

    def _wait_for_url(self) -> str:
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end and self.process.poll() is None:
            found = re.search(r"listening on (\S+)", self.log)
            if found:
                return found[1]
            time.sleep(0.05)
        raise AssertionError(f"the server did not start: {self.log}")

    @property
    def port(self) -> int:
        """Where it listens on loopback."""
        return int(self.url.rpartition(":")[2])

    @property
    def log(self) -> str:
        """What it wrote on stderr so far."""
        return self.log_path.read_text("utf-8")

    def stop(self) -> int:
        """Stop it by SIGTERM; returns its exit code."""
        self.process.terminate()
        return self.process.wait(STOP_SECONDS)


@contextmanager
def serving(folder: Path, *args: str, program: Sequence[str] = ()) -> Generator[Program]:
    """Run a server in this block, on a free port."""
    log = folder / f"server-{time.monotonic_ns()}.log"
    command = [*(program or command_line("server")), "--port", "0", *args]
    with log.open("wb") as stderr:
        process = subprocess.Popen(
            command, cwd=folder, env=environment(), stdout=stderr, stderr=stderr
        )
    try:
        yield Program(process, log)
    finally:
        process.kill()
        process.wait(STOP_SECONDS)


def new_token(url: str, *scopes: str) -> str:
    """Make a token by the command line; returns its text."""
    given = [part for scope in scopes for part in ("--scope", scope)]
    result = cli("token", "create", "test", *given, url=url)
    assert result.exit_code == 0, result.stderr
    return result.stdout.strip()
