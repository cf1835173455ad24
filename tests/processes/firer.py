"""A program that fires schedules until none is left: `python -m tests.processes.firer URL LIMIT`.

It says `ready`, waits for a line, works, and prints how many tasks it made as JSON.
"""

from __future__ import annotations

import sys
from contextlib import closing

from rowlock.app.schedule_pattern import StoredPattern
from rowlock.errors import StorageConflictError
from rowlock.ops.firing import fire_due
from rowlock.storage.storage import Storage
from rowlock.storage.url import open_storage


def fire_all(storage: Storage, limit: int) -> int:
    """Fire what is due until nothing ever will be; returns how many tasks that made."""
    fired = 0
    while storage.runner.read(storage.firings.seconds_to_next_schedule) is not None:
        try:
            done = storage.runner.run(fire_due, storage, StoredPattern(), limit=limit)
        except StorageConflictError:
            continue  # so many processes at one file: it is tried again, as a worker does
        fired += sum(len(one.tasks) for one in done)
    return fired


def main() -> None:
    """Say ready, wait for go, fire."""
    url, limit = sys.argv[1], int(sys.argv[2])
    with closing(open_storage(url, pool_size=2)) as storage:
        storage.runner.read(storage.firings.seconds_to_next_schedule)
        print("ready", flush=True)  # noqa: T201 - it is told to the test
        sys.stdin.readline()
        print(fire_all(storage, limit), flush=True)  # noqa: T201 - as above


if __name__ == "__main__":
    main()
