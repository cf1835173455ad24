"""The service about itself: its document, and whether it works."""

from __future__ import annotations

from datetime import UTC, datetime

from rowlock._version import __version__
from rowlock.app import flows
from rowlock.app.condition_flows import condition
from rowlock.errors import StorageError
from rowlock.http.call import Call, Handlers
from rowlock.model.tokens import Scope
from rowlock.wire.openapi import openapi_document
from rowlock.wire.values import Wire, time_to_wire


async def openapi(call: Call) -> Wire:
    """Return the OpenAPI document."""
    return openapi_document(server=call.base)


async def about(call: Call) -> Wire:
    """Tell versions, clocks and limits."""
    database: Wire | None = None
    if call.identity.allows(Scope.METRICS_READ):
        found = await call.run(condition(call.core))
        database = {**found._asdict(), "now": time_to_wire(found.now)}
    return {
        "version": __version__,
        "now": time_to_wire(datetime.now(UTC)),
        "requests_per_second": call.limits.rate,
        "requests_at_once": call.limits.burst,
        "streams": call.limits.streams_each,
        "database": database,
    }


async def live(call: Call) -> bool:
    """Whether the server runs: it answers."""
    del call
    return True


async def ready(call: Call) -> bool:
    """Whether the database answers, with the schema that is ours."""
    try:
        await call.run(flows.database_time(call.core))
    except StorageError:
        return False
    return True


HANDLERS: Handlers = {
    "openapi": openapi,
    "about": about,
    "live": live,
    "ready": ready,
    "healthy": ready,
}
