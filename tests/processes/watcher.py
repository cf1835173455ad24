"""A program that listens: `python -m tests.processes.watcher URL JOURNAL loop|worker`.

It appends a line of JSON to the journal for each tick whose handler begins or ends. The handler
of the ticker `stuck` never ends at its first attempt.
"""

from __future__ import annotations

import json
import os
import sys
import time

from rowlock import Rowlock, Tick, Worker

URL, JOURNAL, MODE = sys.argv[1:] if __name__ == "__main__" else ("memory://", os.devnull, "")

app = Rowlock(URL)


def note(event: str, tick: Tick | None = None) -> None:
    """Write one line, whole or not at all."""
    told = {"event": event, "pid": os.getpid()}
    if tick is not None:
        told |= {"name": tick.name, "at": tick.at.isoformat(), "attempt": tick.attempt}
    line = f"{json.dumps(told)}\n".encode()
    journal = os.open(JOURNAL, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(journal, line)
    os.close(journal)


def handle(tick: Tick) -> None:
    """Say that a tick came."""
    note("begin", tick)
    if tick.name == "stuck" and tick.attempt == 1:
        time.sleep(600)
    note("end", tick)


def main() -> None:
    app.core.open()
    note("ready")
    if MODE == "loop":
        app.run_ticker_loop(handle, "beat", poll=0.1)
    else:
        app.ticker("stuck", every="3s")(handle)
        Worker(app).run()


if __name__ == "__main__":
    main()
