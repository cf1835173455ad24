"""Tells an app's error hooks what went wrong, beside the work and without harm to it."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, NamedTuple, TypeAlias
from uuid import UUID

from rowlock.definitions.dependencies import name_of
from rowlock.definitions.extensions import Hook
from rowlock.runtime.threads import DaemonThreads

log = logging.getLogger(__name__)

Tell: TypeAlias = Callable[[str | None, UUID | None, BaseException], None]
"""Tells of an error: the queue and the task, where it is about one, and the exception."""

MAX_WAITING = 1_000


def tell_nobody(queue: str | None, task: UUID | None, error: BaseException) -> None:
    """Tell nobody: the app has no error hooks."""


class _Told(NamedTuple):
    queue: str | None
    task: UUID | None
    error: BaseException


class ErrorHooks:
    """Runs error hooks one after the other; what they raise is logged.

    Those that are not async run on a thread of their own, so that a slow one holds up nothing
    but the hooks.
    """

    def __init__(self, hooks: Sequence[Hook]) -> None:
        """Take the hooks; on the event loop on which async ones run."""
        self._hooks = tuple(hooks)
        self._loop = asyncio.get_running_loop()
        self._waiting: asyncio.Queue[_Told] = asyncio.Queue(MAX_WAITING)
        self._threads = DaemonThreads(1, name="error-hooks")

    def tell(self, queue: str | None, task: UUID | None, error: BaseException) -> None:
        """Let the hooks know of an error; from any thread, without waiting for them."""
        if self._hooks:
            with suppress(RuntimeError):  # the loop is closed: nobody can be told any more
                self._loop.call_soon_threadsafe(self._put, _Told(queue, task, error))

    def _put(self, told: _Told) -> None:
        try:
            self._waiting.put_nowait(told)
        except asyncio.QueueFull:
            log.warning("error hooks are too slow: they are not told of %s", told.error)

    async def run(self) -> None:
        """Run the hooks until cancelled."""
        while True:
            told = await self._waiting.get()
            for hook in self._hooks:
                await self._run(hook, told)
            self._waiting.task_done()

    async def _run(self, hook: Hook, told: _Told) -> None:
        try:
            if inspect.iscoroutinefunction(hook):
                await hook(*told)
                return
            done: Any = await self._threads.submit(partial(hook, *told))
            if inspect.isawaitable(done):
                await done
        except BaseException as error:
            task = asyncio.current_task()
            if isinstance(error, asyncio.CancelledError) and task is not None and task.cancelling():
                raise
            log.exception("error hook %s failed", name_of(hook))

    async def drain(self, seconds: float) -> None:
        """Wait until the hooks know of everything told so far, for so many seconds at most."""
        await asyncio.sleep(0)  # what was told just now is put by the loop
        try:
            async with asyncio.timeout(seconds):
                await self._waiting.join()
        except TimeoutError:
            log.error("stopped with %d errors that error hooks were not told", self._unheard)  # noqa: TRY400 - where we waited tells nobody anything

    def close(self) -> None:
        """Let the hooks' thread end."""
        self._threads.close()

    @property
    def _unheard(self) -> int:
        return self._waiting.qsize()
