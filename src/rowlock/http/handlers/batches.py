"""Storing, claiming and settling many tasks at once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, TypeAlias, TypeVar

from rowlock.app import enqueuing, flows, holding_flows, settling_flows
from rowlock.app.core import Core
from rowlock.app.enqueuing import placed_errors
from rowlock.app.flow import Flow
from rowlock.app.served_flows import served_lease
from rowlock.definitions.options import TaskOptions, task_options
from rowlock.errors import RowlockError
from rowlock.http.answers import error_document
from rowlock.http.call import Call, Handlers
from rowlock.http.handlers.ends import told_end
from rowlock.http.handlers.tasks import id_from, known_queue, options_from, payload_from
from rowlock.http.handlers.work import claims_for, entries_of
from rowlock.model.ends import ClaimKey, ToldEnd
from rowlock.model.ids import checked_token
from rowlock.model.tasks import Report
from rowlock.wire.bodies.batches import (
    BatchBody,
    ClaimKeyBody,
    HeartbeatManyBody,
    HeldEndBody,
    ReportBody,
    ReportManyBody,
    SettleManyBody,
)
from rowlock.wire.routes.batches import EXTENDED, RECORDED, SETTLED
from rowlock.wire.values import Wire

B = TypeVar("B")
V = TypeVar("V")
KeyBody: TypeAlias = ClaimKeyBody | HeldEndBody


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
    claims = await claims_for(call, call.body)
    return {"count": len(claims), "body": claims}


async def settle_many(call: Call) -> Wire:
    """End attempts, each by itself."""
    body: SettleManyBody = call.body
    told = await _each(body.ends, _told_end, partial(_run, call, settling_flows.settle_many))
    return _verdicts(body.ends, told, SETTLED, lambda one: {"state": one.state.value}, "state")


def _told_end(one: HeldEndBody) -> ToldEnd:
    return told_end(one, *_key(one))


async def heartbeat_many(call: Call) -> Wire:
    """Extend claims."""
    body: HeartbeatManyBody = call.body
    extend = partial(holding_flows.heartbeat_many, lease=body.lease, lease_of=served_lease)
    told = await _each(body.claims, _key, partial(_run, call, extend))
    return _verdicts(
        body.claims, told, EXTENDED, lambda asked: {"cancel_requested": asked}, "cancel_requested"
    )


async def report_many(call: Call) -> Wire:
    """Record progress and log lines."""
    body: ReportManyBody = call.body
    told = await _each(body.reports, _report, partial(_run, call, holding_flows.report_many))
    return _verdicts(body.reports, told, RECORDED, lambda _: {})


def _report(one: ReportBody) -> Report:
    task_id, token = _key(one)
    lines = entries_of(one.lines)
    return holding_flows.report_of(
        task_id, token, percent=one.percent, message=one.message, lines=lines
    )


def _key(one: KeyBody) -> ClaimKey:
    return ClaimKey(flows.checked_id(one.id), checked_token(one.token))


async def _run(
    call: Call, flow: Callable[[Core, list[V]], Flow[list[Any]]], values: list[V]
) -> list[Any]:
    return await call.run(flow(call.core, values))


async def _each(
    bodies: Sequence[B],
    read: Callable[[B], V],
    do: Callable[[list[V]], Awaitable[list[Any]]],
) -> list[Any]:
    """Return what became of each of many, also of those that cannot be read: an exception."""
    told: list[Any] = []
    for one in bodies:
        try:
            told.append(read(one))
        except RowlockError as error:
            told.append(error)
    places = [place for place, one in enumerate(told) if not isinstance(one, RowlockError)]
    if places:
        done = await do([told[place] for place in places])
        for place, outcome in zip(places, done, strict=True):
            told[place] = outcome
    return told


def _verdicts(
    bodies: Sequence[KeyBody],
    told: Sequence[Any],
    code: int,
    facts: Callable[[Any], Wire],
    *unknown: str,
) -> Wire:
    """Return a document with a verdict for each; of one that is refused `unknown` is null."""
    verdicts: list[Wire] = []
    for body, one in zip(bodies, told, strict=True):
        if isinstance(one, RowlockError):
            refusal, known = error_document(one), dict.fromkeys(unknown)
            verdicts.append({"id": body.id, "code": refusal["code"], **known, "error": refusal})
        else:
            verdicts.append({"id": body.id, "code": code, **facts(one), "error": None})
    refused = sum(verdict["error"] is not None for verdict in verdicts)
    return {"count": len(verdicts), "refused": refused, "body": verdicts}


HANDLERS: Handlers = {
    "enqueue_many": enqueue_many,
    "claim_many": claim_many,
    "settle_many": settle_many,
    "heartbeat_many": heartbeat_many,
    "report_many": report_many,
}
