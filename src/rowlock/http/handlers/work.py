"""Being a worker: claiming a task, keeping it, ending it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from rowlock.app import flows, holding_flows
from rowlock.errors import NoTaskError
from rowlock.http.call import Call, Handlers
from rowlock.http.handlers.tasks import known_queue
from rowlock.model.ids import new_served_token
from rowlock.model.names import checked_worker
from rowlock.model.queues import Queue
from rowlock.wire.bodies.work import SettleBody
from rowlock.wire.routes.work import DEFAULT_LEASE_SECONDS
from rowlock.wire.service import claim_document, task_document
from rowlock.wire.values import Wire

DEFAULT_LEASE = timedelta(seconds=DEFAULT_LEASE_SECONDS)


def served_lease(queue: Queue) -> timedelta:
    """Return how long a claim over HTTP holds if nobody says: workers elsewhere answer slowly."""
    return queue.timeout or DEFAULT_LEASE


async def claim_any(call: Call) -> Wire:
    """Claim a task of any queue, or of those named."""
    return await _claim(call, call.query.get("queue"))


async def claim_from(call: Call) -> Wire:
    """Claim a task of one queue."""
    return await _claim(call, [call.path["task"]])


async def _claim(call: Call, queues: Sequence[str] | None) -> Wire:
    worker = checked_worker(call.query["worker"])
    for name in queues or ():
        await call.run(known_queue(call.core, name))
    flow = holding_flows.claim(
        call.core,
        worker,
        queues,
        limit=1,
        lease=call.query.get("lease"),
        definitions=None,
        lease_of=served_lease,
        new_token=new_served_token,
    )
    claims = await call.run(flow)
    if not claims:
        raise NoTaskError
    return claim_document(claims[0], namespace=call.core.namespace, worker=worker)


async def settle(call: Call) -> Wire:
    """End an attempt."""
    body: SettleBody = call.body
    task_id = flows.checked_id(call.path["task"])
    token: UUID | str
    if body.token is not None:
        token = body.token
    else:
        token = await call.run(holding_flows.served_token(call.core, task_id))
    if body.fail or body.error is not None:
        error, detail = _failure(body)
        flow = holding_flows.fail(call.core, task_id, token, error, detail=detail)
    else:
        flow = holding_flows.complete(call.core, task_id, token, body.result)
    document = task_document(await call.run(flow), reveal=call.reveals)
    return document if body.token is not None else {**document, "unfenced": True}


def _failure(body: SettleBody) -> tuple[str, Any]:
    """Return what is recorded of a failure: a text, and anything else."""
    if body.error is None and isinstance(body.result, str):
        return body.result, body.result
    return body.error or "its worker said that it failed", body.result


async def heartbeat(call: Call) -> Wire:
    """Extend a claim."""
    flow = holding_flows.heartbeat(
        call.core,
        call.path["task"],
        call.body.token,
        lease=call.body.lease,
        lease_of=served_lease,
    )
    return {"cancel_requested": await call.run(flow)}


async def report_progress(call: Call) -> Wire:
    """Record how far an attempt is."""
    task_id, body = flows.checked_id(call.path["task"]), call.body
    flow = holding_flows.update_progress(call.core, task_id, body.token, body.percent, body.message)
    await call.run(flow)
    return {"id": str(task_id)}


async def add_log(call: Call) -> Wire:
    """Keep log lines."""
    task_id, body = flows.checked_id(call.path["task"]), call.body
    lines = [(line.level, line.message) for line in body.lines]
    await call.run(holding_flows.add_log(call.core, task_id, body.token, lines))
    return {"id": str(task_id)}


async def release(call: Call) -> Wire:
    """Give a claimed task back."""
    flow = holding_flows.release(
        call.core, call.path["task"], call.body.token, delay=call.body.delay
    )
    return task_document(await call.run(flow), reveal=call.reveals)


HANDLERS: Handlers = {
    "claim_any": claim_any,
    "claim_from": claim_from,
    "settle": settle,
    "heartbeat": heartbeat,
    "report_progress": report_progress,
    "add_log": add_log,
    "release": release,
}
