"""What an app adds to the life of a worker: start-up, shut-down, what lives as long as it."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Awaitable, Iterable, Mapping
from typing import Any

from rowlock.app.core import Core
from rowlock.definitions.capture import LogCapture
from rowlock.definitions.dependencies import Dependency, Provider, name_of, worker_wide
from rowlock.definitions.extensions import Hook
from rowlock.definitions.providing import Providing, run_unsuspended, wait_here
from rowlock.errors import HookError, LeaseLostError, WorkerLostError
from rowlock.model.schedules import Schedule
from rowlock.model.tasks import Claim
from rowlock.runtime.error_hooks import ErrorHooks
from rowlock.runtime.threads import DaemonThreads
from rowlock.storage.upkeep_contract import Rescued
from rowlock.worker.loops import cancelled, kept_going

log = logging.getLogger(__name__)

# What stopping may take besides: hooks that hang keep no worker from ending.
STOP_HOOKS_SECONDS = 10.0
ERROR_HOOKS_SECONDS = 5.0


class WorkerHooks:
    """Runs an app's hooks around one run of a worker.

    Those that are not async run on a thread of their own, one after the other, so that the
    worker hears signals while they run.
    """

    def __init__(self, app: Core) -> None:
        """Run nothing yet; on the worker's event loop."""
        self._app = app
        self._extensions = app.extensions
        self._loop = asyncio.get_running_loop()
        self._threads = DaemonThreads(1, name="hooks")
        self._providing = Providing(None, app.extensions.overrides, self._wait)
        self._errors = ErrorHooks(app.extensions.on_error)
        self._telling: asyncio.Task[None] | None = None
        self.tell = self._errors.tell
        self.capture = LogCapture()

    def failed(self, error: Exception) -> None:
        """Tell of an error that is about no task alone."""
        self.tell(None, None, error)

    def lost(self, claim: Claim) -> None:
        """Tell of a claim that is lost."""
        self.tell(claim.queue, claim.id, LeaseLostError(claim.id))

    def rescued(self, task: Rescued) -> None:
        """Tell of a task whose worker is gone, unless it is another namespace's."""
        if task.namespace == self._app.namespace:
            error = WorkerLostError(task.id, task.worker, task.final)
            self.tell(task.queue, task.id, error)

    def not_fired(self, schedule: Schedule, error: Exception) -> None:
        """Tell of a schedule that could not fire, unless it is another namespace's."""
        if schedule.namespace == self._app.namespace:
            self.tell(schedule.queue, None, error)

    @property
    def shared(self) -> Mapping[Provider, Any]:
        """What providers have made for the whole worker."""
        return self._providing.made

    async def start(self) -> None:
        """Make what lives as long as the worker, then run the start-up hooks in order.

        Raises:
            HookError: One of them raised; what was made is cleaned up.
        """
        wanted = [
            dependency
            for definition in self._app.registry
            for dependency in worker_wide(definition.signature.dependencies)
        ]
        if wanted or self._extensions.on_start:
            try:
                await self._threads.submit(lambda: run_unsuspended(self._start(wanted)))
            except BaseException:
                self._threads.close()
                raise
        level_of = self._extensions.capture_level_of
        if any(level_of(definition) is not None for definition in self._app.registry):
            self.capture.install()
        telling = kept_going("telling error hooks", self._errors.run)
        self._telling = asyncio.create_task(telling, name="rowlock-error-hooks")

    async def _start(self, wanted: Iterable[Dependency]) -> None:
        try:
            for dependency in wanted:
                await _blaming(dependency.provider, self._providing.value(dependency))
            for hook in self._extensions.on_start:
                await _blaming(hook, self._run(hook))
        except BaseException as error:
            await self._providing.__aexit__(type(error), error, error.__traceback__)
            raise

    async def stop(self) -> None:
        """Run the shut-down hooks, the last one first, and clean up; errors are logged."""
        # Shut-down hooks may send away what error hooks have gathered.
        await self._errors.drain(ERROR_HOOKS_SECONDS)
        if self.shared or self._extensions.on_stop:
            stopping = self._threads.submit(lambda: run_unsuspended(self._stop()))
            await asyncio.wait([stopping], timeout=STOP_HOOKS_SECONDS)
            if not stopping.done():
                log.error("a hook of the shut-down does not end; it is left behind")
        self.capture.remove()
        await self._errors.drain(ERROR_HOOKS_SECONDS)
        self._errors.close()
        self._threads.close()
        if self._telling is not None:
            await cancelled([self._telling])

    async def _stop(self) -> None:
        for hook in reversed(self._extensions.on_stop):
            try:
                await self._run(hook)
            except Exception as error:
                log.exception("shut-down hook %s failed", name_of(hook))
                self.failed(error)
        try:
            await self._providing.__aexit__(None, None, None)
        except Exception as error:
            log.exception("cleaning up at the worker's end failed")
            self.failed(error)

    async def _run(self, hook: Hook) -> None:
        done = hook()
        if inspect.isawaitable(done):
            await self._wait(done)

    async def _wait(self, awaitable: Awaitable[Any]) -> Any:
        """Wait on the hooks' thread for what runs on the worker's event loop."""
        return asyncio.run_coroutine_threadsafe(wait_here(awaitable), self._loop).result()


async def _blaming(function: Hook, work: Awaitable[Any]) -> None:
    try:
        await work
    except Exception as error:
        raise HookError(name_of(function), f"{type(error).__name__}: {error}") from error
