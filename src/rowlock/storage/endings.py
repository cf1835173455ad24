"""How whoever waits for a task hears of its end in the same process: a hint, never the truth.

Who waits also looks by itself, for tasks that end in other processes.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager, suppress
from uuid import UUID


class Bell:
    """One waiter's; rung from any thread."""

    def __init__(self) -> None:
        self._rung = threading.Event()
        self._wake: Callable[[], object] | None = None

    def ring(self) -> None:
        """Let the waiter go on."""
        self._rung.set()
        wake = self._wake
        if wake is not None:
            with suppress(RuntimeError):  # its event loop is closed
                wake()

    def silence(self) -> None:
        """Forget that it was rung; to be done before a look at the task."""
        self._rung.clear()

    def wait(self, seconds: float) -> None:
        """Wait until it is rung, at most so long."""
        self._rung.wait(seconds)

    async def await_ring(self, seconds: float) -> None:
        """Wait without blocking the event loop. See `wait`."""
        import asyncio  # start-up time of sync programs

        loop, woken = asyncio.get_running_loop(), asyncio.Event()
        self._wake = lambda: loop.call_soon_threadsafe(woken.set)
        try:
            if not self._rung.is_set():
                with suppress(TimeoutError):
                    await asyncio.wait_for(woken.wait(), seconds)
        finally:
            self._wake = None


class Endings:
    """The waiters of one process and database."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._bells: dict[UUID, set[Bell]] = {}

    @contextmanager
    def bell(self, task_id: UUID) -> Generator[Bell]:
        """Return what rings when the task ends here, as long as the block runs."""
        bell = Bell()
        with self._lock:
            self._bells.setdefault(task_id, set()).add(bell)
        try:
            yield bell
        finally:
            with self._lock:
                self._bells[task_id].discard(bell)
                if not self._bells[task_id]:
                    del self._bells[task_id]

    def tell(self, ended: Iterable[UUID]) -> None:
        """Ring for tasks that have ended, after the commit."""
        if not self._bells:  # nearly always
            return
        with self._lock:
            bells = [bell for task_id in ended for bell in self._bells.get(task_id, ())]
        for bell in bells:
            bell.ring()
