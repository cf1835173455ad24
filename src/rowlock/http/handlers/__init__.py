"""What is done for each route, by its name in the table."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias

from rowlock.http.call import Call
from rowlock.http.handlers import about, queues, tasks, work

Handler: TypeAlias = Callable[[Call], Awaitable[Any]]

HANDLERS: Mapping[str, Handler] = {
    "list_namespaces": queues.list_namespaces,
    "list_queues": queues.list_queues,
    "create_queue": queues.create_queue,
    "get_queue": queues.get_queue,
    "change_queue": queues.change_queue,
    "list_tasks": tasks.list_tasks,
    "create_task": tasks.create_task,
    "get_task": tasks.get_task,
    "cancel": tasks.cancel,
    "retry": tasks.retry,
    "claim_any": work.claim_any,
    "claim_from": work.claim_from,
    "settle": work.settle,
    "heartbeat": work.heartbeat,
    "report_progress": work.report_progress,
    "add_log": work.add_log,
    "release": work.release,
    "openapi": about.openapi,
    "live": about.live,
    "ready": about.ready,
    "healthy": about.ready,
}
