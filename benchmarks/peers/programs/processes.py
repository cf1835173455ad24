"""The workload `flow`: producers and workers are processes of their own.

Two producers store half of the tasks each, a hundred at a time, while idle workers take them.
Seconds from when the producers are told to begin until the last handler has started. The process
that measures only starts the others, which are the same program with another `kind`:

- `work` says {"ready": true}, then {"started": N} whenever that has changed. When its input ends
  it stops its worker and says which tasks it ran.
- `produce` says {"ready": true}, waits for a line, stores its tasks and ends.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, replace
from itertools import pairwise
from typing import Any

from program import Given, Program

PRODUCERS = 2
PRODUCED_AT_ONCE = 100
REPORT_SECONDS = 0.01
SETTLING_SECONDS = 0.5
LONGEST_LINE = 2**24

Child = asyncio.subprocess.Process


async def flow(program: Program) -> dict[str, Any]:
    """Let producers and workers run beside each other."""
    given = program.given
    bounds = [given.tasks * place // PRODUCERS for place in range(PRODUCERS + 1)]
    async with AsyncExitStack() as stack:

        async def started(**changed: Any) -> Child:
            return await stack.enter_async_context(_child(replace(given, **changed)))

        workers = [await started(kind="work") for _ in range(given.workers)]
        producers = [
            await started(kind="produce", first=first, tasks=end - first)
            for first, end in pairwise(bounds)
        ]
        await asyncio.sleep(SETTLING_SECONDS)
        began = time.perf_counter()
        ends = await _flown(producers, workers, given.tasks)
    ran = [number for end in ends for number in end["numbers"]]
    return {
        "seconds": max(end["last"] for end in ends) - began,
        "done": len(set(ran)),
        "runs": sum(end["runs"] for end in ends),
        "left": await program.left(),
    }


async def _flown(
    producers: Sequence[Child], workers: Sequence[Child], tasks: int
) -> list[dict[str, Any]]:
    """Begin, wait until all has started, stop; returns what each worker says at its end."""
    for one in producers:
        _stdin(one).write(b"begin\n")
    counts: dict[int, int] = {}
    readers = [asyncio.create_task(_ended(one, counts)) for one in workers]
    while sum(counts.values()) < tasks:
        await asyncio.sleep(REPORT_SECONDS)
        if any(one.returncode for one in (*workers, *producers)):
            raise RuntimeError("a process of the run failed")
    await asyncio.sleep(SETTLING_SECONDS)
    for one in workers:
        _stdin(one).close()
    ends = await asyncio.gather(*readers)
    for one in producers:
        await one.wait()
    return ends


@asynccontextmanager
async def _child(given: Given) -> AsyncIterator[Child]:
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        sys.argv[0],
        json.dumps(asdict(given)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=LONGEST_LINE,
    )
    try:
        await _said(child)
        yield child
    finally:
        if child.returncode is None:
            child.kill()
        await child.wait()


def _stdin(child: Child) -> asyncio.StreamWriter:
    assert child.stdin is not None
    return child.stdin


async def _said(child: Child) -> dict[str, Any]:
    assert child.stdout is not None
    line = await child.stdout.readline()
    if not line:
        raise RuntimeError("a process of the run ended early")
    return dict(json.loads(line))


async def _ended(worker: Child, counts: dict[int, int]) -> dict[str, Any]:
    """Keep its count up to date until it says what it ran."""
    while True:
        said = await _said(worker)
        if "numbers" in said:
            return said
        counts[worker.pid] = said["started"]


def _say(words: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(words) + "\n")
    sys.stdout.flush()


async def work(program: Program) -> dict[str, Any]:
    """Be a worker process."""
    recorder = program.recorder
    await program.start_worker()
    _say({"ready": True})
    stopped = asyncio.create_task(asyncio.to_thread(sys.stdin.read))
    told = 0
    while not stopped.done():
        await asyncio.sleep(REPORT_SECONDS)
        if told != len(recorder.started):
            told = len(recorder.started)
            _say({"started": told})
    await program.stop_worker()
    return {"numbers": list(recorder.started), "runs": recorder.runs, "last": recorder.last}


async def produce(program: Program) -> dict[str, Any]:
    """Be a producer process."""
    given = program.given
    numbers = range(given.first, given.first + given.tasks)
    _say({"ready": True})
    if not await asyncio.to_thread(sys.stdin.readline):
        return {}
    for start in range(0, len(numbers), PRODUCED_AT_ONCE):
        await program.enqueue_many(numbers[start : start + PRODUCED_AT_ONCE])
    return {}


CHILDREN = {"work": work, "produce": produce}
