"""Very many workers on few connections of the server: PgBouncer in transaction mode.

Without PgBouncer on this machine there are as many workers as the server has connections for.
"""

from __future__ import annotations

import json
import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from benchmarks.growth.accounts import account, connections
from benchmarks.growth.scale import Empty, Row, Scale
from benchmarks.workload import make_app

IN_ONE_PROCESS = 100
START_SECONDS = 10.0
PLACES = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin"])
# A worker takes two and one more for its upkeep; a hundred is what PostgreSQL allows by default.
DIRECT_WORKERS = 25
SETTINGS = """
[databases]
* = host={host} port={port} user={server_user}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {listen_port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 20
max_client_conn = 10000
ignore_startup_parameters = extra_float_digits,options
{user}
"""


def measure(empty: Empty, scale: Scale) -> list[Row]:
    """Return one row: what they settle in a second, and what they cost when all are idle."""
    with empty() as url:
        if not url.startswith("postgresql"):
            return []
        program = shutil.which("pgbouncer", path=PLACES)
        if program is None:
            workers = min(scale.workers, DIRECT_WORKERS)
            return [_measured(url, url, workers, scale) | {"note": "pgbouncer is not installed"}]
        with pgbouncer(program, url) as pooled:
            return [_measured(url, pooled, scale.workers, scale)]


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


@contextmanager
def pgbouncer(program: str, url: str) -> Iterator[str]:
    """Run one before a server; gives the same database's URL through it."""
    parts = urlsplit(url)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        listen_port = int(probe.getsockname()[1])
    with tempfile.TemporaryDirectory() as folder:
        settings = Path(folder) / "pgbouncer.ini"
        settings.write_text(
            SETTINGS.format(
                host=parts.hostname,
                port=parts.port or 5432,
                server_user=parts.username,
                listen_port=listen_port,
                user=_user(),
            )
        )
        process = subprocess.Popen(
            [program, "--quiet", str(settings)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        pooled = parts._replace(netloc=f"{parts.username}@127.0.0.1:{listen_port}").geturl()
        try:
            _wait_for(pooled, process)
            yield pooled
        finally:
            process.kill()
            process.wait()


def _user() -> str:
    # It refuses to run as root, and becomes somebody else if it is told whom.
    return "" if os.geteuid() else f"user = {pwd.getpwnam('nobody').pw_name}"


def _wait_for(pooled: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        with suppress(psycopg.OperationalError):
            psycopg.connect(pooled, connect_timeout=2).close()
            return
        time.sleep(0.05)
    raise RuntimeError("pgbouncer did not start")
