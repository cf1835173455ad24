"""`rowlock.app.schedule_listing`, asked of a server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rowlock.app.listing_flows import checked_limit
from rowlock.app.schedule_listing import checked_filter, checked_order
from rowlock.cli.remote.reading import models, paged
from rowlock.client import Client
from rowlock.model.queues import checked_count
from rowlock.model.schedules import Schedule


def list_schedules(
    client: Client, wanted: Mapping[str, Any], *, limit: int, offset: int, order: str
) -> list[Schedule]:
    """List schedules."""
    query = checked_filter(wanted)._asdict()
    most, passed = checked_limit(limit), checked_count("offset", offset, least=0)
    chosen = checked_order(order).value
    found = paged(
        lambda place, size: client.list_schedules(**query, order=chosen, offset=place, limit=size),
        limit=most,
        offset=passed,
    )
    return models(Schedule, found)
