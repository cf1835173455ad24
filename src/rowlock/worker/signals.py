"""SIGTERM and SIGINT: stop gently, then firmly."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable, Generator
from contextlib import contextmanager

log = logging.getLogger(__name__)


@contextmanager
def stopping_on_signals(stop: Callable[[], None], hurry: Callable[[], None]) -> Generator[None]:
    """Call `stop` at the first signal and `hurry` at every later one.

    Only the main thread of a process can be told; elsewhere nothing is installed.
    """
    loop = asyncio.get_running_loop()
    seen = 0

    def hear(name: str) -> None:
        nonlocal seen
        seen += 1
        if seen == 1:
            log.info("%s: stopping; running tasks may finish, once more hands them back", name)
            stop()
        else:
            log.warning("%s again: handing running tasks back now", name)
            hurry()

    installed: list[signal.Signals] = []
    try:
        for number in (signal.SIGTERM, signal.SIGINT):
            try:
                loop.add_signal_handler(number, hear, number.name)
            except (NotImplementedError, RuntimeError, ValueError):
                break  # not the main thread, or a platform without them
            installed.append(number)
        yield
    finally:
        for number in installed:
            loop.remove_signal_handler(number)
