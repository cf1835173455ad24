"""What the tests of the worker say in one word each."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from rowlock import AsyncRowlock, Attempt, Rowlock, Task, Worker
from rowlock.model.ids import new_token
from rowlock.model.tasks import Claim
from rowlock.plan import Plan
from rowlock.storage.contract import ClaimRequest

PATIENCE_SECONDS = 15.0
LOOK_SECONDS = 0.01
FUTURE = datetime(2090, 1, 1, tzinfo=UTC)


async def until(condition: Callable[[], Any], seconds: float = PATIENCE_SECONDS) -> Any:
    """Wait until something is true, and return it."""
    async with asyncio.timeout(seconds):
        while not (found := condition()):  # noqa: ASYNC110 - a condition in the database
            await asyncio.sleep(LOOK_SECONDS)
    return found


async def finished(app: Rowlock, *tasks: Task | UUID) -> list[Task]:
    """Wait until tasks are final; return them as they are then."""
    return [await until(partial(_final, app, task)) for task in tasks]


def _final(app: Rowlock, task: Task | UUID) -> Task | None:
    found = app.get_task(task)
    return found if found.state.is_final else None


@asynccontextmanager
async def working(
    app: Rowlock | AsyncRowlock, queues: Any = None, **settings: Any
) -> AsyncIterator[Worker]:
    """A worker that runs as long as the block."""
    worker = Worker(app, queues, **settings)
    await worker.start()
    try:
        yield worker
    finally:
        await worker.stop(grace=0)


def run(app: Rowlock, operation: Callable[..., Plan[Any]], *args: Any, **given: Any) -> Any:
    """Run a storage operation."""
    app.core.open()
    return app.core.storage.runner.run(operation, *args, **given)


def make_due(app: Rowlock) -> None:
    """Let every scheduled task be due now, however late it is."""
    run(app, app.core.storage.upkeep.promote_tasks, limit=1_000, now=FUTURE)


def run_again(app: Rowlock, **settings: Any) -> int:
    """Run what waits, whenever it is due."""
    make_due(app)
    return Worker(app, **settings).run_once()


def claim_elsewhere(
    app: Rowlock,
    *,
    worker: str = "elsewhere",
    lease: float = 30.0,
    limit: int = 100,
    now: datetime | None = None,
) -> list[Claim]:
    """Claim what waits in the default queue, as a worker of another process would."""
    request = ClaimRequest(
        namespace=app.core.namespace,
        queue="default",
        worker=worker,
        token=new_token(),
        limit=limit,
        lease=timedelta(seconds=lease),
    )
    claims: list[Claim] = run(app, app.core.storage.claims.claim_tasks, request, now=now)
    return claims


def lose_leases(app: Rowlock) -> int:
    """Rescue every running task, as if its worker had died long ago."""
    rescue = app.core.storage.upkeep.rescue_tasks
    return len(run(app, rescue, grace=timedelta(0), limit=1_000, now=FUTURE))


def waits(task: Task, run: Attempt) -> float:
    """How many seconds after the end of a run its task is due again."""
    assert run.finished_at is not None
    return (task.run_at - run.finished_at).total_seconds()


class Overlap:
    """Counts how many handlers run at the same time."""

    def __init__(self) -> None:
        self.now = self.most = 0
        self.starts: list[float] = []

    def enter(self) -> None:
        """A handler begins."""
        self.starts.append(time.monotonic())
        self.now += 1
        self.most = max(self.most, self.now)

    def leave(self) -> None:
        """A handler ends."""
        self.now -= 1
