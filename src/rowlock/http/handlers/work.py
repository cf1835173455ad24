"""Being a worker: claiming a task, keeping it, ending it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from rowlock.app import claiming_flows, flows, holding_flows, settling_flows
from rowlock.app.holding_flows import LogEntry
from rowlock.app.served_flows import served_lease
from rowlock.errors import NoTaskError
from rowlock.http.arrivals import found_within
from rowlock.http.call import Call, Handlers
from rowlock.http.handlers.ends import told_end
from rowlock.http.handlers.tasks import id_from, known_queue
from rowlock.model.claimed import ClaimedTask
from rowlock.model.ids import checked_token, claim_name, new_served_token, tokens_of
from rowlock.model.names import checked_worker
from rowlock.wire.bodies.batches import ClaimBody
from rowlock.wire.bodies.work import LogLineBody, SettleBody
from rowlock.wire.service import claim_document, queue_document, task_document
from rowlock.wire.values import Wire


async def find_work(call: Call) -> Wire:
    """Look, or wait, for tasks that can be claimed."""
    named, definitions = call.query.get("queue"), call.query.get("definition")
    longest = call.waits.seconds(call.query.get("wait"), field="wait", usual=0)

    async def look() -> bool:
        return await call.run(claiming_flows.is_claimable(call.core, named, definitions))

    found = await found_within(call, look, named, longest)
    queues = await call.run(flows.list_queues(call.core))
    shown = [queue_document(queue) for queue in queues if queue.name in (named or ())]
    return {"namespace": call.core.namespace, "found": found, "queues": shown}


async def claim_any(call: Call) -> Wire:
    """Claim a task of any queue, or of those named."""
    return await _claim(call, call.query.get("queue"))


async def claim_from(call: Call) -> Wire:
    """Claim a task of one queue."""
    return await _claim(call, [call.path["task"]])


async def _claim(call: Call, queues: list[str] | None) -> Wire:
    wanted = ClaimBody(
        worker=call.query["worker"],
        queues=queues,
        lease=call.query.get("lease"),
        wait=call.query.get("wait"),
    )
    claims = await claims_for(call, wanted)
    if not claims:
        raise NoTaskError
    return claims[0]


async def claims_for(call: Call, wanted: ClaimBody) -> list[Wire]:
    """Claim tasks; returns a `ClaimDocument` for each."""
    worker, queues = checked_worker(wanted.worker), wanted.queues
    longest = call.waits.seconds(wanted.wait, field="wait", usual=0)
    name = _name_of(call, worker)
    for queue in dict.fromkeys(queues or ()):
        await call.run(known_queue(call.core, queue))

    async def look() -> list[ClaimedTask]:
        flow = claiming_flows.claim(
            call.core,
            worker,
            queues,
            limit=wanted.limit,
            lease=wanted.lease,
            definitions=wanted.definitions,
            max_bytes=call.limits.claim_bytes,
            lease_of=served_lease,
            new_token=partial(new_served_token, name),
            again=tokens_of(name) if name else None,
        )
        async with call.turns.one(name):
            return await call.run(flow)

    claims = await found_within(call, look, queues, longest)
    namespace = call.core.namespace
    return [claim_document(claim, namespace=namespace, worker=worker) for claim in claims]


def _name_of(call: Call, worker: str) -> bytes:
    """Return how the tokens begin of a claim that may be asked for again; empty if it may not."""
    key = id_from(call.key)
    if key is None:
        return b""
    owner = None if call.identity.token is None else call.identity.token.id
    return claim_name(key, owner, call.core.namespace, worker)


async def settle(call: Call) -> Wire:
    """End an attempt."""
    body: SettleBody = call.body
    task_id = flows.checked_id(call.path["task"])
    if body.token is not None:
        token = checked_token(body.token)
    else:
        token = await call.run(settling_flows.served_token(call.core, task_id))
    task = await call.run(settling_flows.settle(call.core, told_end(body, task_id, token)))
    document = task_document(task, reveal=call.reveals)
    return document if body.token is not None else {**document, "unfenced": True}


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
    lines = entries_of(body.lines)
    await call.run(holding_flows.add_log(call.core, task_id, body.token, lines))
    return {"id": str(task_id)}


def entries_of(lines: Iterable[LogLineBody]) -> list[LogEntry]:
    """Return log lines as they are kept."""
    return [(line.level, line.message, line.at) for line in lines]


async def release(call: Call) -> Wire:
    """Give a claimed task back."""
    flow = settling_flows.release(
        call.core, call.path["task"], call.body.token, delay=call.body.delay
    )
    return task_document(await call.run(flow), reveal=call.reveals)


HANDLERS: Handlers = {
    "find_work": find_work,
    "claim_any": claim_any,
    "claim_from": claim_from,
    "settle": settle,
    "heartbeat": heartbeat,
    "report_progress": report_progress,
    "add_log": add_log,
    "release": release,
}
