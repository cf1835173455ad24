"""One worker process under measurement; says once a second how many tasks it has settled.

`python -m benchmarks.drainer URL [--slots N] [--seconds S]` runs for so long; without
`--seconds` it drains what is there and prints one line with tasks, seconds, CPU seconds and
memory.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import time

from benchmarks.workload import SLOTS, make_app
from rowlock import Worker


def _facts(tasks: int, began: float) -> dict[str, float]:
    return {
        "tasks": tasks,
        "seconds": time.perf_counter() - began,
        "cpu_seconds": time.process_time(),
        "max_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def drain(url: str, slots: int) -> None:
    """Settle everything that can start now."""
    app = make_app(url)
    worker = Worker(app, concurrency=slots)
    began = time.perf_counter()
    print(json.dumps(_facts(worker.run_once(), began)), flush=True)
    app.close()


async def sustain(url: str, slots: int, seconds: float) -> None:
    """Work for so long."""
    app = make_app(url)
    worker = Worker(app, concurrency=slots)
    await worker.start()
    began = time.perf_counter()
    while time.perf_counter() - began < seconds:
        await asyncio.sleep(1.0)
        print(json.dumps(_facts(worker.recorded, began)), flush=True)
    await worker.stop()
    app.close()


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("--slots", type=int, default=SLOTS)
    parser.add_argument("--seconds", type=float)
    given = parser.parse_args()
    if given.seconds is None:
        drain(given.url, given.slots)
    else:
        asyncio.run(sustain(given.url, given.slots, given.seconds))


if __name__ == "__main__":
    main()
