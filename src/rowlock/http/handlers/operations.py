"""Changing every task that passes a filter."""

from __future__ import annotations

import time
from typing import Any, cast

import msgspec

from rowlock.app import bulk_flows, operating_flows
from rowlock.app.bulk_flows import Wish
from rowlock.app.listing_flows import MAX_LIMIT
from rowlock.app.operating_flows import GivenEdits
from rowlock.errors import InvalidValueError
from rowlock.http.call import Call, Handlers
from rowlock.http.handlers.queues import page_of
from rowlock.http.handlers.tasks import check_asked
from rowlock.model.tasks import TaskFilter
from rowlock.wire.bodies.operations import CleanupBody, OperationBody
from rowlock.wire.service import operation_document
from rowlock.wire.values import Wire


async def start_operation(call: Call) -> Wire:
    """Change every task that passes a filter, or count them."""
    body: OperationBody = call.body
    asked, by = (_wish(body), _filter(call, body)), call.by(body.reason)
    try:
        bulk_flows.checked_bulk(asked)
    except InvalidValueError as error:
        if error.field != "filter":
            raise
        problem = 'says nothing; with "all": true it means every task'
        raise InvalidValueError("filter", problem) from error
    if body.dry_run:
        operation, found = await call.run(bulk_flows.preview(call.core, asked, by))
        return operation_document(operation, reveal=call.reveals, capped=found.capped)
    flow = bulk_flows.bulk(call.core, asked, by, dry_run=False, on_progress=None, until=_end(call))
    return operation_document(await call.run(flow), reveal=call.reveals)


def _end(call: Call) -> float:
    return time.monotonic() + call.limits.bulk_seconds


def _wish(body: OperationBody) -> Wish:
    changes = {} if body.changes is None else _given(body.changes)
    return Wish(
        body.action,
        all_tasks=body.all,
        force=body.force,
        attempts=body.attempts,
        until=body.until,
        changes=cast("GivenEdits", changes) or None,
        set_arguments=body.set_arguments,
    )


def _filter(call: Call, body: OperationBody) -> TaskFilter:
    wanted = TaskFilter() if body.filter is None else TaskFilter(**_given(body.filter))
    check_asked(call, wanted)
    return wanted


def _given(body: msgspec.Struct) -> dict[str, Any]:
    return {name: one for name, one in msgspec.structs.asdict(body).items() if one is not None}


async def cleanup(call: Call) -> Wire:
    """Remove old finished tasks."""
    body: CleanupBody = call.body
    flow = operating_flows.cleanup(
        call.core,
        call.by(body.reason),
        older_than=body.older_than,
        queue=body.queue,
        states=tuple(body.states),
        until=_end(call),
    )
    return (await call.run(flow))._asdict()


async def list_operations(call: Call) -> Wire:
    """List operations."""
    offset, limit = page_of(call)
    found = await call.run(bulk_flows.list_operations(call.core, limit=MAX_LIMIT))
    page = found[offset : offset + limit]
    return {
        "count": len(found),
        "body": [operation_document(one, reveal=call.reveals) for one in page],
    }


async def get_operation(call: Call) -> Wire:
    """Show an operation."""
    flow = bulk_flows.get_operation(call.core, call.path["operation"])
    return operation_document(await call.run(flow), reveal=call.reveals)


async def resume_operation(call: Call) -> Wire:
    """Go on with an operation."""
    flow = bulk_flows.resume_operation(
        call.core, call.path["operation"], on_progress=None, until=_end(call)
    )
    return operation_document(await call.run(flow), reveal=call.reveals)


HANDLERS: Handlers = {
    "start_operation": start_operation,
    "cleanup": cleanup,
    "list_operations": list_operations,
    "get_operation": get_operation,
    "resume_operation": resume_operation,
}
