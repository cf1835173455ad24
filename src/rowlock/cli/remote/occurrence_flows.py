"""`rowlock.app.occurrence_flows`, asked of a server."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from rowlock.app.occurrence_flows import A_YEAR, MAX_SIMULATED, later
from rowlock.app.schedule_values import checked_range
from rowlock.cli.remote.reading import models
from rowlock.cli.remote.schedule_flows import get_schedule
from rowlock.client import Client
from rowlock.model.moments import checked_moment
from rowlock.model.queues import checked_count
from rowlock.recurrence.recurrence import Occurrence
from rowlock.wire.routes.schedules import MAX_OCCURRENCES

INSTANT = timedelta(microseconds=1)


def simulate_schedule(
    client: Client,
    schedule: object,
    start: datetime | None,
    end: datetime | None,
    *,
    limit: int,
) -> list[Occurrence]:
    """List what a schedule would fire, by the server's own time zones."""
    known = get_schedule(client, schedule)
    place = datetime.now(UTC) if start is None else checked_moment("start", start)
    last = later(place, A_YEAR) if end is None else checked_moment("end", end)
    checked_range(place, last)
    left = checked_count("limit", limit, most=MAX_SIMULATED)
    if known.max_runs is not None:
        left = min(left, known.max_runs - known.runs)
    found: list[Occurrence] = []
    while left > 0:
        size = min(left, MAX_OCCURRENCES)
        page = client.simulate_schedule(str(known.id), start=place, end=last, limit=size).body
        found += models(Occurrence, page)
        if len(page) < size:
            break
        left, place = left - size, later(found[-1].at, INSTANT)
        if place >= last:
            break
    return found
