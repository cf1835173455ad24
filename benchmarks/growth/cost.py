"""What a task and an idle worker cost a server, beside how fast they are."""

from __future__ import annotations

import time
from contextlib import closing

from benchmarks.growth.accounts import Account, account, connections
from benchmarks.growth.scale import Empty, Row, Scale
from benchmarks.processes import drained, sustained
from benchmarks.workload import SLOTS, make_app
from rowlock.runtime.slots import DEFAULT_CONCURRENCY

# A server's counters follow what happened within a second or so.
SETTLING_SECONDS = 1.5


def measure(empty: Empty, scale: Scale) -> list[Row]:
    """Return a row for each concurrency of a worker, the default one first."""
    rows: list[Row] = []
    for slots in (DEFAULT_CONCURRENCY, SLOTS):
        with empty() as url:
            if url.startswith("sqlite"):
                return []  # It has no server, and no account of its own.
            rows.append({"of": "cost", "at": slots} | _of_tasks(url, slots, scale.tasks))
            rows[-1] |= _of_idling(url, scale.idle_seconds)
    return rows


def _of_tasks(url: str, slots: int, tasks: int) -> Row:
    with closing(make_app(url)) as app:
        app.enqueue("noop")
        drained(url)
        began = _settled(url)
        app.enqueue_many("noop", ({} for _ in range(tasks)))
        stored = _settled(url)
        drained(url, "--slots", str(slots))
        ended = _settled(url)
    return {
        "stored_log_bytes_per_task": (stored.log_bytes - began.log_bytes) / tasks,
        "stored_commits_per_task": (stored.commits - began.commits) / tasks,
        "run_log_bytes_per_task": (ended.log_bytes - stored.log_bytes) / tasks,
        "run_commits_per_task": (ended.commits - stored.commits) / tasks,
        "log_bytes_per_task": (ended.log_bytes - began.log_bytes) / tasks,
    }


def _of_idling(url: str, seconds: int) -> Row:
    short = seconds // 4
    most = 0
    spent: list[int] = []
    for time_given in (short, seconds):
        before = _settled(url)
        with sustained(url, time_given) as figures:
            for _ in figures:
                most = max(most, connections(url))
        spent.append(_settled(url).commits - before.commits)
    # Starting and stopping is in both, and so are the questions asked here, one a second.
    each = (spent[1] - spent[0]) / (seconds - short)
    asked = 1 if url.startswith("postgresql") else 0
    return {"idle_commits_per_second": each - asked, "idle_connections": most}


def _settled(url: str) -> Account:
    time.sleep(SETTLING_SECONDS)
    return account(url)
