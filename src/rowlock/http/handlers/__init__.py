"""What is done for each route, by its name in the table."""

from __future__ import annotations

from rowlock.http.call import Handlers
from rowlock.http.handlers import (
    about,
    batches,
    definitions,
    events,
    observing,
    operations,
    queues,
    schedules,
    steering,
    task_queue,
    tasks,
    tickers,
    tokens,
    work,
)

_RESOURCES = (
    about,
    queues,
    tasks,
    steering,
    work,
    batches,
    operations,
    observing,
    events,
    definitions,
    schedules,
    tickers,
    tokens,
    task_queue,
)
HANDLERS: Handlers = {
    name: handler for resource in _RESOURCES for name, handler in resource.HANDLERS.items()
}
