"""How a worker ends: what it waits for, what it hands back, and what makes it end by itself."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any, TypeVar

from rowlock.errors import WorkerStuckError
from rowlock.model.sizes import size_text
from rowlock.runtime.dispatcher import Dispatcher
from rowlock.runtime.processes.memory import resident_bytes
from rowlock.worker.loops import cancelled

log = logging.getLogger(__name__)

T = TypeVar("T")

# What a stop may take besides the grace time where the database does not answer: for what was
# asked before, and for the outcomes.
ANSWER_ON_STOP_SECONDS = 2.0
SETTLE_ON_STOP_SECONDS = 5.0
LOOK_SECONDS = 0.5


async def until_stopped(work: Coroutine[Any, Any, T], stop_asked: asyncio.Event | None) -> T | None:
    """Await work that ends by itself once a stop was asked for, if the database answers.

    Returns:
        Its result, or None if it was cut off.
    """
    assert stop_asked is not None  # noqa: S101 - a worker that runs has one
    working = asyncio.ensure_future(work)
    asked = asyncio.create_task(stop_asked.wait())
    try:
        await asyncio.wait([working, asked], return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            await asyncio.wait([working], timeout=ANSWER_ON_STOP_SECONDS)
        return await working if working.done() else None
    finally:
        await cancelled([asked] if working.done() else [asked, working])


async def finish(
    dispatcher: Dispatcher,
    idle: Callable[[], Coroutine[Any, Any, None]],
    hurry: asyncio.Event,
    grace: timedelta,
) -> int:
    """Wait for what runs, up to the grace time or a second signal, then settle.

    Args:
        dispatcher: Runs tasks.
        idle: Returns once nothing runs any more.
        hurry: Set by the second signal.
        grace: How long to wait.

    Returns:
        How many tasks were given up.
    """
    hurried = asyncio.create_task(hurry.wait())
    calm = asyncio.create_task(idle())
    await asyncio.wait(
        [hurried, calm], timeout=grace.total_seconds(), return_when=asyncio.FIRST_COMPLETED
    )
    await cancelled([hurried, calm])
    return await hand_back(dispatcher)


async def hand_back(dispatcher: Dispatcher) -> int:
    """Give up what still runs and record what has ended; returns how many were given up."""
    abandoned = await dispatcher.give_up()
    try:
        async with asyncio.timeout(SETTLE_ON_STOP_SECONDS):
            await dispatcher.settler.drain()
    except TimeoutError:
        left = dispatcher.settler.waiting
        log.error(  # noqa: TRY400 - where we waited tells nobody anything
            "stopped with %d outcomes not recorded; those tasks run again", left
        )
        abandoned += left
    return abandoned


async def until_too_large(limit: int, stop: Callable[[], None]) -> None:
    """Stop once this process holds more memory than the limit."""
    while (held := resident_bytes(os.getpid())) <= limit:  # noqa: ASYNC110 - nobody tells
        await asyncio.sleep(LOOK_SECONDS)
    log.warning("the worker holds %s, over %s: it stops", size_text(held), size_text(limit))
    stop()


async def until_stuck(
    dispatcher: Dispatcher, slots: int, grace: timedelta, give_up: Callable[[Exception], None]
) -> None:
    """Give up once all slots were lost, for the whole grace time, to threads that do not end."""
    stuck_for = 0.0
    while stuck_for <= grace.total_seconds():
        await asyncio.sleep(LOOK_SECONDS)
        stuck_for = 0.0 if dispatcher.lost_slots < slots else stuck_for + LOOK_SECONDS
    error = WorkerStuckError(slots)
    log.critical("%s; the worker stops", error)
    give_up(error)
