"""The route table: every route of the HTTP service, and all that is to be known of it.

The service binds a handler to each by its name; the OpenAPI document and what is written about
the service come from here. There is no second list.
"""

from __future__ import annotations

from typing import Final

from rowlock.wire.routes.about import ABOUT
from rowlock.wire.routes.batches import BATCHES
from rowlock.wire.routes.definitions import DEFINITIONS
from rowlock.wire.routes.events import EVENTS
from rowlock.wire.routes.observing import OBSERVING
from rowlock.wire.routes.operations import OPERATIONS
from rowlock.wire.routes.queues import QUEUES
from rowlock.wire.routes.schedules import SCHEDULES
from rowlock.wire.routes.steering import STEERING
from rowlock.wire.routes.table import Route
from rowlock.wire.routes.task_queue import TASK_QUEUE_ROUTES
from rowlock.wire.routes.tasks import TASKS
from rowlock.wire.routes.tickers import TICKERS
from rowlock.wire.routes.tokens import TOKENS
from rowlock.wire.routes.work import WORK

ROUTES: Final[tuple[Route, ...]] = (
    *QUEUES,
    *TASKS,
    *STEERING,
    *WORK,
    *BATCHES,
    *OPERATIONS,
    *OBSERVING,
    *EVENTS,
    *DEFINITIONS,
    *SCHEDULES,
    *TICKERS,
    *TOKENS,
    *TASK_QUEUE_ROUTES,
    *ABOUT,
)
