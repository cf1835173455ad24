"""`rowlock.app.occurrence_flows`, asked of a server."""

from __future__ import annotations

from datetime import UTC, datetime

from rowlock.app.occurrence_flows import A_YEAR, MAX_SIMULATED, later, simulated
from rowlock.app.schedule_values import checked_range
from rowlock.cli.remote.schedule_flows import get_schedule
from rowlock.client import Client
from rowlock.model.moments import checked_moment
from rowlock.model.queues import checked_count
from rowlock.recurrence.recurrence import Occurrence


def simulate_schedule(
    client: Client,
    schedule: object,
    start: datetime | None,
    end: datetime | None,
    *,
    limit: int,
) -> list[Occurrence]:
    """Compute here what the schedule of the server would fire: any number, in one request."""
    found = get_schedule(client, schedule)
    first = datetime.now(UTC) if start is None else checked_moment("start", start)
    last = later(first, A_YEAR) if end is None else checked_moment("end", end)
    checked_range(first, last)
    most = checked_count("limit", limit, most=MAX_SIMULATED)
    return simulated(found, first, last, most)
