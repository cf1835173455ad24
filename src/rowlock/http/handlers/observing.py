"""What is told to those who watch: metrics, figures, load, and who changed what."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from rowlock.app import bulk_flows, figure_flows, flows, measuring_flows
from rowlock.app.flow import run_flow_async
from rowlock.errors import InvalidValueError
from rowlock.http.answers import Text
from rowlock.http.call import Call, Handlers
from rowlock.http.exposition import exposition
from rowlock.http.handlers.queues import page_of
from rowlock.model.durations import duration_from
from rowlock.model.figures import Figures
from rowlock.model.queues import checked_count
from rowlock.wire.changes import audit_to_wire
from rowlock.wire.figures import scale_to_wire, workers_to_wire
from rowlock.wire.queues import overview_to_wire
from rowlock.wire.values import Wire

MOST_NAMESPACES: Final = 20
MOST_QUEUES_NAMED: Final = 100
MOST_TASKS_PER_WORKER: Final = 10_000
DEFAULT_TASKS_PER_WORKER: Final = 10
DEFAULT_WINDOW: Final = "1h"


async def metrics(call: Call) -> Text:
    """Tell Prometheus about a namespace, or about all if the token is good for them."""
    names: Sequence[str] = [call.core.namespace]
    if call.everywhere:
        # No namespace has an empty name.
        names = await call.observed.memory.get(
            "", lambda: call.run(flows.list_namespaces(call.core))
        )
    told = [await _figures(call, name) for name in names[:MOST_NAMESPACES]]
    counted = partial(
        call.observed.tallies.collect, None if call.everywhere else call.core.namespace
    )
    left_out = max(len(names) - MOST_NAMESPACES, 0)
    text = exposition(told, counted, namespaces_left_out=left_out)
    return Text(text, CONTENT_TYPE_PLAIN_0_0_4)


async def _figures(call: Call, namespace: str) -> Figures:
    core = call.core.within(namespace)
    return await call.observed.memory.get(
        namespace, lambda: run_flow_async(core, figure_flows.figures(core))
    )


async def stats(call: Call) -> Wire:
    """Tell what there is, and what was done of late."""
    window, queue = call.query.get("window", DEFAULT_WINDOW), call.query.get("queue")
    span = duration_from("window", window) or None
    found = await call.run(measuring_flows.overview(call.core, window=span, queue=queue))
    return overview_to_wire(found.queues, found.throughput or (), found.definitions or ())


async def scale(call: Call) -> Wire:
    """Tell how many workers could be used."""
    each = checked_count(
        "tasks_per_worker",
        call.query.get("tasks_per_worker", DEFAULT_TASKS_PER_WORKER),
        most=MOST_TASKS_PER_WORKER,
    )
    names = call.query.get("queue")
    if names is not None and len(names) > MOST_QUEUES_NAMED:
        raise InvalidValueError("queue", f"is given more than {MOST_QUEUES_NAMED} times")
    flow = figure_flows.loads(call.core, names, within=call.query.get("within", 0))
    return scale_to_wire(await call.run(flow), tasks_per_worker=each)


async def list_workers(call: Call) -> Wire:
    """List the workers that run something."""
    offset, limit = page_of(call)
    workers = workers_to_wire(await call.run(figure_flows.running_now(call.core)))
    return {"count": len(workers), "body": workers[offset : offset + limit]}


async def list_audit(call: Call) -> Wire:
    """List who changed what."""
    _, limit = page_of(call)
    query = call.query
    flow = bulk_flows.audit(
        call.core,
        limit=limit,
        before=query.get("before"),
        actor=query.get("actor"),
        action=query.get("action"),
        target=query.get("target"),
    )
    entries = await call.run(flow)
    return {
        "count": len(entries),
        "body": [audit_to_wire(entry) for entry in entries],
        "next": str(entries[-1].id) if len(entries) == limit else None,
    }


HANDLERS: Handlers = {
    "metrics": metrics,
    "stats": stats,
    "scale": scale,
    "list_workers": list_workers,
    "list_audit": list_audit,
}
