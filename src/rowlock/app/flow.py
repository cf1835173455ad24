"""What a facade's method does, as data: the same body for sync and async callers.

A flow is to a method what a plan is to an operation: a generator that yields what it wants
done and receives the outcome. It never waits by itself.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Generator
from typing import Any, NamedTuple, TypeAlias, TypeVar

from rowlock.app.opened import Opened
from rowlock.model.tasks import NewTask
from rowlock.ops.enqueue import enqueue_together
from rowlock.plan import Plan

T = TypeVar("T")


class Run(NamedTuple):
    """Run a storage operation.

    Attributes:
        operation: Starts the plan; called again when it has to be run again.
        transaction: The caller's open transaction to run it in; None for one of our own.
        reads: Whether it only reads, so that it may simply be repeated.
        lingers: Whether it may compute for long between two statements, or runs code of the caller
            that may block: async callers have it run on a thread.
        grouped: The namespace and the new task, if that is all it stores: it may then be stored
            together with others that are asked for at the same time.
    """

    operation: Callable[[], Plan[Any]]
    transaction: object = None
    reads: bool = False
    lingers: bool = False
    grouped: tuple[str, NewTask] | None = None


class Pause(NamedTuple):
    """Wait."""

    seconds: float


class Do(NamedTuple):
    """Do something that is no storage operation, in the way that fits the caller's code."""

    blocking: Callable[[], Any]
    awaited: Callable[[], Awaitable[Any]]


Step: TypeAlias = Run | Pause | Do
Flow: TypeAlias = Generator[Step, Any, T]


def run_flow(core: Opened, flow: Flow[T]) -> T:
    """Run a flow to its end, blocking."""
    try:
        step = next(flow)
        while True:
            try:
                value = _perform(core, step)
            except Exception as error:  # noqa: BLE001 - the flow decides what a failure means
                step = flow.throw(error)
            else:
                step = flow.send(value)
    except StopIteration as stop:
        result: T = stop.value
        return result


def _perform(core: Opened, step: Step) -> Any:
    if isinstance(step, Pause):
        time.sleep(step.seconds)
        return None
    if isinstance(step, Do):
        return step.blocking()
    core.open()
    transaction = core.joined if step.transaction is None else step.transaction
    if transaction is not None:
        return core.storage.enlist(transaction).run(step.operation)
    runner = core.storage.runner
    return runner.read(step.operation) if step.reads else runner.run(step.operation)


async def run_flow_async(core: Opened, flow: Flow[T]) -> T:
    """Run a flow to its end without blocking the event loop."""
    try:
        step = next(flow)
        while True:
            try:
                value = await _perform_async(core, step)
            except Exception as error:  # noqa: BLE001 - the flow decides what a failure means
                step = flow.throw(error)
            else:
                step = flow.send(value)
    except StopIteration as stop:
        result: T = stop.value
        return result


async def _perform_async(core: Opened, step: Step) -> Any:
    if isinstance(step, Pause):
        import asyncio  # start-up time of sync programs

        await asyncio.sleep(step.seconds)
        return None
    if isinstance(step, Do):
        return await step.awaited()
    await core.aopen()
    transaction = core.joined if step.transaction is None else step.transaction
    if transaction is not None:
        enlisted = await core.storage.enlist_async(transaction)
        return await enlisted.run(step.operation)
    if step.grouped is not None:
        return await core.storage.groups(enqueue_together).run(step.grouped, step.operation)
    runner = core.storage.threads if step.lingers else core.storage.async_runner
    return await (runner.read(step.operation) if step.reads else runner.run(step.operation))
