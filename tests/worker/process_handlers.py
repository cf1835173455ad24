"""Handlers that processes can import; good ones and poison."""

from __future__ import annotations

import asyncio
import ctypes
import logging
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from rowlock import Cancel, Context, Fail, Rowlock, Snooze, TaskHandler, depends

LONG_SECONDS = 600.0


def add(ctx: Context, a: int, b: int = 2) -> dict[str, int]:
    """Add two numbers, and say where."""
    ctx.log.info("adding %s and %s", a, b)
    ctx.progress(50, "half")
    return {"sum": a + b, "pid": os.getpid()}


async def double(number: int) -> int:
    """Double a number, asynchronously."""
    await asyncio.sleep(0)
    return 2 * number


def about(ctx: Context) -> dict[str, object]:
    """Tell what the context says."""
    return {
        "id": str(ctx.task.id),
        "definition": ctx.task.definition,
        "attempt": ctx.attempt,
        "worker": ctx.task.worker,
        "tags": list(ctx.task.tags),
        "deadline": ctx.deadline is not None,
    }


def outcome(kind: str) -> Snooze | Cancel | Fail:
    """Return an outcome."""
    outcomes: dict[str, Snooze | Cancel | Fail] = {
        "snooze": Snooze("5m"),
        "cancel": Cancel("no need"),
        "fail": Fail("bad luck"),
    }
    return outcomes[kind]


def boom(text: str) -> None:
    """Raise."""
    raise ValueError(f"{text} \ud800")


def unstorable() -> object:
    """Return what has no JSON form."""
    return object()


def speak(text: str) -> None:
    """Log as any library does."""
    logging.getLogger("library").warning(text)


def crash(ctx: Context) -> None:
    """Read where nobody may."""
    ctx.log.info("last words")
    ctypes.string_at(0)


def leave(code: int) -> None:
    """End the process without a word."""
    os._exit(code)


def eat(megabytes: int) -> None:
    """Hold memory for long."""
    held = bytearray(megabytes * 10**6)
    held[::1024] = b"x" * len(held[::1024])
    time.sleep(LONG_SECONDS)


held: list[bytes] = []


def keep(megabytes: int) -> int:
    """Leave memory behind, and say where."""
    held.append(b"x" * megabytes * 10**6)
    return os.getpid()


def spin() -> None:
    """Never end."""
    while True:
        pass


async def deaf() -> None:
    """Never end, whoever asks."""
    while True:
        try:
            await asyncio.sleep(LONG_SECONDS)
        except asyncio.CancelledError:
            continue


def chatter(ctx: Context, lines: int) -> None:
    """Say much at once."""
    for number in range(lines):
        ctx.log.info("line %d", number)
        ctx.progress(100 * number / lines)


def polite(ctx: Context, path: str) -> None:
    """Go on until asked to stop, and clean up."""
    ctx.progress(40, "waiting")
    Path(f"{path}.begun").touch()
    while not ctx.canceled:
        time.sleep(0.01)
    Path(path).write_text("cleaned up")
    ctx.raise_if_canceled()


async def tidy(path: str) -> None:
    """Sleep until cancelled, and clean up."""
    await asyncio.to_thread(Path(f"{path}.begun").touch)
    try:
        await asyncio.sleep(LONG_SECONDS)
    finally:
        await asyncio.to_thread(Path(path).write_text, "cleaned up")


def breed(path: str) -> None:
    """Start a process that would outlive this one, and never end."""
    sleeper = subprocess.Popen([sys.executable, "-c", f"import time; time.sleep({LONG_SECONDS})"])
    Path(path).write_text(str(sleeper.pid))
    time.sleep(LONG_SECONDS)


def settle(ctx: Context) -> None:
    """Try to settle the own task."""
    with ctx.transaction():
        pass


def refuse_connection() -> None:
    """Fail as a network does."""
    raise ConnectionRefusedError("nobody listens")


def get_word() -> Iterator[str]:
    """Provide a word, and say when it is given back."""
    yield "word"
    logging.getLogger("provider").warning("given back")


def with_word(name: str, word: str = depends(get_word)) -> str:
    """Use what a provider gives."""
    return f"{word} {name} {os.getpid()}"


class Count(TaskHandler):
    """A handler as a class."""

    executor = "process"

    def handle(self) -> bool:
        """Tell which process this is."""
        self.set_output(os.getpid())
        return True


layered = Rowlock("memory://")


@layered.before
def note(ctx: Context) -> None:
    """Log where the attempt runs."""
    ctx.log.info("around it: %d", os.getpid())


@layered.task(executor="process", max_attempts=1)
def plain() -> int:
    """Tell which process this is."""
    return os.getpid()
