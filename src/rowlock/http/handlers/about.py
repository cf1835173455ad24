"""The service about itself: its document, and whether it works."""

from __future__ import annotations

from rowlock.app import flows
from rowlock.errors import StorageError
from rowlock.http.call import Call, Handlers
from rowlock.wire.openapi import openapi_document
from rowlock.wire.values import Wire


async def openapi(call: Call) -> Wire:
    """Return the OpenAPI document."""
    return openapi_document(server=call.base)


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
    "live": live,
    "ready": ready,
    "healthy": ready,
}
