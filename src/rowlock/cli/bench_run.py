"""What `rowlock bench` measures."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from statistics import quantiles
from typing import Any, Protocol

from rowlock.app.core import Core, Settings
from rowlock.app.flow import Flow, Run, run_flow
from rowlock.app.sync_facade import Rowlock
from rowlock.cli.doors import Place
from rowlock.cli.options import Database
from rowlock.cli.places import Server
from rowlock.model.ids import new_token
from rowlock.model.names import DEFAULT_QUEUE
from rowlock.model.tasks import Task, TaskFilter
from rowlock.plan import Plan
from rowlock.worker.life import WorkerLife
from rowlock.worker.worker import Worker

SLOTS = 100
SINGLE_SHARE = 10
MAX_SINGLE = 1_000
MAX_SAMPLES = 200
PATIENCE_SECONDS = 30.0
BATCH = 1_000
ALIAS = "rowlock_bench"


@dataclass
class Measured:
    """What came out.

    Attributes:
        steps: Tasks and seconds of each step.
        waits: Seconds from the call of `enqueue` to the start of the handler.
    """

    steps: dict[str, tuple[int, float]] = field(default_factory=dict[str, tuple[int, float]])
    waits: list[float] = field(default_factory=list[float])

    def percentiles(self) -> dict[str, float]:
        """Return milliseconds by name."""
        cuts = quantiles(self.waits, n=100, method="inclusive")
        picked = {"p50_ms": cuts[49], "p99_ms": cuts[98], "max_ms": max(self.waits)}
        return {name: round(seconds * 1_000, 3) for name, seconds in picked.items()}

    def document(self) -> dict[str, Any]:
        """Return everything as JSON shows it."""
        steps = {
            name: {
                "tasks": tasks,
                "seconds": round(seconds, 4),
                "per_second": _rate(tasks, seconds),
            }
            for name, (tasks, seconds) in self.steps.items()
        }
        return {**steps, "latency": {"tasks": len(self.waits), **self.percentiles()}}

    def rates(self) -> list[list[str]]:
        """Return a row for each step."""
        return [
            [name.replace("_", " "), f"{tasks:,}", f"{seconds:.2f}", f"{_rate(tasks, seconds):,}"]
            for name, (tasks, seconds) in self.steps.items()
        ]

    def latencies(self) -> list[list[str]]:
        """Return a row for each percentile."""
        return [[name.removesuffix("_ms"), str(ms)] for name, ms in self.percentiles().items()]


def _rate(tasks: int, seconds: float) -> int:
    return round(tasks / max(seconds, 1e-9))


class Way(Protocol):
    """By which way tasks go to a database and come back."""

    @property
    def app(self) -> Rowlock:
        """Whose tasks they are."""
        ...

    @property
    def engine(self) -> str | None:
        """Of the database; None if the token may not see it."""
        ...

    @property
    def alias(self) -> str:
        """What they run."""
        ...

    @property
    def queue(self) -> str:
        """Which queue they go through."""
        ...

    @property
    def chunk(self) -> int | None:
        """How many of a bulk are stored at once; None for all."""
        ...

    def worker(self) -> WorkerLife:
        """Return what runs them."""
        ...

    def opened(self) -> AbstractContextManager[None]:
        """Make what is needed, and remove every trace at the end of the block."""
        ...


class DatabaseWay:
    """A namespace that nobody else has, of a database that is open here."""

    alias = ALIAS
    queue = DEFAULT_QUEUE
    chunk = None

    def __init__(self, database: Database) -> None:
        namespace = f"bench-{new_token().hex[:8]}"
        settings = Settings(namespace=namespace, schema=database.schema)
        if database.prefix is not None:
            settings["prefix"] = database.prefix
        self.app = Rowlock(database.needed_url, **settings)

    @property
    def engine(self) -> str:
        """Of the database."""
        return self.app.core.storage.engine

    def worker(self) -> WorkerLife:
        """Return a worker beside the database."""
        return Worker(self.app, concurrency=SLOTS)

    @contextmanager
    def opened(self) -> Generator[None]:
        """Remove the namespace at the end of the block."""
        with self.app:
            try:
                yield
            finally:
                run_flow(self.app.core, _removed(self.app.core))


def way_to(place: Place) -> Way:
    """Return the way to the place that the command was told."""
    if isinstance(place, Server):
        from rowlock.cli.remote.benching import ServerWay  # needs an extra

        return ServerWay(place)
    assert isinstance(place, Database)  # noqa: S101 - there is no third kind
    return DatabaseWay(place)


class Bench:
    """One run, of which nothing is left."""

    def __init__(self, way: Way, tasks: int, *, say: Callable[[str], None]) -> None:
        self._way = way
        self._tasks = tasks
        self._say = say
        self._measured = Measured()
        self._started: dict[int, float] = {}
        self._begun = asyncio.Event()
        task = way.app.task(alias=way.alias, queue=way.queue, max_attempts=1)
        self._nothing = task(self._run_nothing)

    async def _run_nothing(self, number: int) -> None:
        self._started[number] = time.perf_counter()
        self._begun.set()

    def run(self) -> Measured:
        """Measure, and remove every trace."""
        with self._way.opened():
            try:
                self._measure()
            finally:
                self._say("removing the tasks")
        return self._measured

    def _measure(self) -> None:
        single = min(self._tasks // SINGLE_SHARE, MAX_SINGLE)
        bulk = self._tasks - single
        worker = self._way.worker()
        self._nothing.enqueue(-1)  # what the first one costs besides
        worker.run_once()
        with self._timed("enqueue_single", single):
            for number in range(single):
                self._nothing.enqueue(number)
        with self._timed("enqueue_bulk", bulk):
            numbers = ({"number": number} for number in range(bulk))
            self._way.app.enqueue_many(self._nothing, numbers, chunk=self._way.chunk)
        with self._timed("run", self._tasks):
            worker.run_once()
        samples = min(self._tasks, MAX_SAMPLES)
        self._say(f"latency: {samples} tasks, one after the other")
        asyncio.run(self._sample(worker, samples))

    @contextmanager
    def _timed(self, step: str, tasks: int) -> Generator[None]:
        self._say(f"{step.replace('_', ' ')}: {tasks:,} tasks")
        began = time.perf_counter()
        yield
        self._measured.steps[step] = (tasks, time.perf_counter() - began)

    async def _sample(self, worker: WorkerLife, samples: int) -> None:
        self._begun = asyncio.Event()
        await worker.start()
        try:
            for number in range(samples):
                self._begun.clear()
                sent = time.perf_counter()
                await self._nothing.aenqueue(number)
                async with asyncio.timeout(PATIENCE_SECONDS):
                    await self._begun.wait()
                self._measured.waits.append(self._started[number] - sent)
        finally:
            await worker.stop()


def _removed(core: Core) -> Flow[None]:
    """Remove everything that is in the namespace, also after an interruption."""
    storage, namespace = core.storage, core.namespace
    live = TaskFilter(states=("scheduled", "queued", "running"))
    while True:
        look = partial(storage.reads.list_tasks, namespace, live, limit=BATCH)
        tasks: list[Task] = yield Run(look, reads=True)
        if not tasks:
            break
        yield Run(partial(_cancel_all, core, tasks))
    for queue in (yield Run(partial(storage.queues.list_queues, namespace), reads=True)):
        prune = partial(storage.upkeep.prune_history, namespace, queue.name, limit=BATCH)
        # A second ahead: no clock has to tick between the last task's end and this.
        while (yield Run(partial(prune, older_than=timedelta(seconds=-1)))) == BATCH:
            pass
    yield Run(partial(storage.queues.forget_namespace, namespace))


def _cancel_all(core: Core, tasks: list[Task]) -> Plan[None]:
    for task in tasks:
        # Not as an operator would: nothing of a measurement belongs into the audit.
        for cancel in (core.storage.operate.cancel_waiting, core.storage.operate.cancel_running):
            yield from cancel(core.namespace, task.id, reason="canceled")
