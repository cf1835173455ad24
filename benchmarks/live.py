"""Live events: many streams, many changes, and how long others wait meanwhile.

`python -m benchmarks.live [--streams 2000] [--rate 500] [--seconds 20]`

A server of its own serves the streams from a SQLite file or the URL in ROWLOCK_BENCH_POSTGRES. One
process reads all of them; another changes tasks at the rate, a third asks for a single task over
and over and notes how long that takes. Some streams are never read.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import httpx2

from rowlock import Rowlock
from rowlock.app import token_flows
from rowlock.app.flow import run_flow

STOPPED = 5
"""So many clients take nothing."""
BATCH = 25
SETTLE_SECONDS = 2.0


def served(url: str, streams: int, folder: Path) -> tuple[subprocess.Popen[bytes], str]:
    """Start a server; returns its process and its address."""
    log = folder / "server.log"
    command = [
        *(sys.executable, "-m", "rowlock", "server", "--url", url, "--port", "0"),
        *("--streams", str(streams + STOPPED), "--rate", "10000", "--log-level", "warning"),
    ]
    with log.open("wb") as stderr:
        process = subprocess.Popen([*command[:-2], "--log-level", "info"], stderr=stderr)
    while True:
        found = re.search(r"listening on (\S+)", log.read_text("utf-8"))
        if found:
            return process, found[1]
        if process.poll() is not None:
            raise SystemExit(log.read_text("utf-8"))
        time.sleep(0.05)


def memory_of(pid: int) -> float:
    """Return the resident memory of a process in MB, where Linux tells it."""
    status = Path(f"/proc/{pid}/status")
    found = re.search(r"VmRSS:\s+(\d+) kB", status.read_text("utf-8") if status.exists() else "")
    return int(found[1]) / 1_024 if found else 0.0


class Readers:
    """Clients that read their streams, and some that do not."""

    def __init__(self, address: str, token: str) -> None:
        self._host, port = address.removeprefix("http://").split(":")
        self._port = int(port)
        self._head = (
            f"GET /api/v1/events HTTP/1.1\r\nHost: {self._host}\r\n"
            f"Authorization: Bearer {token}\r\n\r\n"
        ).encode()
        self.counts: list[int] = []

    async def connect(self, **settings: Any) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Ask for a stream."""
        reader, writer = await asyncio.open_connection(self._host, self._port, **settings)
        writer.write(self._head)
        return reader, writer

    def stopped(self) -> socket.socket:
        """Ask for a stream of which nothing is ever read."""
        client = socket.socket()
        # The kernel takes megabytes for a client, if it may.
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2**12)
        client.connect((self._host, self._port))
        client.sendall(self._head)
        return client

    async def read(self, place: int, opened: asyncio.Queue[None]) -> None:
        """Count the events of one stream, for ever."""
        reader, _ = await self.connect(limit=2**20)
        text = b""
        while b"event: open" not in text:
            text += await reader.read(2**18)
        opened.put_nowait(None)
        while part := await reader.read(2**18):
            self.counts[place] += part.count(b"event: task\n")

    async def run(self, streams: int, conn: Any) -> None:
        """Read every stream until told to stop, and tell the counts."""
        self.counts = [0] * streams
        opened: asyncio.Queue[None] = asyncio.Queue()
        tasks: list[asyncio.Task[None]] = []
        for place in range(streams):
            tasks.append(asyncio.create_task(self.read(place, opened)))
            if place % 50 == 49:
                await asyncio.sleep(0.05)
        stopped = [self.stopped() for _ in range(STOPPED)]
        for _ in range(streams):
            await opened.get()
        conn.send("open")
        await asyncio.to_thread(conn.recv)
        await asyncio.sleep(SETTLE_SECONDS)
        conn.send(self.counts)
        for task in tasks:
            task.cancel()
        for client in stopped:
            client.close()


def reading(address: str, token: str, streams: int, conn: Any) -> None:
    """The process that reads."""
    asyncio.run(Readers(address, token).run(streams, conn))


def changing(url: str, rate: float, seconds: float) -> int:
    """Enqueue at a rate, an event for each task; returns how many."""
    made = 0
    with Rowlock(url) as app:
        began = time.monotonic()
        while time.monotonic() - began < seconds:
            app.enqueue_many(None, [{"n": made + n} for n in range(BATCH)], queue="watched")
            made += BATCH
            time.sleep(max(0.0, began + made / rate - time.monotonic()))
    return made


def measure(url: str, streams: int, rate: float, seconds: float, folder: Path) -> dict[str, Any]:
    """Run it; returns what was found."""
    with Rowlock(url, migrate=True) as app:
        task = app.enqueue(None, {}, queue="watched")
        _, token = run_flow(app.core, token_flows.create_token(app.core, "bench", ["admin"]))
    server, address = served(url, streams, folder)
    before = memory_of(server.pid)
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    reader = context.Process(target=reading, args=(address, token, streams, theirs))
    reader.start()
    try:
        assert ours.recv() == "open"
        opened = memory_of(server.pid)
        with context.Pool(1) as pool:
            writing = pool.apply_async(changing, (url, rate, seconds))
            waits: list[float] = []
            headers = {"Authorization": f"Bearer {token}"}
            with httpx2.Client(base_url=address, headers=headers, timeout=30) as client:
                while not writing.ready():
                    asked = time.monotonic()
                    client.get(f"/api/v1/task/{task.id}").raise_for_status()
                    waits.append(time.monotonic() - asked)
                    time.sleep(0.01)
            made = writing.get()
        ours.send("stop")
        counts = ours.recv()
        log = (folder / "server.log").read_text("utf-8")
        return {
            "streams": streams,
            "events": made,
            "per_second": round(made / seconds),
            "received_least": min(counts),
            "received_most": max(counts),
            "request_p50_ms": round(1_000 * statistics.median(waits), 1),
            "request_p99_ms": round(1_000 * statistics.quantiles(waits, n=100)[98], 1),
            "memory_mb": [round(before), round(opened), round(memory_of(server.pid))],
            "dropped": log.count("took nothing"),
            "stopped": STOPPED,
        }
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(60)
        reader.kill()


def run(*, streams: int, rate: float, seconds: float) -> dict[str, Any]:
    """Measure on a new SQLite file, or on the PostgreSQL that is given."""
    with tempfile.TemporaryDirectory() as folder:
        url = os.environ.get("ROWLOCK_BENCH_POSTGRES", f"sqlite:///{folder}/live.db")
        return measure(url, streams, rate, seconds, Path(folder))


def table(found: dict[str, Any]) -> str:
    """Return the figures as text."""
    return "\n".join(f"{'live: ' + name:32}{value!s:>14}" for name, value in found.items())


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.live", description=__doc__)
    parser.add_argument("--streams", type=int, default=2_000)
    parser.add_argument("--rate", type=float, default=500.0)
    parser.add_argument("--seconds", type=float, default=20.0)
    given = parser.parse_args()
    found = run(streams=given.streams, rate=given.rate, seconds=given.seconds)
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
