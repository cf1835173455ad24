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
from rowlock.model.tasks import Task
from rowlock.wire.bodies.work import EndBody, SettleBody
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
    claims = await claims_for(
        call, call.query["worker"], queues, limit=1, lease=call.query.get("lease")
    )
    if not claims:
        raise NoTaskError
    return claims[0]


async def claims_for(
    call: Call,
    worker: str,
    queues: Sequence[str] | None,
    *,
    limit: int,
    lease: object,
    definitions: Sequence[str] | None = None,
) -> list[Wire]:
    """Claim tasks; returns a `ClaimDocument` for each."""
    name = checked_worker(worker)
    for queue in dict.fromkeys(queues or ()):
        await call.run(known_queue(call.core, queue))
    flow = holding_flows.claim(
        call.core,
        name,
        queues,
        limit=limit,
        lease=lease,
        definitions=definitions,
        lease_of=served_lease,
        new_token=new_served_token,
    )
    namespace = call.core.namespace
    return [
        claim_document(claim, namespace=namespace, worker=name) for claim in await call.run(flow)
    ]


async def settle(call: Call) -> Wire:
    """End an attempt."""
    body: SettleBody = call.body
    task_id = flows.checked_id(call.path["task"])
    token: UUID | str
    if body.token is not None:
        token = body.token
    else:
        token = await call.run(holding_flows.served_token(call.core, task_id))
    document = task_document(await end(call, task_id, token, body), reveal=call.reveals)
    return document if body.token is not None else {**document, "unfenced": True}


async def end(call: Call, task_id: UUID, token: UUID | str, body: EndBody) -> Task:
    """Record how an attempt ended; returns the task as it is then."""
    if body.fail or body.error is not None:
        error, detail = _failure(body)
        return await call.run(holding_flows.fail(call.core, task_id, token, error, detail=detail))
    return await call.run(holding_flows.complete(call.core, task_id, token, body.result))


def _failure(body: EndBody) -> tuple[str, Any]:
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
