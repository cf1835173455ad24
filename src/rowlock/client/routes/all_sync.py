"""All routes, as methods of a client.

Written by `python -m tests.docs.client_routes`; do not edit.
"""

from __future__ import annotations

from rowlock.client.routes.about_sync import AboutRoutes
from rowlock.client.routes.batches_sync import BatchesRoutes
from rowlock.client.routes.definitions_sync import DefinitionsRoutes
from rowlock.client.routes.events_sync import EventsRoutes
from rowlock.client.routes.observing_sync import ObservingRoutes
from rowlock.client.routes.operations_sync import OperationsRoutes
from rowlock.client.routes.queues_sync import QueuesRoutes
from rowlock.client.routes.schedules_sync import SchedulesRoutes
from rowlock.client.routes.steering_sync import SteeringRoutes
from rowlock.client.routes.tasks_sync import TasksRoutes
from rowlock.client.routes.tickers_sync import TickersRoutes
from rowlock.client.routes.tokens_sync import TokensRoutes
from rowlock.client.routes.work_sync import WorkRoutes

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
