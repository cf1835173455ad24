"""One run of the demonstration: enqueue, work, read the results, compare."""

from __future__ import annotations

import asyncio
import hashlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from rowlock.app.sync_facade import Rowlock
from rowlock.demo.files import (
    FileIndex,
    Scope,
    index,
    index_directly,
    path_from_payload,
    path_to_payload,
)
from rowlock.model.states import LIVE_STATES, TaskState
from rowlock.model.tasks import Task
from rowlock.worker.signals import stopping_on_signals
from rowlock.worker.worker import Worker

QUEUE = "demo"
ALIAS = "index_file"
LEASE = "5s"  # short, so that a run that was killed is soon continued
GRACE = "5s"
PAGE = 1_000
TICK_SECONDS = 0.05
CALM_SECONDS = 0.05
# Whoever kills the demonstration again and again should not end up with "crash_loop".
MAX_CRASHES = 1_000
_FINGERPRINT_RANGE = 1 << 256

Skipped = Callable[[str, str], None]
Tick = Callable[[], None]


class Meter:
    """What the handlers of this process are doing; any thread writes, any reads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.running = 0
        self.done = 0
        self.bytes = 0
        self.ended_at = time.monotonic()

    def start(self) -> None:
        """Count a task that starts."""
        with self._lock:
            self.running += 1

    def end(self, size: int) -> None:
        """Count a task that ended."""
        with self._lock:
            self.running -= 1
            self.done += 1
            self.bytes += size
            self.ended_at = time.monotonic()


@dataclass(slots=True)
class Totals:
    """Sums over files, and a fingerprint of every single path, digest, size and line count.

    The fingerprint does not depend on the order, so that two lists of a million files are
    compared without holding either.
    """

    files: int = 0
    bytes: int = 0
    lines: int = 0
    fingerprint: int = 0

    def add(self, path: str, found: FileIndex) -> None:
        """Add a file."""
        self.files += 1
        self.bytes += found.bytes
        self.lines += found.lines
        text = f"{found.sha256} {found.bytes} {found.lines} {path}"
        digest = hashlib.sha256(text.encode(errors="surrogateescape")).digest()
        value = int.from_bytes(digest, "big")
        self.fingerprint = (self.fingerprint + value) % _FINGERPRINT_RANGE


@dataclass(slots=True)
class Backlog:
    """What a database holds of a scope's tasks before this run works on them."""

    total: int = 0
    finished: int = 0
    taken: int = 0

    @property
    def left(self) -> int:
        """How many tasks are still to be done."""
        return self.total - self.finished


@dataclass(kw_only=True)
class Demo:
    """A scope, a database, and the steps that lead from one to the other."""

    scope: Scope
    database: Path
    concurrency: int
    meter: Meter = field(default_factory=Meter)

    def __post_init__(self) -> None:
        """Open the app and define the task."""
        self.app = Rowlock(self.url)
        self._define()

    @property
    def url(self) -> str:
        """The database's URL."""
        return f"sqlite:///{quote(str(self.database))}"

    def _define(self) -> None:
        meter = self.meter

        @self.app.task(
            alias=ALIAS, queue=QUEUE, max_attempts=2, max_crashes=MAX_CRASHES, retry="immediate"
        )
        def index_file(path: str, quoted: bool = False) -> FileIndex:  # noqa: FBT001,FBT002 - an argument of the task
            """Index one file: SHA-256, bytes, lines."""
            meter.start()
            size = 0
            try:
                found = index(path_from_payload(path, quoted=quoted))
                size = found.bytes
                return found
            finally:
                meter.end(size)

        self._definition = index_file

    def tasks(self, **wanted: Any) -> Iterator[Task]:
        """Yield this scope's tasks, newest first, a page at a time."""
        before = None
        while True:
            page = self.app.list_tasks(
                queue=QUEUE, tags=[self.scope.tag], limit=PAGE, before=before, **wanted
            )
            yield from page
            if len(page) < PAGE:
                return
            before = page[-1].id

    def backlog(self) -> Backlog:
        """Return what an earlier run left."""
        found = Backlog()
        for task in self.tasks():
            found.total += 1
            found.finished += task.state.is_final
            found.taken += task.state is TaskState.RUNNING
        return found

    def enqueue(self, skipped: Skipped, tick: Tick) -> int:
        """Store a task for each file, all in one transaction; return how many."""
        self.app.register_queue(QUEUE, lease=LEASE)

        def payloads() -> Iterator[dict[str, Any]]:
            for path in self.scope.files(skipped):
                tick()
                yield path_to_payload(path)

        return len(self.app.enqueue_many(self._definition, payloads(), tags=[self.scope.tag]))

    async def work(self, tick: Tick) -> bool:
        """Run the tasks until none is left; False if told to stop before."""
        worker = Worker(self.app, {QUEUE: self.concurrency}, grace=GRACE)
        stop = asyncio.Event()

        def ask_to_stop() -> None:
            stop.set()
            worker.request_stop()

        await worker.start()
        with stopping_on_signals(ask_to_stop, worker.request_hurry):
            try:
                while worker.is_running and not stop.is_set():
                    await asyncio.sleep(TICK_SECONDS)
                    tick()
                    if self._is_calm() and not await asyncio.to_thread(self._has_more):
                        break
            finally:
                await worker.stop()
        tick()
        return not stop.is_set()

    def _is_calm(self) -> bool:
        return not self.meter.running and time.monotonic() - self.meter.ended_at > CALM_SECONDS

    def _has_more(self) -> bool:
        states = tuple(state.value for state in LIVE_STATES)
        return bool(self.app.list_tasks(queue=QUEUE, tags=[self.scope.tag], states=states, limit=1))

    def results(self) -> tuple[Totals, list[Task]]:
        """Return the totals of what the tasks found, and the tasks that did not succeed."""
        totals, failed = Totals(), list[Task]()
        for task in self.tasks():
            if task.state is TaskState.SUCCEEDED:
                totals.add(_path_of(task), FileIndex(**task.result))
            else:
                failed.append(task)
        return totals, failed

    def compute_directly(self, skipped: Skipped, tick: Tick) -> Totals:
        """Return the totals of the directory as it is now, without the queue."""
        totals = Totals()
        for path in self.scope.files(skipped):
            tick()
            try:
                totals.add(path, index_directly(path))
            except OSError as error:
                skipped(path, error.strerror or str(error))
        return totals

    def differences(self) -> Iterator[str]:
        """Yield the files whose task found something else than is there now."""
        indexed = set[str]()
        for task in self.tasks(states=(TaskState.SUCCEEDED.value,)):
            path = _path_of(task)
            indexed.add(path)
            try:
                same = FileIndex(**task.result) == index_directly(path)
            except OSError:
                same = False
            if not same:
                yield f"changed or gone: {path}"
        for path in self.scope.files(lambda _path, _reason: None):
            if path not in indexed:
                yield f"not indexed: {path}"

    def close(self) -> None:
        """Close the database."""
        self.app.close()


def _path_of(task: Task) -> str:
    return path_from_payload(task.payload["path"], quoted=task.payload.get("quoted", False))
