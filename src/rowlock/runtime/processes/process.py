"""One child process, as its worker sees it."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import rowlock
from rowlock.definitions.context import Context
from rowlock.definitions.definition import TaskDefinition
from rowlock.definitions.reports import TakenReport
from rowlock.model.tasks import TaskFailure
from rowlock.runtime.processes.answers import (
    Answer,
    cause_of_death,
    log_here,
    not_ready,
    question,
    value_of,
)
from rowlock.runtime.processes.messages import (
    LENGTH,
    Began,
    FromChild,
    Logged,
    Prepare,
    Raised,
    Ready,
    Reported,
    Stop,
    ToChild,
    Unable,
    decode_from_child,
    framed,
)

log = logging.getLogger(__name__)

START_SECONDS = 60.0
"""How long a child may take until the code is loaded."""
QUIT_SECONDS = 2.0
DRAIN_SECONDS = 0.5

_START = (
    "import sys; sys.path.insert(0, sys.argv[2]); "
    "from rowlock.runtime.processes.child import main; main(int(sys.argv[3]))"
)


class NotBegunError(Exception):
    """The child died before it began what it was asked: the task is not to blame."""


class ChildProcess:
    """Runs one handler at a time; what it dies of is told to whoever waits for the answer.

    Attributes:
        runs: How many handlers it has been given.
        started_at: When it was started, on the event loop's clock.
        killed_for: Why it was killed, if whoever waits should hear it.
    """

    def __init__(self, process: asyncio.subprocess.Process, writer: asyncio.StreamWriter) -> None:
        self._process = process
        self._writer = writer
        self._killed = False
        self._context: Context | None = None
        loop = asyncio.get_running_loop()
        self._ready: asyncio.Future[None] = loop.create_future()
        self._began = False
        self._answer: asyncio.Future[Answer] | None = None
        self._following: asyncio.Task[None] | None = None
        self.runs = 0
        self.started_at = loop.time()
        self.killed_for: str | None = None

    @property
    def pid(self) -> int:
        """The process's id, and its group's."""
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether it can be asked for more."""
        ended = self._following is None or self._following.done()
        return not (ended or self._killed)

    @classmethod
    async def start(cls, origin: Prepare) -> ChildProcess:
        """Start a child and wait until it has loaded the code.

        Raises:
            ElsewhereError: It could not, or died meanwhile, or took too long.
        """
        ours, theirs = socket.socketpair()
        reader, writer = await asyncio.open_connection(sock=ours)
        try:
            with theirs:
                process = await _started(theirs.fileno())
        except BaseException:
            writer.close()
            raise
        child = cls(process, writer)
        child._following = asyncio.create_task(child._follow(reader))
        child._send(origin)
        try:
            async with asyncio.timeout(START_SECONDS):
                await asyncio.shield(child._ready)
        except TimeoutError:
            child.kill()
            await child.ended()
            raise not_ready(f"it did not load the code within {START_SECONDS:g} s") from None
        except BaseException:
            child.kill()
            await child.ended()
            raise
        return child

    async def run(
        self,
        definition: TaskDefinition[..., Any],
        payload: str,
        context: Context,
        patience: Callable[[], float],
    ) -> Any:
        """Run a handler and return what it returned.

        Args:
            definition: Whose handler.
            payload: The arguments, as stored.
            context: Gets what the handler reports.
            patience: How many seconds a handler that was asked to stop may go on.

        Raises:
            NotBegunError: The child died before it began.
            ElsewhereError: The handler raised, or the child died of it.
            TaskCanceledError: The handler stopped because it was asked to.
        """
        self.runs += 1
        self._context = context
        self._began = False
        self._answer = asyncio.get_running_loop().create_future()
        self._send(question(definition, payload, context))
        try:
            answer = await asyncio.shield(self._answer)
        except asyncio.CancelledError:
            late = await self._stopped(self._answer, patience())
            if late is None:
                raise
            answer = late
        finally:
            self._answer = self._context = None
        return value_of(answer, context)

    async def _stopped(self, answer: asyncio.Future[Answer], patience: float) -> Answer | None:
        """Ask the handler to stop; if it does not, kill the child. Returns its answer, if any."""
        try:
            if patience:
                self._send(Stop())
                await asyncio.wait([answer], timeout=patience)
        finally:
            if not answer.done():
                self.kill()
                answer.cancel()
        if answer.cancelled():
            await self.ended()
            return None
        return answer.result()

    def kill(self, why: str | None = None) -> None:
        """Kill the child and everything that it started."""
        if self._answer is not None and not self._answer.done():
            self.killed_for = self.killed_for or why
        self._killed = True
        if self._following is not None and self._following.done():
            return  # its id may be somebody else's by now
        # A child has a group of its own; nothing of it is left once the call fails.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)

    async def quit(self) -> None:
        """Let an idle child end, and kill it if it does not."""
        self._writer.close()
        await self.ended()

    async def ended(self) -> None:
        """Wait until nothing of it is left."""
        if self._following is not None:
            await asyncio.wait([self._following])

    def _send(self, message: ToChild) -> None:
        self._writer.write(framed(message))

    async def _follow(self, reader: asyncio.StreamReader) -> None:
        """Hear the child until it ends; then nobody waits for it any more."""
        reading = asyncio.create_task(self._read(reader))
        exited = asyncio.create_task(self._process.wait())
        await asyncio.wait([reading, exited], return_when=asyncio.FIRST_COMPLETED)
        if not exited.done():
            # It was told to end, closed its end, or talked nonsense: it may not go on.
            await asyncio.wait([exited], timeout=QUIT_SECONDS)
        self.kill()
        code = await exited
        await asyncio.wait([reading], timeout=DRAIN_SECONDS)
        reading.cancel()
        self._writer.close()
        self._tell_of_death(self.killed_for or cause_of_death(code))

    def _tell_of_death(self, cause: str) -> None:
        if not self._ready.done():
            self._ready.set_exception(not_ready(cause))
        self._ready.exception()
        if self._answer is None or self._answer.done():
            return
        if self._began:
            failure = TaskFailure(type="ProcessDied", message=cause)
            self._answer.set_result(Raised(failure, reason="process_died"))
        else:
            self._answer.set_exception(NotBegunError(cause))

    async def _read(self, reader: asyncio.StreamReader) -> None:
        try:
            while True:
                (size,) = LENGTH.unpack(await reader.readexactly(LENGTH.size))
                self._hear(decode_from_child(await reader.readexactly(size)))
        except (asyncio.IncompleteReadError, OSError):
            return
        except Exception:
            log.exception("process %d: what it says cannot be understood", self.pid)

    def _hear(self, message: FromChild) -> None:
        match message:
            case Ready():
                self._ready.set_result(None)
            case Unable(failure):
                self._ready.set_exception(not_ready(f"{failure.type}: {failure.message}", failure))
            case Began():
                self._began = True
            case Reported(progress, text, lines):
                if self._context is not None:
                    self._context.absorb_report(TakenReport(progress, text, lines))
            case Logged():
                log_here(message, self.pid)
            case _:
                if self._answer is not None and not self._answer.done():
                    self._answer.set_result(message)


async def _started(descriptor: int) -> asyncio.subprocess.Process:
    root = str(Path(rowlock.__file__).parents[1])
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-c", _START, "rowlock-child", root, str(descriptor)),
        pass_fds=[descriptor],
        stdin=asyncio.subprocess.DEVNULL,
        start_new_session=True,
    )
