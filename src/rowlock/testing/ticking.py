"""Ticks in a test: the handlers of those that are due, and the tasks that they make."""

from __future__ import annotations

import asyncio
from functools import partial

from rowlock.app.core import Application, Core
from rowlock.app.flow import Do, Flow, Run, run_flow, run_flow_async
from rowlock.definitions.tickers import DeclaredTicker
from rowlock.model.tickers import Tick
from rowlock.ops import tickers as ops
from rowlock.storage.storage import Storage
from rowlock.storage.ticker_contract import Upcoming
from rowlock.testing.threads import CallersThread

AT_ONCE = 100


def run_ticks(app: Application) -> list[Tick]:
    """Store the tickers that an app declares, and handle those of their ticks that are due.

    One tick of each at most, as in a worker: those that were missed collapse. Sync handlers run
    on this thread.

    Args:
        app: A `Rowlock` or an `AsyncRowlock`.

    Returns:
        The ticks in the order in which they were handled.

    Raises:
        Exception: What a handler raised; its tick is confirmed.
    """
    return run_flow(app.core, _run_ticks(app.core))


async def arun_ticks(app: Application) -> list[Tick]:
    """Handle the due ticks of the tickers that an app declares. See `run_ticks`.

    Async handlers run on the running event loop, sync ones on a thread.
    """
    return await run_flow_async(app.core, _run_ticks(app.core))


def _run_ticks(core: Core) -> Flow[list[Tick]]:
    storage, namespace = core.storage, core.namespace
    ticks: list[Tick] = []
    declared = tuple(core.extensions.tickers.values())
    for one in declared:
        yield Run(partial(ops.register_ticker, storage, namespace, one.ticker))
    for one in declared:
        tick: object = yield Run(partial(ops.take_tick, storage, namespace, [one.ticker.name]))
        if isinstance(tick, Tick):
            ticks.append(tick)
            try:
                yield _call(one, tick)
            finally:
                confirm = storage.tickers.confirm_tick
                yield Run(partial(confirm, namespace, tick.name, token=tick.token))
    return ticks


def _call(declared: DeclaredTicker, tick: Tick) -> Do:
    handler = declared.handler
    if declared.is_async:
        return Do(lambda: CallersThread().wait_for(handler(tick)), partial(handler, tick))
    return Do(partial(handler, tick), lambda: asyncio.to_thread(handler, tick))


def make_due_tasks(storage: Storage) -> Flow[None]:
    """Make the tasks of all ticks that are due, for all namespaces."""
    while True:
        look = partial(storage.tickers.upcoming_tasks, limit=AT_ONCE)
        upcoming: list[Upcoming] = yield Run(look, reads=True)
        due = [(one.namespace, one.name) for one in upcoming if one.seconds <= 0]
        if not due:
            return
        yield Run(partial(ops.make_tasks, storage, due))
