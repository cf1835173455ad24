"""Looking after a database without running tasks: what a server does in place of a worker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from rowlock.app.core import Core
from rowlock.model.queues import DEFAULT_LEASE
from rowlock.worker.loops import cancelled, kept_going
from rowlock.worker.scheduling import ScheduleRunner
from rowlock.worker.ticking import ticking_of
from rowlock.worker.upkeep import Upkeep


@asynccontextmanager
async def looked_after(app: Core) -> AsyncGenerator[None]:
    """Do the upkeep, fire schedules and make the tasks of tickers, for all namespaces.

    No code of the app is run: what its handlers do is left to workers.
    """
    upkeep = Upkeep(app.storage, amnesty=DEFAULT_LEASE / 3)
    ticking = ticking_of(app, with_handlers=False, on_error=_passed_over)
    await ticking.prepare()
    loops = {
        "upkeep": kept_going("upkeep", upkeep.run),
        "schedules": kept_going("firing schedules", ScheduleRunner(app.storage).run),
        "tickers": kept_going("seeing to tickers", ticking.run),
    }
    tasks = [asyncio.create_task(loop, name=f"rowlock-{name}") for name, loop in loops.items()]
    try:
        yield
    finally:
        await cancelled(tasks)
        await ticking.close()


def _passed_over(error: Exception) -> None:
    """Do nothing about a failure: it was logged where it happened."""
    del error
