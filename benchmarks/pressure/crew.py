"""The processes of one system, each started again when it ends, as a supervisor would."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any, NamedTuple, Self

AGAIN_SECONDS = 0.5
ENDING_SECONDS = 20.0


class Word(NamedTuple):
    """What a process said, and when."""

    at: float
    words: dict[str, Any]


class Kept:
    """One process that is kept going; a block starts it and ends it."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        self._command = command
        self._environment = environment
        self._stopping = threading.Event()
        self._process: subprocess.Popen[str] | None = None
        self._thread = threading.Thread(target=self._keep)
        self.said: list[Word] = []
        self.starts = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stopping.set()
        process = self._process
        if process is not None and process.stdin is not None:
            with suppress(OSError):
                process.stdin.close()
        self._thread.join(ENDING_SECONDS)
        if self._thread.is_alive():
            self.kill()
            self._thread.join()

    def kill(self) -> None:
        """End the process as a crash does."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                # A program may have been started by another one.
                os.killpg(self._process.pid, signal.SIGKILL)

    def said_between(self, start: float, end: float) -> list[Word]:
        """Return what it said in that time."""
        return [word for word in list(self.said) if start < word.at <= end]

    def _keep(self) -> None:
        while not self._stopping.is_set():
            self.starts += 1
            with subprocess.Popen(
                self._command,
                env=dict(self._environment),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                start_new_session=True,
            ) as process:
                self._process = process
                assert process.stdout is not None
                for line in process.stdout:
                    # A process that is killed may leave half a line.
                    with suppress(json.JSONDecodeError):
                        self.said.append(Word(time.monotonic(), json.loads(line)))
                with suppress(OSError):
                    assert process.stdin is not None
                    process.stdin.close()
            self._stopping.wait(AGAIN_SECONDS)
