"""All routes, as methods of a client.

Written by `python -m tests.docs.client_routes`; do not edit.
"""

from __future__ import annotations

from rowlock.client.routes.about_async import AboutRoutes
from rowlock.client.routes.batches_async import BatchesRoutes
from rowlock.client.routes.definitions_async import DefinitionsRoutes
from rowlock.client.routes.events_async import EventsRoutes
from rowlock.client.routes.observing_async import ObservingRoutes
from rowlock.client.routes.operations_async import OperationsRoutes
from rowlock.client.routes.queues_async import QueuesRoutes
from rowlock.client.routes.schedules_async import SchedulesRoutes
from rowlock.client.routes.steering_async import SteeringRoutes
from rowlock.client.routes.tasks_async import TasksRoutes
from rowlock.client.routes.tickers_async import TickersRoutes
from rowlock.client.routes.tokens_async import TokensRoutes
from rowlock.client.routes.work_async import WorkRoutes

# fmt: off


class Routes(
    AboutRoutes,
    BatchesRoutes,
    DefinitionsRoutes,
    EventsRoutes,
    ObservingRoutes,
    OperationsRoutes,
    QueuesRoutes,
    SchedulesRoutes,
    SteeringRoutes,
    TasksRoutes,
    TickersRoutes,
    TokensRoutes,
    WorkRoutes,
):
    """A method for each route of the service."""
