"""Handles a tick while its lease is renewed, so that a slow handler keeps it."""

from __future__ import annotations

import asyncio
import inspect
import logging
import threading
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from typing import Any

from rowlock.errors import StorageError, TickLostError
from rowlock.model.tickers import Tick

log = logging.getLogger(__name__)

RENEWALS_PER_LEASE = 3


def _pause(tick: Tick) -> float:
    return tick.lease.total_seconds() / RENEWALS_PER_LEASE


async def handled(tick: Tick, work: Awaitable[Any], renew: Callable[[], Awaitable[bool]]) -> None:
    """Wait for the work on a tick, and renew its lease meanwhile.

    When the lease is lost, work on the event loop is cancelled; a thread cannot be. Either is
    waited for, so that one tick of a ticker is worked on at a time.

    Raises:
        TickLostError: The lease was lost before the work ended.
        Exception: What the work raised.
    """
    on_loop = asyncio.iscoroutine(work)
    working = asyncio.create_task(_contained(work))
    renewing = asyncio.create_task(_until_lost(tick, renew))
    try:
        await asyncio.wait([working, renewing], return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            log.warning("ticker %s: its tick was lost while it was handled", tick.name)
            if on_loop:
                working.cancel()
            await asyncio.wait([working])
            raise TickLostError(tick.name)
        await working
    finally:
        renewing.cancel()
        working.cancel()


async def _contained(work: Awaitable[Any]) -> None:
    """Wait for work whose exit is not the program's."""
    try:
        value = await work
        if inspect.isawaitable(value):
            await value
    except (SystemExit, KeyboardInterrupt, GeneratorExit) as error:
        raise RuntimeError(f"the handler raised {type(error).__name__}") from error


async def _until_lost(tick: Tick, renew: Callable[[], Awaitable[bool]]) -> None:
    while True:
        await asyncio.sleep(_pause(tick))
        try:
            if not await renew():
                return
        except StorageError as error:
            log.warning("ticker %s: its tick cannot be renewed, trying again: %s", tick.name, error)


@contextmanager
def renewed(tick: Tick, renew: Callable[[], bool]) -> Generator[None]:
    """Renew a tick's lease on a thread while the block runs, which nothing interrupts.

    Raises:
        TickLostError: The lease was lost meanwhile.
    """
    done, lost = threading.Event(), threading.Event()

    def keep() -> None:
        while not done.wait(_pause(tick)):
            try:
                if not renew():
                    lost.set()
                    return
            except StorageError as error:
                log.warning("ticker %s: cannot renew, trying again: %s", tick.name, error)

    thread = threading.Thread(target=keep, name="rowlock-tick", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
    if lost.is_set():
        raise TickLostError(tick.name)
