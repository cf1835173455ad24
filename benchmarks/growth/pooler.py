"""Very many workers on few connections of the server: PgBouncer in transaction mode.

Without PgBouncer on this machine there are as many workers as the server has connections for.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Generator, Sequence
from contextlib import closing, contextmanager

from benchmarks.growth.accounts import account, connections
from benchmarks.growth.crowd import SAYINGS
from benchmarks.growth.scale import Empty, Row, Scale
from benchmarks.workload import make_app
from rowlock import Rowlock
from tests.support.pooling import pgbouncer
from tests.support.servers import ServerUnavailableError

IN_ONE_PROCESS = 100
SERVER_CONNECTIONS = 20
# A worker takes two and one more for its upkeep; a hundred is what PostgreSQL allows by default.
DIRECT_WORKERS = 25


def measure(empty: Empty, scale: Scale) -> list[Row]:
    """Return one row: what they settle in a second, and what they cost when all are idle."""
    with empty() as url:
        if not url.startswith("postgresql"):
            return []
        try:
            with pgbouncer(url, size=SERVER_CONNECTIONS) as pooled:
                return [_measured(url, pooled, scale.workers, scale)]
        except ServerUnavailableError as error:
            workers = min(scale.workers, DIRECT_WORKERS)
            return [_measured(url, url, workers, scale) | {"note": str(error)}]


def _measured(url: str, through: str, workers: int, scale: Scale) -> Row:
    with closing(make_app(url)) as app:
        app.enqueue("noop")
        busy = _crowd(url, through, workers, scale.idle_seconds, app=app, tasks=scale.tasks)
    idle = _crowd(url, through, workers, scale.idle_seconds)
    return {
        "of": "pooler",
        "at": workers,
        **busy,
        "idle_commits_per_second_per_worker": idle["commits_per_second"] / workers,
    }


def _crowd(
    url: str,
    through: str,
    workers: int,
    seconds: int,
    *,
    app: Rowlock | None = None,
    tasks: int = 0,
) -> Row:
    """Start them, store tasks when all are there, and see how soon they are settled."""
    with _processes(through, workers, seconds) as processes:
        before = _said(processes)
        began, commits, most = time.perf_counter(), account(url).commits, 0
        if app is not None:
            app.enqueue_many("noop", ({} for _ in range(tasks)))
        stored = last = time.perf_counter()
        settled = before
        for _ in range(SAYINGS * seconds - 1):
            now = _said(processes)
            if now > settled:
                settled, last = now, time.perf_counter()
            most = max(most, connections(url))
        commits = account(url).commits - commits
        lasted = time.perf_counter() - began
    if app is None:
        return {"commits_per_second": commits / lasted}
    row: Row = {"per_second": (settled - before) / (last - stored), "server_connections": most}
    missing = tasks - (settled - before)
    return row | ({"note": f"{missing} tasks were not reached"} if missing > 0 else {})


def _said(processes: Sequence[subprocess.Popen[str]]) -> int:
    """Return how many tasks all have settled; the slowest to start says when all are there."""
    said = [json.loads(one.stdout.readline()) for one in processes if one.stdout is not None]
    return sum(one["tasks"] for one in said)


@contextmanager
def _processes(
    through: str, workers: int, seconds: int
) -> Generator[Sequence[subprocess.Popen[str]]]:
    shares = [IN_ONE_PROCESS] * (workers // IN_ONE_PROCESS)
    if workers % IN_ONE_PROCESS:
        shares.append(workers % IN_ONE_PROCESS)
    module = [sys.executable, "-m", "benchmarks.growth.crowd", through]
    processes = [
        subprocess.Popen(
            [*module, "--workers", str(share), "--seconds", str(seconds)],
            stdout=subprocess.PIPE,
            text=True,
        )
        for share in shares
    ]
    try:
        yield processes
        for process in processes:
            process.communicate()
    finally:
        for process in processes:
            process.kill()
