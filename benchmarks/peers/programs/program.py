"""What every program in Python under measurement is, with the standard library alone."""

from __future__ import annotations

import asyncio
import random
import string
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

POLL_SECONDS = 0.002


@dataclass(frozen=True)
class Given:
    """What a run is told.

    Attributes:
        kind: What is measured.
        url: Of the store.
        tasks: How many.
        concurrency: How many the worker runs at once, at most.
        variant: What the peer's line in the table says.
        blocking: Callers block and handlers are plain functions in threads.
        callers: How many tasks of the event loop store at once.
        pause: Seconds that a handler takes.
        padding: Random letters that each payload has besides its number.
        load: The share of its peak that a worker has to do besides what is measured.
        workers: How many worker processes.
        first: The number of the first task; a producer process has a part of them.
        rate: How many tasks a second are supplied.
    """

    kind: str
    url: str
    tasks: int
    concurrency: int
    variant: str = ""
    blocking: bool = False
    callers: int = 1
    pause: float = 0.0
    padding: int = 0
    load: float = 0.0
    workers: int = 0
    first: int = 0
    rate: float = 0.0


class Recorder:
    """When handlers started, by the number of their task; from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.started: dict[int, float] = {}
        self.runs = 0
        self.first = self.last = 0.0

    def note(self, number: int) -> None:
        """Called when a handler starts."""
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

    async def wait_for_task(self, number: int) -> float:
        """Wait until this task has started; returns when."""
        while number not in self.started:  # noqa: ASYNC110
            await asyncio.sleep(POLL_SECONDS)
        return self.started[number]


class Program:
    """One peer under measurement; subclasses say how it does what is asked."""

    def __init__(self, given: Given, recorder: Recorder) -> None:
        self.given = given
        self.url = given.url
        self.concurrency = given.concurrency
        self.variant = given.variant
        self.recorder = recorder
        letters = random.Random(given.padding).choices(string.ascii_letters, k=given.padding)
        self._padding = {"padding": "".join(letters)} if letters else {}

    def payload(self, number: int) -> dict[str, Any]:
        """Return what a task carries: `number`, and `padding` where it is asked for."""
        return {"number": number, **self._padding}

    async def handle(self, number: int, padding: str = "") -> None:
        """Be the handler, in an event loop."""
        self.recorder.note(number)
        if self.given.pause:
            await asyncio.sleep(self.given.pause)

    def handle_in_thread(self, number: int, padding: str = "") -> None:
        """Be the handler, in a thread."""
        self.recorder.note(number)
        if self.given.pause:
            time.sleep(self.given.pause)

    async def set_up(self) -> None:
        """Connect and define the task."""
        raise NotImplementedError

    async def make_schema(self) -> None:
        """Make what is needed in the store; after `set_up`, only in the first process."""

    async def enqueue_many(self, numbers: Sequence[int]) -> None:
        """Store these tasks the fastest way there is."""
        for number in numbers:
            await self.enqueue(number)

    async def enqueue(self, number: int) -> None:
        """Store one task."""
        self.enqueue_blocking(number)

    def enqueue_blocking(self, number: int) -> None:
        """Store one task, blocking."""
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
