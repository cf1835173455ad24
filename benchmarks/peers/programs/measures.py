"""What is measured for each kind of workload, as programs in Python do it.

- `bulk`: seconds from before the call that stores N tasks at once until it returns. A peer
  without such a call stores them one by one, which its notes say.
- `single`: seconds of N tasks stored one by one, each durable before its caller stores the next.
  In both a few tasks are stored before, so that what the first call opens and reads is there.
- `drain`: N tasks are stored, then one worker starts. Seconds from the first handler to the last:
  start-up, the first claim and what is settled after the last handler are left out, for all.
- `latency`: a worker in the same process is idle; N tasks one at a time, 20 to 40 ms after the
  last one started. Milliseconds from before the enqueue call until the handler starts. With
  `load`, the worker's peak is measured first: how many tasks a second it starts that are stored in
  the same process as fast as it takes them. Then that share of the peak goes on besides.
- `flow`: see `processes.py`.

`done` is how many different tasks ran, of those that were stored; `left` how many the store
counts as waiting or running, after the worker was stopped.
"""

from __future__ import annotations

import asyncio
import random
import statistics
import time
from typing import Any

from processes import flow
from program import POLL_SECONDS, Program

WARM_UP = 10
SETTLING_SECONDS = 0.5
LOAD_NUMBERS = 10_000_000
"""Tasks of the load are numbered from here."""
PEAK_SECONDS = 1.0
PEAK_BATCH = 100
PEAK_WAITING = 500
TICK_SECONDS = 0.01


async def bulk(program: Program) -> dict[str, Any]:
    """Store all with one call."""
    tasks = program.given.tasks
    await program.enqueue_many(range(tasks, tasks + WARM_UP))
    began = time.perf_counter()
    await program.enqueue_many(range(tasks))
    seconds = time.perf_counter() - began
    return {"seconds": seconds, "done": await program.left() - WARM_UP, "left": 0}


async def single(program: Program) -> dict[str, Any]:
    """Store one after the other."""
    tasks, warm_up = program.given.tasks, max(WARM_UP, program.given.callers)
    await _store_singly(program, range(tasks, tasks + warm_up))
    began = time.perf_counter()
    await _store_singly(program, range(tasks))
    seconds = time.perf_counter() - began
    return {"seconds": seconds, "done": await program.left() - warm_up, "left": 0}


async def _store_singly(program: Program, numbers: range) -> None:
    if program.given.blocking:
        for number in numbers:
            program.enqueue_blocking(number)
        return
    callers = program.given.callers
    shares = [numbers[caller::callers] for caller in range(callers)]
    await asyncio.gather(*(_one_by_one(program, share) for share in shares))


async def _one_by_one(program: Program, numbers: range) -> None:
    for number in numbers:
        await program.enqueue(number)


async def drain(program: Program) -> dict[str, Any]:
    """Store all, then let a worker have them."""
    recorder, tasks = program.recorder, program.given.tasks
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


class Load:
    """Tasks that a worker has to do besides what is measured."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self.stored = 0
        self.stopping = False

    async def store(self, tasks: int) -> None:
        """Store so many more."""
        start = LOAD_NUMBERS + self.stored
        await self._program.enqueue_many(range(start, start + tasks))
        self.stored += tasks

    async def peak(self) -> float:
        """Return the most tasks a second that are stored and started in this process."""
        started = self._program.recorder.started
        began = time.perf_counter()
        while time.perf_counter() - began < PEAK_SECONDS:
            if self.stored - len(started) < PEAK_WAITING:
                await self.store(PEAK_BATCH)
            else:
                await asyncio.sleep(POLL_SECONDS)
        rate = len(started) / (time.perf_counter() - began)
        await self._program.recorder.wait_for(self.stored)
        return rate

    async def keep(self, rate: float) -> None:
        """Store so many a second until told to stop."""
        began, before = time.perf_counter(), self.stored
        while not self.stopping:
            await asyncio.sleep(TICK_SECONDS)
            due = before + int(rate * (time.perf_counter() - began)) - self.stored
            if due > 0:
                await self.store(due)


async def latency(program: Program) -> dict[str, Any]:
    """Store one task at a time while the worker has little or nothing else to do."""
    recorder, given = program.recorder, program.given
    await program.start_worker()
    await asyncio.sleep(SETTLING_SECONDS)
    load = Load(program)
    keeping = None
    if given.load:
        keeping = asyncio.create_task(load.keep(given.load * await load.peak()))
    waits = [await _wait(program, number) for number in range(WARM_UP + given.tasks)]
    load.stopping = True
    if keeping:
        await keeping
    stored = WARM_UP + given.tasks + load.stored
    await recorder.wait_for(stored)
    await asyncio.sleep(SETTLING_SECONDS)
    await program.stop_worker()
    figures = sorted(waits[WARM_UP:])
    return {
        "p50_ms": statistics.median(figures),
        "p99_ms": figures[min(len(figures) - 1, len(figures) * 99 // 100)],
        "done": given.tasks - (stored - len(recorder.started)),
        "runs": recorder.runs,
        "left": await program.left(),
    }


async def _wait(program: Program, number: int) -> float:
    began = time.perf_counter()
    await program.enqueue(number)
    started = await program.recorder.wait_for_task(number)
    await asyncio.sleep(random.uniform(0.02, 0.04))
    return 1_000 * (started - began)


MEASURES = {"bulk": bulk, "single": single, "drain": drain, "latency": latency, "flow": flow}
