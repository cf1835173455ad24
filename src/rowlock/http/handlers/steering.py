"""Changing a task that is there, and what became of its runs."""

from __future__ import annotations

from typing import Any

from rowlock.app import flows, operating_flows
from rowlock.app.flow import Flow
from rowlock.errors import InvalidValueError
from rowlock.http.answers import Answer
from rowlock.http.call import Call, Handlers
from rowlock.http.handlers.queues import page_of
from rowlock.http.handlers.tasks import known_queue, options_from, stored_answer
from rowlock.model.changes import Action, Change
from rowlock.model.tasks import Task
from rowlock.wire.bodies.steering import EditBody, EditsBody, RequeueBody
from rowlock.wire.service import attempt_document, log_line_document, task_document
from rowlock.wire.values import Wire


async def list_attempts(call: Call) -> Wire:
    """List a task's runs."""
    offset, limit = page_of(call)
    runs = await call.run(flows.attempts(call.core, call.path["task"]))
    page = runs[offset : offset + limit]
    return {
        "count": len(runs),
        "body": [attempt_document(one, reveal=call.reveals) for one in page],
    }


async def get_log(call: Call) -> Wire:
    """List a task's log lines."""
    offset, limit = page_of(call)
    lines = await call.run(flows.task_log(call.core, call.path["task"]))
    page = lines[offset : offset + limit]
    return {
        "count": len(lines),
        "body": [log_line_document(one, reveal=call.reveals) for one in page],
    }


async def requeue(call: Call) -> Answer:
    """Store a new task like another one."""
    body: RequeueBody = call.body
    changes = options_from(body)
    task_id = flows.checked_id(call.path["task"])
    if body.queue is not None:
        await call.run(known_queue(call.core, body.queue))
    flow = operating_flows.requeue(
        call.core, task_id, call.by(body.reason), arguments=body.arguments, changes=changes
    )
    return stored_answer(call, await call.run(flow))


def edits_from(body: EditsBody) -> dict[str, Any]:
    """Return what a body says is to be different in a task."""
    given = {name: getattr(body, name) for name in EditsBody.__struct_fields__}
    return {name: value for name, value in given.items() if value is not None}


async def edit(call: Call) -> Wire:
    """Change a waiting task."""
    body: EditBody = call.body
    if body.arguments is not None and body.set_arguments is not None:
        raise InvalidValueError("set_arguments", "excludes arguments: give one of them")
    flow = operating_flows.edit(
        call.core,
        call.path["task"],
        call.by(body.reason),
        arguments=body.arguments if body.set_arguments is None else body.set_arguments,
        edits=operating_flows.checked_edits(edits_from(body)),
        merge=body.set_arguments is not None,
    )
    return await _shown(call, flow)


async def pause(call: Call) -> Wire:
    """Hold a waiting task back."""
    by = call.by(call.body.reason)
    return await _shown(
        call, operating_flows.pause(call.core, call.path["task"], by, until=call.body.until)
    )


async def resume(call: Call) -> Wire:
    """Let a paused task wait again."""
    return await _changed(call, Change(Action.RESUME), call.body.reason)


async def delete(call: Call) -> Wire:
    """Hide a task."""
    change = Change(Action.DELETE, force=call.query.get("force", False))
    return await _changed(call, change, call.query.get("reason"))


async def restore(call: Call) -> Wire:
    """Show a deleted task again."""
    return await _changed(call, Change(Action.RESTORE), call.body.reason)


async def _changed(call: Call, change: Change, reason: str | None) -> Wire:
    flow = operating_flows.change(call.core, call.path["task"], change, call.by(reason))
    return await _shown(call, flow)


async def _shown(call: Call, flow: Flow[Task]) -> Wire:
    return task_document(await call.run(flow), reveal=call.reveals)


async def purge(call: Call) -> Wire:
    """Remove a task for good."""
    task_id = flows.checked_id(call.path["task"])
    await call.run(operating_flows.purge(call.core, task_id, call.by(call.body.reason)))
    return {"id": str(task_id)}


HANDLERS: Handlers = {
    "list_attempts": list_attempts,
    "get_log": get_log,
    "requeue": requeue,
    "edit": edit,
    "pause": pause,
    "resume": resume,
    "delete": delete,
    "restore": restore,
    "purge": purge,
}
