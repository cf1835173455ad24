"""When schedules and rules happen, without anything being fired, as flows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, NamedTuple, TypeVar

from rowlock.app.flow import Do, Flow, Run
from rowlock.app.opened import Opened
from rowlock.app.schedule_flows import get_schedule
from rowlock.app.schedule_values import checked_range
from rowlock.definitions.scheduling import Rule, said_of
from rowlock.model.moments import checked_moment
from rowlock.model.queues import checked_count
from rowlock.model.schedules import Schedule
from rowlock.ops.occurrences import recurrence_of, within_bounds
from rowlock.recurrence.recurrence import Occurrence, Recurrence

A_YEAR = timedelta(days=365)
A_CENTURY = timedelta(days=36_525)
MAX_SIMULATED = 100_000

T = TypeVar("T")


def simulate_schedule(
    core: Opened,
    schedule: object,
    start: datetime | None,
    end: datetime | None,
    *,
    limit: int,
) -> Flow[list[Occurrence]]:
    """Return what a schedule would fire, without firing it."""
    found = yield from get_schedule(core, schedule)
    if start is None:
        first: datetime = yield Run(core.storage.firings.read_clock, reads=True)
    else:
        first = checked_moment("start", start)
    last = later(first, A_YEAR) if end is None else checked_moment("end", end)
    checked_range(first, last)
    checked_count("limit", limit, most=MAX_SIMULATED)
    return (yield from _computed(partial(simulated, found, first, last, limit)))


def later(moment: datetime, by: timedelta) -> datetime:
    """Return a moment that is later by a time, or the last one that there is."""
    return moment + min(by, datetime.max.replace(tzinfo=UTC) - moment)


def simulated(schedule: Schedule, start: datetime, end: datetime, limit: int) -> list[Occurrence]:
    """Return a schedule's occurrences in a range, within its bounds."""
    start, end = within_bounds(schedule, start, end)
    if schedule.max_runs is not None:
        limit = min(limit, max(schedule.max_runs - schedule.runs, 0))
    if not limit:
        return []
    return recurrence_of(schedule).simulate(start, end, limit)


class Explained(NamedTuple):
    """A rule as it was understood, and when it happens."""

    recurrence: Recurrence
    occurrences: list[Occurrence]


def explain_rule(
    name: str,
    rule: Rule,
    given: Mapping[str, Any],
    start: datetime | None,
    end: datetime | None = None,
    *,
    limit: int,
) -> Explained:
    """Return what a rule means, without a database.

    Args:
        name: The schedule's; it spreads cron's `H`.
        rule: As a schedule takes it.
        given: `zone`, `gap`, `repeated` and `starts_at`; see `GivenSchedule`.
        start: Occurrences from then on; now if not given.
        end: Only those before; a century after the start if not given.
        limit: At most this many.

    Raises:
        InvalidValueError: The rule or another value is refused.
    """
    recurrence = recurrence_of_rule(name, rule, given)
    first = datetime.now(UTC) if start is None else checked_moment("start", start)
    last = later(first, A_CENTURY) if end is None else checked_moment("end", end)
    checked_range(first, last)
    return Explained(recurrence, recurrence.simulate(first, last, limit))


def recurrence_of_rule(name: str, rule: Rule, given: Mapping[str, Any]) -> Recurrence:
    """Return a rule as a schedule of that name would have it."""
    from rowlock.recurrence.parsing import parse  # start-up time of who explains none

    return parse(said_of(name, rule, given, None).rule)


def explained(
    name: str,
    rule: Rule,
    given: Mapping[str, Any],
    start: datetime | None,
    end: datetime | None,
    *,
    limit: int,
) -> Flow[Explained]:
    """Return what a rule means. See `explain_rule`."""
    work = partial(explain_rule, name, rule, given, start, end, limit=limit)
    return (yield from _computed(work))


def _computed(work: Callable[[], T]) -> Flow[T]:
    """Compute what may take seconds; an event loop goes on meanwhile."""

    async def elsewhere() -> T:
        import asyncio  # start-up time of sync programs

        return await asyncio.to_thread(work)

    result: T = yield Do(work, elsewhere)
    return result
