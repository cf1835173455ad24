"""What every program in Python under measurement does, with the standard library alone.

`program.py WORKLOAD URL --tasks N --concurrency C [--variant V]` runs one workload on an empty
database and prints one JSON line. A task's payload is its number, its handler only notes that.

- `bulk`: seconds from before the call that stores N tasks at once until it returns. A peer
  without such a call stores them one by one, which its notes say.
- `single`: seconds of N tasks stored one after the other, each durable before the next.
- `drain`: N tasks are stored, then one worker starts. Seconds from the first handler to the last:
  start-up, the first claim and what is settled after the last handler are left out, for all.
- `latency`: a worker in the same process is idle; N tasks one at a time, 20 to 40 ms after the
  last one started. Milliseconds from before the enqueue call until the handler starts.

After `drain` the worker is stopped: `done` is how many different tasks ran, `left` how many the
store still counts as waiting or running.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import statistics
import sys
import threading
import time
from typing import Any

WORKLOADS = ("bulk", "single", "drain", "latency")
WARM_UP = 10
SETTLING_SECONDS = 0.5
POLL_SECONDS = 0.002


class Recorder:
    """When handlers started, by the number of their task; from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.started: dict[int, float] = {}
        self.runs = 0
        self.first = self.last = 0.0

    def note(self, number: int) -> None:
        """Called by the handler, and all that it does."""
        now = time.perf_counter()
        with self._lock:
            self.first = self.first or now
            self.last = now
            self.runs += 1
            self.started.setdefault(number, now)

    async def wait_for(self, tasks: int) -> None:
        """Wait until so many different tasks have started; whoever runs the program limits it."""
        # Handlers run in threads too, which cannot set an asyncio.Event.
        while len(self.started) < tasks:  # noqa: ASYNC110
            await asyncio.sleep(POLL_SECONDS)


class Program:
    """One peer under measurement; subclasses say how it does what is asked."""

    def __init__(self, url: str, concurrency: int, variant: str, recorder: Recorder) -> None:
        self.url = url
        self.concurrency = concurrency
        self.variant = variant
        self.recorder = recorder

    async def set_up(self) -> None:
        """Connect and make the schema."""
        raise NotImplementedError

    async def enqueue_many(self, numbers: range) -> None:
        """Store these tasks the fastest way there is."""
        for number in numbers:
            await self.enqueue(number)

    async def enqueue(self, number: int) -> None:
        """Store one task."""
        raise NotImplementedError

    async def start_worker(self) -> None:
        """Start one in this process."""
        raise NotImplementedError

    async def stop_worker(self) -> None:
        """Let it finish and settle, then stop."""
        raise NotImplementedError

    async def left(self) -> int:
        """Return how many tasks wait or run, as the store has it."""
        raise NotImplementedError

    async def close(self) -> None:
        """Give up what `set_up` opened."""


async def _bulk(program: Program, tasks: int) -> dict[str, Any]:
    began = time.perf_counter()
    await program.enqueue_many(range(tasks))
    return {"seconds": time.perf_counter() - began, "done": await program.left(), "left": 0}


async def _single(program: Program, tasks: int) -> dict[str, Any]:
    began = time.perf_counter()
    for number in range(tasks):
        await program.enqueue(number)
    return {"seconds": time.perf_counter() - began, "done": await program.left(), "left": 0}


async def _drain(program: Program, tasks: int) -> dict[str, Any]:
    recorder = program.recorder
    await program.enqueue_many(range(tasks))
    await program.start_worker()
    await recorder.wait_for(tasks)
    await asyncio.sleep(SETTLING_SECONDS)
    await program.stop_worker()
    return {
        "seconds": recorder.last - recorder.first,
        "done": len(recorder.started),
        "runs": recorder.runs,
        "left": await program.left(),
    }


async def _latency(program: Program, tasks: int) -> dict[str, Any]:
    recorder = program.recorder
    await program.start_worker()
    await asyncio.sleep(SETTLING_SECONDS)
    waits: list[float] = []
    for number in range(WARM_UP + tasks):
        began = time.perf_counter()
        await program.enqueue(number)
        await recorder.wait_for(number + 1)
        waits.append(1_000 * (recorder.started[number] - began))
        await asyncio.sleep(random.uniform(0.02, 0.04))
    await asyncio.sleep(SETTLING_SECONDS)
    await program.stop_worker()
    figures = sorted(waits[WARM_UP:])
    return {
        "p50_ms": statistics.median(figures),
        "p99_ms": figures[min(len(figures) - 1, len(figures) * 99 // 100)],
        "done": len(recorder.started) - WARM_UP,
        "left": await program.left(),
    }


async def _measured(make: type[Program], given: argparse.Namespace) -> dict[str, Any]:
    program = make(given.url, given.concurrency, given.variant, Recorder())
    await program.set_up()
    try:
        workload = {"bulk": _bulk, "single": _single, "drain": _drain, "latency": _latency}
        return await workload[given.workload](program, given.tasks)
    finally:
        await program.close()


def main(make: type[Program], loop: Any = asyncio.run) -> None:
    """Read the command line, measure, print one line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("workload", choices=WORKLOADS)
    parser.add_argument("url")
    parser.add_argument("--tasks", type=int, required=True)
    parser.add_argument("--concurrency", type=int, required=True)
    parser.add_argument("--variant", default="")
    figures = loop(_measured(make, parser.parse_args()))
    sys.stdout.write(json.dumps(figures) + "\n")
