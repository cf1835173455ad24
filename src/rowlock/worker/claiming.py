"""What claims for a worker: the runtime's dispatcher, bound to an app and to where tasks are."""

from __future__ import annotations

import asyncio

from rowlock.app.core import Core
from rowlock.runtime.calling import Calls
from rowlock.runtime.dispatcher import Dispatcher
from rowlock.runtime.processes.pool import ProcessPool
from rowlock.runtime.slots import Slots
from rowlock.runtime.source import TaskSource
from rowlock.worker.hooks import WorkerHooks
from rowlock.worker.rules import Rules


def dispatcher_of(  # noqa: PLR0913 - the wiring diagram
    app: Core,
    source: TaskSource,
    slots: Slots,
    rules: Rules,
    hooks: WorkerHooks,
    processes: ProcessPool,
    *,
    prefetch: int,
    namespace: str,
    worker: str,
) -> Dispatcher:
    """Return a dispatcher of what a source gives; on the event loop, once hooks have started."""
    dispatcher = Dispatcher(
        source,
        slots,
        rules.find,
        rules.timeout,
        rules.retry,
        namespace=namespace,
        worker=worker,
        processes=processes,
        prefetch=prefetch,
        alias_of=rules.alias_of,
        calls=Calls(app.extensions, asyncio.get_running_loop(), hooks.capture, hooks.shared),
        tell=hooks.tell,
    )
    source.on_refused = dispatcher.settler.tell_refused
    return dispatcher
