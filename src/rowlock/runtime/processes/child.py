"""A child process: loads the code of its worker, and runs one handler at a time."""

from __future__ import annotations

import asyncio
import contextvars
import logging
import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import fields
from datetime import timedelta
from functools import partial
from queue import SimpleQueue
from typing import Any

from rowlock.definitions import outcomes
from rowlock.definitions.capture import LogCapture
from rowlock.definitions.context import TaskCanceledError
from rowlock.definitions.definition import TaskDefinition
from rowlock.definitions.extensions import Extensions
from rowlock.definitions.signature import Signature
from rowlock.errors import MiddlewareError, PayloadError
from rowlock.model import json_text
from rowlock.model.failures import kind_name
from rowlock.model.tasks import TaskFailure
from rowlock.runtime.calling import Call, Calls
from rowlock.runtime.ends import failure_from
from rowlock.runtime.processes.channel import Channel, LogRelay
from rowlock.runtime.processes.messages import (
    Began,
    Prepare,
    Raised,
    Ready,
    Returned,
    Run,
    Stop,
    Stopped,
    ToChild,
    Unable,
)
from rowlock.runtime.processes.origin import MAIN_NAME, Code
from rowlock.runtime.processes.relay import PAUSE_SECONDS, ChildContext, Relay


class _Attempt:
    """What runs now, and how to stop it."""

    def __init__(self, context: ChildContext) -> None:
        self.context = context
        self._lock = threading.Lock()
        self._task: asyncio.Task[Any] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def run(
        self, calls: Calls, definition: TaskDefinition[..., Any], arguments: dict[str, Any]
    ) -> Any:
        """Call the handler, with what is around it, and return what it returns."""
        bind = partial(calls.bind, definition, arguments, self.context)
        if definition.is_async:
            return asyncio.run(self._awaited(bind))
        # What the call leaves behind in context variables is not the next task's.
        within = contextvars.copy_context()
        return within.run(within.run(bind))

    async def _awaited(self, bind: Callable[[], Call]) -> Any:
        with self._lock:
            self._loop, self._task = asyncio.get_running_loop(), asyncio.current_task()
        self.context.raise_if_canceled()
        try:
            return await bind()()
        finally:
            with self._lock:
                self._loop = self._task = None

    def stop(self) -> None:
        """Ask the handler to stop; from any thread."""
        self.context.request_cancel()
        with self._lock:
            if self._loop is not None and self._task is not None:
                self._loop.call_soon_threadsafe(self._task.cancel)


class Child:
    """One thread receives, another sends what handlers report; the main thread runs them."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._inbox: SimpleQueue[ToChild | None] = SimpleQueue()
        self._busy = True
        self._attempt: _Attempt | None = None
        self._unsent = threading.Event()

    def serve(self) -> None:
        """Load the code and run handlers until the worker wants no more."""
        for thread in (self._receive, self._relay):
            threading.Thread(target=thread, name=f"rowlock{thread.__name__}", daemon=True).start()
        origin = self._inbox.get()
        if not isinstance(origin, Prepare):
            return
        try:
            code = Code(origin)
        except BaseException as error:  # noqa: BLE001 - told to the worker, whatever it is
            self._channel.send(Unable(_printable(failure_from(error))))
            return
        if not logging.getLogger().handlers:
            logging.basicConfig(level=origin.log_level, handlers=[LogRelay(self._channel)])
        calls = _calls(code.extensions)
        self._busy = False
        self._channel.send(Ready())
        while isinstance(asked := self._inbox.get(), Run):
            self._run(code, calls, asked)

    def _receive(self) -> None:
        while True:
            message = self._channel.receive()
            if message is None and self._busy:
                # Nobody waits for the handler any more; it and what it started must not go on.
                os.killpg(0, signal.SIGKILL)
            if isinstance(message, Stop):
                attempt = self._attempt
                if attempt is not None:
                    attempt.stop()
                continue
            self._busy = True
            self._inbox.put(message)
            if message is None:
                return

    def _relay(self) -> None:
        while True:
            self._unsent.wait()
            self._unsent.clear()
            attempt = self._attempt
            if attempt is not None:
                attempt.context.relay.flush()
            time.sleep(PAUSE_SECONDS)

    def _run(self, code: Code, calls: Calls, asked: Run) -> None:
        relay = Relay(self._channel.send, self._unsent)
        context = ChildContext(asked.task, asked.deadline, relay)
        self._attempt = attempt = _Attempt(context)
        self._channel.send(Began())
        answer = _answer(code, calls, asked, attempt)
        relay.flush(last=True)
        self._attempt = None
        self._busy = False
        self._channel.send(answer)


def _calls(extensions: Extensions) -> Calls:
    """Return what calls handlers; what is async around sync ones runs on a loop of its own."""
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="rowlock-loop", daemon=True).start()
    capture = LogCapture()
    capture.install()
    return Calls(extensions, loop, capture)


def _answer(code: Code, calls: Calls, asked: Run, attempt: _Attempt) -> Returned | Raised | Stopped:
    context = attempt.context
    try:
        definition = code.find(asked)
        arguments = definition.signature.decode(asked.payload)
        arguments.update(definition.signature.inject(context))
        value = attempt.run(calls, definition, arguments)
    except (asyncio.CancelledError, TaskCanceledError) as error:
        if context.canceled:
            return Stopped()
        return _raised(error)
    except BaseException as error:  # noqa: BLE001 - whatever a handler raises is its failure
        return _raised(error)
    try:
        return _returned(value, calls.max_result_bytes)
    except PayloadError as error:
        return Raised(_printable(failure_from(error)), reason="result_invalid")


def _raised(error: BaseException) -> Raised:
    said = error.__cause__ if isinstance(error, MiddlewareError) and error.__cause__ else error
    names = [kind_name(kind).replace(f"{MAIN_NAME}.", "__main__.") for kind in type(said).__mro__]
    return Raised(_printable(failure_from(error)), kinds=names)


def _returned(value: Any, max_bytes: int) -> Returned:
    for kind in type(value).__mro__:
        if kind.__module__ == outcomes.__name__:
            given = {one.name: getattr(value, one.name) for one in fields(value) if one.init}
            return Returned(outcome=kind.__name__, fields={k: _plain(v) for k, v in given.items()})
    return Returned(result=Signature.encode_result(value, max_bytes=max_bytes))


def _plain(value: object) -> object:
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, str):
        return json_text.printable(value)
    return value if value is None or isinstance(value, (bool, int, float)) else str(value)


def _printable(failure: TaskFailure) -> TaskFailure:
    show = json_text.printable
    text = failure.traceback
    return TaskFailure(
        type=show(failure.type),
        message=show(failure.message),
        traceback=None if text is None else show(text),
    )


def main(descriptor: int) -> None:
    """Be a child of the worker at the other end of a socket."""
    # Ctrl-C is the worker's matter; it tells.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Child(Channel(descriptor)).serve()
