"""A worker, or a supervisor of several, as a program of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, NamedTuple

from rowlock.worker.health import Health, answering
from rowlock.worker.life import WorkerLife
from rowlock.worker.loops import cancelled
from rowlock.worker.notify import Notifier
from rowlock.worker.signals import stopping_on_signals
from rowlock.worker.supervisor import Supervisor, until_orphaned


class Surroundings(NamedTuple):
    """What a program serves besides.

    Attributes:
        health_host: Where health checks are answered.
        health_port: Where, if at all.
        supervisor: The process without which the worker should not go on.
    """

    health_host: str
    health_port: int | None = None
    supervisor: int | None = None


async def run_worker(worker: WorkerLife, around: Surroundings) -> int:
    """Run a worker until it stops; returns how many tasks it gave up. See `Worker.run`."""

    def is_live() -> bool:
        return worker.is_running and not worker.is_stuck

    def is_ready() -> bool:
        return worker.is_healthy and worker.is_connected

    notifier = Notifier()

    def stop() -> None:
        notifier.stopping()
        worker.request_stop()

    with stopping_on_signals(stop, worker.request_hurry):
        async with _serving(Health(is_live, is_ready), around, notifier):
            await worker.start()
            notifier.ready()
            if around.supervisor is None:
                return await worker.wait()
            async with _beside(_stop_as_orphan(around.supervisor, stop)):
                return await worker.wait()


async def run_supervisor(supervisor: Supervisor, around: Surroundings) -> int:
    """Run a supervisor until it stops; returns the exit code."""
    notifier = Notifier()
    health = Health(lambda: True, lambda: supervisor.is_complete)
    async with _serving(health, around, notifier):
        notifier.ready()
        code = await supervisor.run()
        notifier.stopping()
    return code


@asynccontextmanager
async def _serving(
    health: Health, around: Surroundings, notifier: Notifier
) -> AsyncGenerator[None]:
    async with AsyncExitStack() as stack:
        if around.health_port is not None:
            host, port = around.health_host, around.health_port
            await stack.enter_async_context(answering(health, port, host))
        await stack.enter_async_context(_beside(notifier.keep_alive(health.is_live)))
        yield


@asynccontextmanager
async def _beside(loop: Coroutine[Any, Any, None]) -> AsyncGenerator[None]:
    task = asyncio.create_task(loop)
    try:
        yield
    finally:
        await cancelled([task])


async def _stop_as_orphan(supervisor: int, stop: Callable[[], None]) -> None:
    await until_orphaned(supervisor)
    stop()
