"""Very many workers on few connections of the server: PgBouncer in transaction mode.

Without PgBouncer on this machine there are as many workers as the server has connections for.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from contextlib import closing

from benchmarks.growth.accounts import account, connections
from benchmarks.growth.scale import Empty, Row, Scale
from benchmarks.workload import make_app
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
        app.enqueue_many("noop", ({} for _ in range(scale.tasks)))
    busy = _crowd(url, through, workers, scale.idle_seconds)
    if busy["tasks"] < scale.tasks:
        busy |= {"note": f"{scale.tasks - busy['tasks']:.0f} tasks were not reached"}
    idle = _crowd(url, through, workers, scale.idle_seconds)
    return {
        "of": "pooler",
        "at": workers,
        "per_second": busy["per_second"],
        "server_connections": busy["connections"],
        "idle_commits_per_second_per_worker": idle["commits_per_second"] / workers,
    } | {name: busy[name] for name in busy if name == "note"}


def _crowd(url: str, through: str, workers: int, seconds: int) -> Row:
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
    settled = [0.0]
    first = last = time.perf_counter()
    began = account(url).commits
    most = 0
    for _ in range(seconds):
        # The slowest to start says when all are there.
        said = [json.loads(one.stdout.readline()) for one in processes if one.stdout is not None]
        settled.append(sum(one["tasks"] for one in said))
        if settled[-1] > settled[-2]:
            last = time.perf_counter()
        if len(settled) == 2:
            first = last = time.perf_counter()
            began = account(url).commits
        most = max(most, connections(url))
    commits = account(url).commits - began
    lasted = time.perf_counter() - first
    for process in processes:
        process.communicate()
    counted = settled[-1] - settled[1]
    return {
        "tasks": settled[-1],
        "per_second": counted / max(last - first, 1.0) if counted else settled[-1],
        "commits_per_second": commits / lasted,
        "connections": most,
    }
