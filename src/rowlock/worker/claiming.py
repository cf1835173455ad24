"""What claims for a worker: the runtime's dispatcher, bound to a database and an app."""

from __future__ import annotations

import asyncio

from rowlock.app.core import Core
from rowlock.runtime.calling import Calls
from rowlock.runtime.dispatcher import Dispatcher
from rowlock.runtime.processes.pool import ProcessPool
from rowlock.runtime.slots import Slots
from rowlock.worker.hooks import WorkerHooks
from rowlock.worker.rules import Rules
from rowlock.worker.source import StorageSource


def dispatcher_of(
    app: Core, worker: str, slots: Slots, rules: Rules, hooks: WorkerHooks, processes: ProcessPool
) -> tuple[Dispatcher, StorageSource]:
    """Return a dispatcher and what it claims from; on the event loop, once hooks have started."""
    source = StorageSource(app.storage, app.namespace, worker, app.policies, rules.claimed)
    dispatcher = Dispatcher(
        source,
        slots,
        rules.find,
        rules.timeout,
        rules.retry,
        namespace=app.namespace,
        worker=worker,
        processes=processes,
        alias_of=rules.alias_of,
        calls=Calls(app.extensions, asyncio.get_running_loop(), hooks.capture, hooks.shared),
        tell=hooks.tell,
    )
    source.on_refused = dispatcher.settler.tell_refused
    return dispatcher, source
