"""Namespaces and queues."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any

from rowlock.app import flows, queue_deletion
from rowlock.errors import InvalidValueError
from rowlock.http.call import Call, Handlers
from rowlock.http.handlers.policies import common_terms, one_of
from rowlock.model.names import checked_name
from rowlock.model.queues import checked_count
from rowlock.wire.bodies.queues import PolicyBody
from rowlock.wire.queues import counts_to_wire
from rowlock.wire.routes.table import MAX_PAGE
from rowlock.wire.service import queue_document
from rowlock.wire.values import Wire

MOST = 2**53


def page_of(call: Call) -> tuple[int, int]:
    """Return where a page begins and how long it is; more than 100 is 100."""
    offset = checked_count("offset", call.query.get("offset", 0), least=0, most=MOST)
    limit = checked_count("limit", call.query.get("limit", MAX_PAGE), most=MOST)
    return offset, min(limit, MAX_PAGE)


async def list_namespaces(call: Call) -> Wire:
    """List the namespaces that are open to whoever asks."""
    only = call.identity.namespace
    names = [only] if only is not None else await call.run(flows.list_namespaces(call.core))
    return {"count": len(names), "body": names}


async def list_queues(call: Call) -> Wire:
    """List queues."""
    offset, limit = page_of(call)
    queues = await call.run(flows.list_queues(call.core))
    page = queues[offset : offset + limit]
    return {"count": len(queues), "body": [queue_document(queue) for queue in page]}


async def create_queue(call: Call) -> Wire:
    """Create a queue."""
    name = one_of(call.body, "name", "queue")
    if name is None:
        raise InvalidValueError("name", "is missing")
    flow = flows.create_queue(call.core, name, _policy(call.body), by=call.by(call.body.reason))
    return queue_document(await call.run(flow))


async def get_queue(call: Call) -> Wire:
    """Show a queue."""
    return queue_document(await call.run(flows.get_queue(call.core, call.path["queue"])))


async def change_queue(call: Call) -> Wire:
    """Change a queue's policy."""
    policy = _policy(call.body)
    if not policy:
        raise InvalidValueError("body", "has nothing to change")
    flow = flows.change_queue(call.core, call.path["queue"], policy, by=call.by(call.body.reason))
    return queue_document(await call.run(flow))


def _policy(body: PolicyBody) -> dict[str, Any]:
    own = {"lease": body.lease, "retention": body.retention}
    return common_terms(body) | {name: one for name, one in own.items() if one is not None}


async def delete_queue(call: Call) -> Wire:
    """Delete a queue and its tasks, as far as it goes in the time that a request may take."""
    flow = queue_deletion.delete_queue(
        call.core,
        call.path["queue"],
        force=call.query.get("force", False),
        by=call.by(call.query.get("reason")),
        until=time.monotonic() + call.limits.bulk_seconds,
    )
    queue, ended = await call.run(flow)
    return {**queue_document(queue), "deleted": ended}


async def count_queue(call: Call) -> Wire:
    """Count a queue's tasks."""
    return counts_to_wire(await call.run(flows.queue_counts(call.core, call.path["queue"])))


async def pause_queue(call: Call) -> Wire:
    """Pause a queue."""
    return await _paused(call, paused=True, until=call.body.until)


async def resume_queue(call: Call) -> Wire:
    """Let a paused queue go on."""
    return await _paused(call, paused=False)


async def _paused(call: Call, *, paused: bool, until: datetime | None = None) -> Wire:
    # An empty name is the default queue's where tasks are stored, and nobody's here.
    name, by = checked_name("queue", call.path["queue"]), call.by(call.body.reason)
    await call.run(flows.pause_queue(call.core, name, paused=paused, until=until, by=by))
    return queue_document(await call.run(flows.get_queue(call.core, name)))


HANDLERS: Handlers = {
    "list_namespaces": list_namespaces,
    "list_queues": list_queues,
    "create_queue": create_queue,
    "get_queue": get_queue,
    "change_queue": change_queue,
    "delete_queue": delete_queue,
    "count_queue": count_queue,
    "pause_queue": pause_queue,
    "resume_queue": resume_queue,
}
