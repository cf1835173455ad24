"""Several worker processes under one: started, told to stop, and replaced when they die."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import suppress

from rowlock.errors import StorageError
from rowlock.worker.identity import new_worker_id
from rowlock.worker.loops import cancelled
from rowlock.worker.signals import stopping_on_signals

log = logging.getLogger(__name__)

FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 30.0
# A worker that lived so long has started well; what it died of is a new matter.
STEADY_SECONDS = 10.0
# What a worker may take besides its grace time to end by itself.
KILL_MARGIN_SECONDS = 15.0
FAILED = 1


class Supervisor:
    """Keeps a number of worker processes running until it is told to stop.

    A worker gets an id of its own, so that its tasks can be taken back as soon as it is dead.

    Attributes:
        exit_code: What the program should exit with: the worst of what its workers did.
    """

    def __init__(
        self,
        command: Callable[[str], Sequence[str]],
        count: int,
        *,
        environment: Mapping[str, str],
        release: Callable[[str], Awaitable[int]],
        hopeless: Collection[int],
        grace: float,
        change: Callable[[], Awaitable[str]] | None = None,
    ) -> None:
        """Start nothing yet.

        Args:
            command: The command line of a worker, given its id.
            count: How many workers.
            environment: Their environment.
            release: Takes back what a worker of that id holds; returns how many tasks.
            hopeless: Exit codes after which another try would end the same way.
            grace: For how many seconds the workers let running tasks finish.
            change: Returns what changed once something did that the workers must load anew.
        """
        self._command = command
        self._count = count
        self._environment = environment
        self._release = release
        self._hopeless = hopeless
        self._grace = grace
        self._change = change
        self._processes: dict[int, asyncio.subprocess.Process] = {}
        self._told: set[int] = set()
        self._stopping = asyncio.Event()
        self._changed = asyncio.Event()
        self.exit_code = 0

    @property
    def is_complete(self) -> bool:
        """Whether every worker runs, and none was told to stop."""
        return len(self._processes) == self._count and not self._stopping.is_set()

    def request_stop(self) -> None:
        """Ask every worker to stop; on the event loop."""
        self._stopping.set()
        for process in self._processes.values():
            _send(process, signal.SIGTERM)

    async def run(self) -> int:
        """Keep the workers running until SIGTERM or SIGINT; returns the exit code."""
        with stopping_on_signals(self.request_stop, self.request_stop):
            keeping = [asyncio.create_task(self._keep(number)) for number in range(self._count)]
            beside = [asyncio.create_task(self._kill_late())]
            if self._change is not None:
                beside.append(asyncio.create_task(self._reload(self._change)))
            try:
                await asyncio.gather(*keeping)
            finally:
                await cancelled(beside)
        return self.exit_code

    async def _keep(self, number: int) -> None:
        """Keep one worker running."""
        loop, pause = asyncio.get_running_loop(), FIRST_PAUSE_SECONDS
        while not self._stopping.is_set():
            worker = new_worker_id()
            began = loop.time()
            code = await self._run(number, worker)
            self._note(code)
            if code in self._hopeless and not self._stopping.is_set():
                await self._despair(number, code)
            elif code and not self._stopping.is_set():
                if loop.time() - began > STEADY_SECONDS:
                    pause = FIRST_PAUSE_SECONDS
                log.warning("worker %d %s; another starts in %g s", number, ended(code), pause)
                await self._sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE_SECONDS)

    async def _run(self, number: int, worker: str) -> int:
        """Run a worker to its end, and take back what it held if it died."""
        process = await asyncio.create_subprocess_exec(
            *self._command(worker), env=self._environment, process_group=0
        )
        self._processes[number] = process
        log.info("worker %d started: %s, process %d", number, worker, process.pid)
        if self._stopping.is_set():
            _send(process, signal.SIGTERM)
        code = await process.wait()
        del self._processes[number]
        self._told.discard(process.pid)
        if code:
            await self._take_back(worker)
        return code

    async def _take_back(self, worker: str) -> None:
        try:
            tasks = await self._release(worker)
        except StorageError as error:
            log.warning("worker %s: its tasks are left to their leases: %s", worker, error)
        else:
            if tasks:
                log.warning("worker %s: %d tasks taken back", worker, tasks)

    async def _despair(self, number: int, code: int) -> None:
        """Stop all, or wait for a change, where another try would end the same way."""
        if self._change is None:
            log.error("worker %d %s; starting it again would not help", number, ended(code))
            self.request_stop()
            return
        log.error("worker %d %s; it starts again when something changes", number, ended(code))
        await self._sleep(None)

    async def _sleep(self, seconds: float | None) -> None:
        """Sleep until a stop or a change, or so long."""
        waiting = [asyncio.create_task(event.wait()) for event in (self._stopping, self._changed)]
        await asyncio.wait(waiting, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        await cancelled(waiting)
        self._changed.clear()

    async def _reload(self, change: Callable[[], Awaitable[str]]) -> None:
        while True:
            log.info("%s changed: loading anew", await change())
            self._changed.set()
            for process in self._processes.values():
                # Told twice, it would not let its tasks finish.
                if process.pid not in self._told:
                    self._told.add(process.pid)
                    _send(process, signal.SIGTERM)
            await asyncio.sleep(0)
            self._changed.clear()

    async def _kill_late(self) -> None:
        """Kill what does not end by itself."""
        await self._stopping.wait()
        await asyncio.sleep(self._grace + KILL_MARGIN_SECONDS)
        for number, process in self._processes.items():
            log.error("worker %d does not stop; it is killed", number)
            _send(process, signal.SIGKILL)

    def _note(self, code: int) -> None:
        if self._stopping.is_set() or (code in self._hopeless and self._change is None):
            self.exit_code = max(self.exit_code, code if code >= 0 else FAILED)


def _send(process: asyncio.subprocess.Process, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        process.send_signal(number)


def ended(code: int) -> str:
    """Return how a process ended, as people say it."""
    if code >= 0:
        return f"ended with exit code {code}"
    try:
        return f"was killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"was killed by signal {-code}"


async def until_orphaned(supervisor: int) -> None:
    """Return when the process that started this one is gone."""
    while os.getppid() == supervisor:  # noqa: ASYNC110 - nobody tells
        await asyncio.sleep(1.0)
