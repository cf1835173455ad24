"""Stores what code declares when a worker starts, and says what came of it."""

from __future__ import annotations

import logging

from rowlock.app.core import Core
from rowlock.app.declared_schedules import sync_schedules
from rowlock.app.flow import run_flow_async

log = logging.getLogger(__name__)


async def store_declared(app: Core) -> None:
    """Bring stored schedules in line with the code; what cannot be stored stops nobody.

    Raises:
        StorageError: The database cannot be reached.
    """
    sync = await run_flow_async(app, sync_schedules(app, prune=False))
    told = {
        "created": sync.created,
        "changed": sync.changed,
        "declared, but deleted by somebody": sync.deleted,
        "no longer declared": sync.undeclared,
    }
    for words, names in told.items():
        if names:
            log.info("schedules %s: %s", words, ", ".join(names))
    for name, problem in sync.problems.items():
        log.error("schedule %s cannot be stored: %s", name, problem)
