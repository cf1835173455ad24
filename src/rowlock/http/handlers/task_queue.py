"""What clients of a queue in memory ask for."""

from __future__ import annotations

from rowlock.app import flows, listing_flows
from rowlock.errors import InvalidValueError, TaskNotFoundError
from rowlock.http.call import Call, Handlers
from rowlock.model.tasks import TaskFilter
from rowlock.wire.task_queue import (
    task_line_document,
    task_status_document,
    task_totals_document,
)
from rowlock.wire.values import Wire


async def task_status(call: Call) -> Wire:
    """Tell how a task is."""
    try:
        task_id = flows.checked_id(call.path["task"])
    except InvalidValueError as error:
        raise TaskNotFoundError(call.path["task"]) from error
    task = await call.run(flows.get_task(call.core, task_id))
    return task_status_document(task, reveal=call.reveals)


async def all_tasks(call: Call) -> Wire:
    """List the newest tasks, the oldest of them first."""
    flow = listing_flows.list_tasks(call.core, TaskFilter(), limit=listing_flows.MAX_LIMIT)
    return {"tasks": [task_line_document(task) for task in reversed(await call.run(flow))]}


async def task_totals(call: Call) -> Wire:
    """Count tasks."""
    return task_totals_document(await call.run(flows.stats(call.core)))


HANDLERS: Handlers = {
    "task_status": task_status,
    "all_tasks": all_tasks,
    "task_totals": task_totals,
}
