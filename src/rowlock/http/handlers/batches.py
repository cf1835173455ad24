"""Storing, claiming and settling many tasks at once."""

from __future__ import annotations

from typing import Any

from rowlock.app import enqueuing, flows
from rowlock.app.enqueuing import placed_errors
from rowlock.definitions.options import TaskOptions, task_options
from rowlock.http.answers import error_document
from rowlock.http.call import Call, Handlers
from rowlock.http.handlers.tasks import id_from, known_queue, options_from, payload_from
from rowlock.http.handlers.work import claims_for, end
from rowlock.wire.bodies.batches import BatchBody, ClaimBody, HeldEndBody, SettleManyBody
from rowlock.wire.routes.batches import SETTLED
from rowlock.wire.values import Wire


async def enqueue_many(call: Call) -> Wire:
    """Store tasks, all or none."""
    body: BatchBody = call.body
    key = id_from(call.key)
    wanted: list[tuple[str | None, Any, TaskOptions]] = []
    for place, one in enumerate(body.tasks):
        with placed_errors(f"tasks[{place}]"):
            options = task_options(**options_from(one))
            wanted.append((one.definition, payload_from(one), options))
    for queue in dict.fromkeys(one.queue for one in body.tasks if one.queue is not None):
        await call.run(known_queue(call.core, queue))
    ids = await call.run(enqueuing.enqueue_batch(call.core, wanted, key=key))
    return {"count": len(ids), "body": [str(one) for one in ids]}


async def claim_many(call: Call) -> Wire:
    """Claim tasks."""
    body: ClaimBody = call.body
    claims = await claims_for(
        call,
        body.worker,
        body.queues,
        limit=body.limit,
        lease=body.lease,
        definitions=body.definitions,
    )
    return {"count": len(claims), "body": claims}


async def settle_many(call: Call) -> Wire:
    """End attempts, each by itself."""
    body: SettleManyBody = call.body
    verdicts = [await _verdict(call, one) for one in body.ends]
    refused = sum(verdict["error"] is not None for verdict in verdicts)
    return {"count": len(verdicts), "refused": refused, "body": verdicts}


async def _verdict(call: Call, one: HeldEndBody) -> Wire:
    try:
        task = await end(call, flows.checked_id(one.id), one.token, one)
    except Exception as error:  # noqa: BLE001 - told, and made this one's status, as at the edge
        refusal = error_document(error)
        return {"id": one.id, "code": refusal["code"], "state": None, "error": refusal}
    return {"id": str(task.id), "code": SETTLED, "state": task.state.value, "error": None}


HANDLERS: Handlers = {
    "enqueue_many": enqueue_many,
    "claim_many": claim_many,
    "settle_many": settle_many,
}
