"""Storing tasks, looking at them and steering them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from msgspec import UNSET

from rowlock.app import enqueuing, flows, listing_flows, measuring_flows, waiting_flows
from rowlock.app.core import Core
from rowlock.app.facade import given_payload
from rowlock.app.flow import Flow
from rowlock.definitions.options import task_options
from rowlock.errors import InvalidValueError, ScopeError
from rowlock.http.answers import Answer
from rowlock.http.call import Call, Handlers
from rowlock.http.handlers.policies import common_terms, one_of
from rowlock.http.handlers.queues import page_of
from rowlock.model import json_text
from rowlock.model.listing import TaskOrder
from rowlock.model.names import checked_name
from rowlock.model.tasks import Task, TaskFilter
from rowlock.model.tokens import Scope
from rowlock.wire.bodies.tasks import NewTaskBody, TermsBody
from rowlock.wire.routes.table import COUNT, MAX_PAGE, PREFIX
from rowlock.wire.service import task_document
from rowlock.wire.values import Wire

DEFAULT_STUCK = "1h"

_OTHERWISE = (COUNT, "offset", "limit", "before", "order", "state", "status", "tag", "arguments")
"""What a list is asked for that is not a field of a filter under its own name."""


async def create_task(call: Call) -> Answer:
    """Store a task."""
    body: NewTaskBody = call.body
    options = task_options(**options_from(body), id=id_from(call.key))
    payload = payload_from(body)
    if body.queue is not None:
        await call.run(known_queue(call.core, body.queue))
    flow = enqueuing.enqueue(call.core, body.definition, payload, options)
    return stored_answer(call, await call.run(flow))


def stored_answer(call: Call, task: Task) -> Answer:
    """Return the answer about a new task, with its address."""
    address = f"{call.base}{PREFIX}/task/{task.id}"
    return Answer(task_document(task, reveal=call.reveals), {"Location": address})


def known_queue(core: Core, name: str) -> Flow[str]:
    """Return the checked name of a queue that is there, or was a moment ago.

    Raises:
        QueueNotFoundError: The namespace has none of that name.
    """
    queue = checked_name("queue", name)
    if not core.policies.is_fresh(queue):
        yield from flows.get_queue(core, queue)
    return queue


def payload_from(body: NewTaskBody) -> Any:
    """Return what a new task is to be stored with.

    Raises:
        InvalidValueError: There is none, or nobody to take it.
    """
    if body.payload is not UNSET and body.arguments is not UNSET:
        raise InvalidValueError("arguments", "is another name of payload: give one of them")
    given = body.payload if body.arguments is UNSET else body.arguments
    if given is UNSET and body.definition is None:
        raise InvalidValueError("payload", "is missing")
    if body.definition is None and body.queue is None:
        raise InvalidValueError("queue", "is missing; or name a definition")
    return given_payload(None if given is UNSET else given, body.definition)


def options_from(body: TermsBody) -> dict[str, Any]:
    """Return the options of `enqueue` that a body gives.

    Raises:
        InvalidValueError: A value is given under both of its names, or is in the past.
    """
    run_at: datetime | None = one_of(body, "run_at", "delayed_at")
    if body.delayed_at is not None and body.delayed_at < datetime.now(UTC):
        raise InvalidValueError("delayed_at", "is in the past")
    given: dict[str, Any] = common_terms(body) | {
        "queue": body.queue,
        "run_at": run_at,
        "delay": body.delay,
        "priority": body.priority,
        "tags": body.tags,
        "unique": one_of(body, "unique", "unique_key"),
    }
    return {name: value for name, value in given.items() if value is not None}


def id_from(key: str | None) -> UUID | None:
    """Return the header `Idempotency-Key`, if it was given.

    Raises:
        InvalidValueError: It is no UUID.
    """
    try:
        return None if key is None else flows.checked_id(key)
    except InvalidValueError as error:
        raise InvalidValueError("Idempotency-Key", "must be a UUID") from error


async def list_tasks(call: Call) -> Wire:
    """List tasks."""
    offset, limit = page_of(call)
    last = offset + limit
    if last > listing_flows.MAX_LIMIT:
        most = listing_flows.MAX_LIMIT - MAX_PAGE
        raise InvalidValueError("offset", f"is more than {most}: use before, the `next` of a page")
    chosen, order = _filter(call), call.query.get("order", TaskOrder.ID)
    flow = listing_flows.list_tasks(
        call.core, chosen, limit=last, order=order, before=call.query.get("before")
    )
    page = (await call.run(flow))[offset:]
    # It reads up to 10,000 rows for a page of 100, and whoever goes on has been told.
    counted = call.query.get(COUNT, "before" not in call.query)
    found = await call.run(listing_flows.count_tasks(call.core, chosen)) if counted else None
    return {
        "count": None if found is None else found.count,
        "count_capped": found is not None and found.capped,
        "body": [task_document(task, reveal=call.reveals) for task in page],
        "next": str(page[-1].id) if len(page) == limit else None,
    }


def _filter(call: Call) -> TaskFilter:
    query = call.query
    words = (*query.get("status", ()), *query.get("state", ()))
    wanted = {name: value for name, value in query.items() if name not in _OTHERWISE}
    if "arguments" in query:
        wanted["arguments"] = json_text.parse("arguments", query["arguments"])
    chosen = TaskFilter(states=words, tags=tuple(query.get("tag", ())), **wanted)
    check_asked(call, chosen)
    return chosen


def check_asked(call: Call, wanted: TaskFilter) -> None:
    """Refuse a filter by which somebody could find out what stands in payloads, by counting.

    Raises:
        ScopeError: The token lacks `payload:read`.
    """
    if (wanted.error is not None or wanted.arguments is not None) and not call.reveals:
        raise ScopeError(Scope.PAYLOAD_READ.value)


async def list_stuck(call: Call) -> Wire:
    """List what runs for too long."""
    flow = measuring_flows.stuck(
        call.core,
        longer_than=call.query.get("longer_than", DEFAULT_STUCK),
        limit=call.query.get("limit", MAX_PAGE),
    )
    body = [task_document(task, reveal=call.reveals) for task in await call.run(flow)]
    return {"count": len(body), "body": body}


async def get_task(call: Call) -> Wire:
    """Show a task."""
    task = await call.run(flows.get_task(call.core, call.path["task"]))
    return task_document(task, reveal=call.reveals)


async def wait(call: Call) -> Wire:
    """Show a task once it is finished, or as it is when the time is up."""
    task_id = flows.checked_id(call.path["task"])
    seconds = call.waits.seconds(call.query.get("timeout"))
    flow = waiting_flows.wait_or_look(call.core, task_id, timeout=seconds)
    task = await call.waits.until(call.run(flow), call.identity.actor, call.gone)
    if task is None:
        task = await call.run(flows.get_task(call.core, task_id))
    return task_document(task, reveal=call.reveals)


async def cancel(call: Call) -> Wire:
    """Cancel a task."""
    task_id = flows.checked_id(call.path["task"])
    by = call.by(call.body.reason)
    outcome = await call.run(flows.cancel(call.core, task_id, force=call.body.force, by=by))
    return {"id": str(task_id), "outcome": outcome.value}


async def retry(call: Call) -> Wire:
    """Run a finished task again."""
    flow = flows.retry(
        call.core, call.path["task"], attempts=call.body.attempts, by=call.by(call.body.reason)
    )
    return task_document(await call.run(flow), reveal=call.reveals)


HANDLERS: Handlers = {
    "list_tasks": list_tasks,
    "list_stuck": list_stuck,
    "create_task": create_task,
    "get_task": get_task,
    "wait": wait,
    "cancel": cancel,
    "retry": retry,
}
