"""What `benchmarks.pressure` asks of a program: to supply or to serve until its input ends.

The number of a task is the nanosecond at which it was stored, by the clock that all processes of
a machine share; whoever starts it knows how long it waited.

- `supply` stores `rate` tasks a second, in one call each hundredth of a second, and says
  {"made": N} every second. What it cannot store in time it does not make up for.
- `serve` works, and says {"started": N, "waits": {"0.81": 3, …}} every second: how many tasks
  started in it, and how often they had waited for so many milliseconds, to two digits.
- `count` says {"left": N}: how many tasks wait or run, as the store has it.

The store's schema is there already: a `drain` made it.
"""

from __future__ import annotations

import asyncio
import json
import sys
import threading
import time
from collections import Counter
from typing import Any

from program import Program

TICK_SECONDS = 0.01
# More than that at once is a burst, and no supply.
MOST_AT_ONCE = 5_000


class Waits:
    """How long tasks had waited when they started; stands in for a recorder."""

    def __init__(self) -> None:
        self._nanoseconds: list[int] = []

    def note(self, number: int) -> None:
        """Called when a handler starts."""
        self._nanoseconds.append(time.perf_counter_ns() - number)

    def take(self) -> dict[str, Any]:
        """Return what there was since the last time."""
        taken, self._nanoseconds = self._nanoseconds, []
        waits = Counter(f"{one / 1e6:.2g}" for one in taken)
        return {"started": len(taken), "waits": waits}


def _say(words: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(words) + "\n")
    sys.stdout.flush()


def _input_ended() -> threading.Event:
    """Return what is set when the input ends; waiting for it keeps no failed process alive."""
    ended = threading.Event()

    def read() -> None:
        sys.stdin.read()
        ended.set()

    threading.Thread(target=read, daemon=True).start()
    return ended


async def supply(program: Program) -> dict[str, Any]:
    """Store tasks at a rate."""
    rate = program.given.rate
    stopped = _input_ended()
    made = 0
    last = told = time.perf_counter()
    while not stopped.is_set():
        await asyncio.sleep(TICK_SECONDS)
        now = time.perf_counter()
        due = min(int((now - last) * rate), MOST_AT_ONCE)
        if due:
            last = max(last + due / rate, now - TICK_SECONDS)
            first = time.perf_counter_ns()
            await program.enqueue_many(range(first, first + due))
            made += due
        if now - told >= 1.0:
            _say({"made": made})
            made, told = 0, told + 1.0
    return {"made": made}


async def serve(program: Program) -> dict[str, Any]:
    """Be a worker."""
    waits: Any = Waits()
    program.recorder = waits
    await program.start_worker()
    stopped = _input_ended()
    told = time.perf_counter()
    while not stopped.is_set():
        await asyncio.sleep(TICK_SECONDS)
        _check(program)
        if time.perf_counter() - told >= 1.0:
            told += 1.0
            _say(waits.take())
    await program.stop_worker()
    taken: dict[str, Any] = waits.take()
    return taken


def _check(program: Program) -> None:
    """Let a worker that has ended by itself take its process with it, as its own command does."""
    worker = getattr(program, "worker", None)
    if isinstance(worker, asyncio.Task) and worker.done():
        worker.result()
        raise RuntimeError("the worker has ended")


async def count(program: Program) -> dict[str, Any]:
    """Look what is left."""
    return {"left": await program.left()}


PRESSING = {"supply": supply, "serve": serve, "count": count}
