"""Wake-ups between the processes of one host: `PRAGMA data_version`, watched by a thread."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing

from rowlock.storage.wakeups import LocalWakeups

FIRST_PAUSE_SECONDS = 0.01
LONGEST_PAUSE_SECONDS = 0.1
PAUSE_GROWTH = 1.2


class DataVersionWakeups(LocalWakeups):
    """Calls when another connection changed the file.

    The pause between looks grows to a tenth of a second while nothing happens, which an idle
    host does not notice.
    """

    poll_seconds = 5.0

    def __init__(self, path: str) -> None:
        super().__init__()
        self._path = path
        self._stopping = threading.Event()

    def _start(self) -> None:
        self._stopping = threading.Event()
        watcher = threading.Thread(
            target=self._watch, args=(self._stopping,), name="rowlock-wakeups", daemon=True
        )
        watcher.start()

    def _stop(self) -> None:
        self._stopping.set()

    def _watch(self, stopping: threading.Event) -> None:
        pause = FIRST_PAUSE_SECONDS
        with closing(sqlite3.connect(self._path, check_same_thread=False)) as connection:
            seen = None
            while not stopping.wait(pause):
                try:
                    version = connection.execute("PRAGMA data_version").fetchone()[0]
                except sqlite3.Error:
                    pause = LONGEST_PAUSE_SECONDS
                    continue
                if seen is not None and version != seen:
                    pause = FIRST_PAUSE_SECONDS
                    self.wake_here(None, None)
                else:
                    pause = min(pause * PAUSE_GROWTH, LONGEST_PAUSE_SECONDS)
                seen = version
