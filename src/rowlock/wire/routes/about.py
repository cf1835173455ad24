"""Routes of the service about itself."""

from __future__ import annotations

from typing import Final

from rowlock.wire.documents.about import ServiceDocument
from rowlock.wire.routes.table import ANY_TOKEN, HEALTH, PUBLIC, route

ABOUT: Final = (
    route("GET", "/openapi.json", "openapi", PUBLIC, summary="This document.", response=None),
    route("GET", "/about", "about", ANY_TOKEN, response=ServiceDocument,
          summary="Tell versions, clocks and limits of the service, and how its database is."),
    route("GET", "/livez", "live", PUBLIC, summary="Whether the server runs.",
          response=None, door=HEALTH),
    route("GET", "/readyz", "ready", PUBLIC, summary="Whether the database answers.",
          response=None, door=HEALTH),
    route("GET", "/healthz", "healthy", PUBLIC, summary="The same as `/readyz`.",
          response=None, door=HEALTH),
)  # fmt: skip
