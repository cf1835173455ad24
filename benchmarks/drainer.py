"""One worker process under measurement; says once a second how many tasks it has settled.

`python -m benchmarks.drainer URL [--slots N] [--seconds S]` runs for so long; with `--tasks N`
it runs until so many are settled, and with neither it drains what is there: then it prints one
line with tasks, seconds, CPU seconds and memory. With `--queues N` it works on q0, q1, …
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time

from benchmarks.machine import peak_memory_mb
from benchmarks.workload import SLOTS, make_app
from rowlock import Worker


def _facts(tasks: int, began: float) -> dict[str, float]:
    return {
        "tasks": tasks,
        "seconds": time.perf_counter() - began,
        "cpu_seconds": time.process_time(),
        "max_rss_mb": peak_memory_mb(),
    }


def drain(worker: Worker) -> None:
    """Settle everything that can start now."""
    began = time.perf_counter()
    print(json.dumps(_facts(worker.run_once(), began)), flush=True)


async def settle(worker: Worker, tasks: int) -> None:
    """Work until so many tasks are settled."""
    await worker.start()
    began = time.perf_counter()
    # Whoever runs this limits it.
    while worker.recorded < tasks:  # noqa: ASYNC110
        await asyncio.sleep(0.005)
    print(json.dumps(_facts(worker.recorded, began)), flush=True)
    await worker.stop()


async def sustain(worker: Worker, seconds: float) -> None:
    """Work for so long."""
    await worker.start()
    began = time.perf_counter()
    while time.perf_counter() - began < seconds:
        await asyncio.sleep(1.0)
        print(json.dumps(_facts(worker.recorded, began)), flush=True)
    await worker.stop()


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("--slots", type=int, default=SLOTS)
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--tasks", type=int)
    parser.add_argument("--queues", type=int, default=0)
    given = parser.parse_args()
    with make_app(given.url) as app:
        queues = [f"q{number}" for number in range(given.queues)] or None
        worker = Worker(app, queues, concurrency=given.slots)
        if given.seconds is not None:
            asyncio.run(sustain(worker, given.seconds))
        elif given.tasks is not None:
            asyncio.run(settle(worker, given.tasks))
        else:
            drain(worker)


if __name__ == "__main__":
    main()
