"""Threads that never keep a process from ending, for sync handlers and for the database.

The standard pool joins its threads when the interpreter exits, so one handler or one statement
that hangs would hang the worker's exit too; these are daemons.
"""

from __future__ import annotations

import asyncio
import contextvars
import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from typing import Any, Protocol, TypeAlias

_Job: TypeAlias = "tuple[Callable[[], Any], asyncio.AbstractEventLoop, asyncio.Future[Any]]"


class Threads(Protocol):
    """Where sync handlers run."""

    def submit(self, call: Callable[[], Any]) -> asyncio.Future[Any]:
        """Run the call on a thread other than the event loop's."""
        ...


class DaemonThreads:
    """Runs calls on threads that are started when needed, up to a limit."""

    def __init__(self, limit: int, *, name: str) -> None:
        self._limit = limit
        self._name = name
        self._closed = False
        self._reset()

    def _reset(self) -> None:
        self._pid = os.getpid()
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._idle = 0

    def submit(self, call: Callable[[], Any]) -> asyncio.Future[Any]:
        """Run the call on a thread, in the caller's context variables.

        Raises:
            RuntimeError: After `close`.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Any] = loop.create_future()
        context = contextvars.copy_context()
        if self._pid != os.getpid():
            self._reset()  # a forked child has none of its parent's threads
        with self._lock:
            if self._closed:
                raise RuntimeError("the threads are closed")
            if self._idle <= 0 and len(self._threads) < self._limit:
                name = f"rowlock-{self._name}-{len(self._threads) + 1}"
                thread = threading.Thread(target=self._work, name=name, daemon=True)
                self._threads.append(thread)
                thread.start()
            else:
                self._idle -= 1
            self._jobs.put((lambda: context.run(call), loop, future))
        return future

    def close(self, *, wait: float = 0.0) -> None:
        """Let the threads end once what they run has ended.

        Args:
            wait: For how many seconds to wait for that; what hangs longer is left behind.
        """
        with self._lock:
            if not self._closed:
                self._closed = True
                for _ in self._threads:
                    self._jobs.put(None)
        until = time.monotonic() + wait
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            call, loop, future = job
            try:
                value, error = call(), None
            except BaseException as raised:  # noqa: BLE001 - told to whoever waits
                value, error = None, raised
            with self._lock:
                self._idle += 1
            # Where the loop is closed nobody waits any more; the next call is another loop's.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(deliver, future, value, error)
            del job, call, future, value, error


def deliver(future: asyncio.Future[Any], value: object, error: BaseException | None) -> None:
    """Give a waiter what was returned or raised elsewhere; on the waiter's loop."""
    if future.done():
        return
    if error is None:
        future.set_result(value)
    elif isinstance(error, (StopIteration, GeneratorExit)):
        # A future refuses the one, the other would close the coroutine that waits; a handler
        # that lets one out has failed like any other.
        name = type(error).__name__
        future.set_exception(RuntimeError(f"the handler raised {name}: {error}"))
    else:
        future.set_exception(error)
