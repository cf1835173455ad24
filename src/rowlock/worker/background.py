"""A worker on a thread of a sync program."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable


class BackgroundLoop:
    """Runs a worker on an event loop of its own, on a daemon thread.

    Signals stay with the program: they reach only the main thread.
    """

    def __init__(self, start: Callable[[], Awaitable[None]], wait: Callable[[], Awaitable[int]]):
        self._start = start
        self._wait = wait
        self._started = threading.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="rowlock-worker", daemon=True)

    def start(self) -> None:
        """Return once the worker works.

        Raises:
            StorageError: It cannot.
        """
        self._thread.start()
        self._started.wait()
        if self._error is not None:
            raise self._error

    def join(self) -> None:
        """Wait until the worker has stopped.

        Raises:
            Exception: What a part died of that the worker cannot do without.
        """
        self._thread.join()
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        try:
            asyncio.run(self._live())
        except BaseException as error:  # noqa: BLE001 - told to the thread that waits
            self._error = error
        finally:
            self._started.set()

    async def _live(self) -> None:
        await self._start()
        self._started.set()
        await self._wait()
