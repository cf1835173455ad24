"""The loops beside the dispatcher: started together, never dead in silence, ended together."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from contextlib import suppress
from typing import Any, TypeAlias

log = logging.getLogger(__name__)

Loops: TypeAlias = Mapping[str, Callable[[], Coroutine[Any, Any, None]]]
"""What goes on until it is cancelled, by what it is called."""

FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 60.0


async def kept_going(name: str, loop: Callable[[], Awaitable[None]]) -> None:
    """Run a loop that the worker can do without for a while.

    One that dies of what nobody foresaw is logged and begun again, later each time.
    """
    pause = FIRST_PAUSE_SECONDS
    while True:
        try:
            await loop()
        except Exception:
            log.exception("%s died; it begins again in %g s", name, pause)
        else:
            return
        await asyncio.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE_SECONDS)


async def vital(
    name: str, loop: Coroutine[Any, Any, None], died: Callable[[str, Exception], None]
) -> None:
    """Run a loop that the worker cannot do without, and tell of its death."""
    try:
        await loop
    except Exception as error:  # noqa: BLE001 - whatever it is, the worker must not go on
        died(name, error)


async def cancelled(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancel tasks and wait for their ends."""
    for task in tasks:
        task.cancel()
    for task in tasks:
        with suppress(asyncio.CancelledError):
            await task
