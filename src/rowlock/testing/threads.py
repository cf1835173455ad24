"""One attempt for sync code: the event loop elsewhere, sync handlers on the caller's thread."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Callable, Coroutine
from functools import partial
from queue import SimpleQueue
from typing import Any, TypeVar

from rowlock.runtime.threads import deliver

T = TypeVar("T")


class CallersThread:
    """Runs calls on the thread that waits for a coroutine.

    So a sync handler runs where the test runs: with its debugger, its connections, which belong
    to one thread, and no event loop around it.
    """

    def __init__(self) -> None:
        self._jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()

    def submit(self, call: Callable[[], Any]) -> asyncio.Future[Any]:
        """Run the call on the caller's thread. See `DaemonThreads.submit`."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Any] = loop.create_future()
        within = partial(contextvars.copy_context().run, call)
        self._jobs.put(partial(_run_for, future, loop, within))
        return future

    def wait_for(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on a loop of its own, and its calls here, until it has ended."""
        ended: list[T] = []
        raised: list[BaseException] = []

        def run() -> None:
            try:
                ended.append(asyncio.run(coroutine))
            except BaseException as error:  # noqa: BLE001 - raised again for the caller
                raised.append(error)
            finally:
                self._jobs.put(None)

        context = contextvars.copy_context()
        thread = threading.Thread(
            target=context.run, args=(run,), name="rowlock-testing", daemon=True
        )
        thread.start()
        while (job := self._jobs.get()) is not None:
            job()
        thread.join()
        if raised:
            raise raised[0]
        return ended[0]


def _run_for(
    future: asyncio.Future[Any], loop: asyncio.AbstractEventLoop, call: Callable[[], Any]
) -> None:
    try:
        value, error = call(), None
    except BaseException as raised:  # noqa: BLE001 - told to whoever waits
        value, error = None, raised
    try:
        loop.call_soon_threadsafe(deliver, future, value, error)
    except RuntimeError:
        return  # the attempt has timed out, and nobody waits any more
