"""Stop a server and delete its directory once nobody holds the directory any more.

Run as a process of its own: `reaper.py DIRECTORY SIGNAL`. Whoever uses the server holds a
shared lock on `DIRECTORY/in-use`. The kernel drops that lock however the holder ends, so this
also cleans up after a test run that was killed. The server itself holds `DIRECTORY/running`,
so that a pid which meanwhile belongs to another process is never signalled.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import sys
from pathlib import Path


def main(directory: Path, signal: int) -> None:
    """Wait for the last holder, end the server, delete the directory."""
    with (directory / "in-use").open() as in_use:
        fcntl.flock(in_use, fcntl.LOCK_EX)
        end_server(directory, signal)
        shutil.rmtree(directory, ignore_errors=True)


def end_server(directory: Path, signal: int) -> None:
    """Signal the server if it runs, and wait until all its processes are gone."""
    with (directory / "running").open() as running:
        try:
            fcntl.flock(running, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.kill(int((directory / "pid").read_text()), signal)
            fcntl.flock(running, fcntl.LOCK_EX)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
