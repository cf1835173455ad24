"""Moving a test's clock to whatever is due next."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from rowlock.app.flow import Flow, Run
from rowlock.app.opened import Opened
from rowlock.errors import InvalidValueError
from rowlock.model.moments import checked_moment
from rowlock.testing.clocks import Clock, clock_of


class Reach(NamedTuple):
    """How far a clock may move by itself.

    Attributes:
        clock: Which one; None does not move.
        until: Up to here, following tasks and schedules; None follows tasks alone, since
            schedules have no end.
    """

    clock: Clock | None = None
    until: datetime | None = None


def checked_reach(core: Opened, until: datetime | None, *, with_scheduled: bool) -> Reach:
    """Return how far the clock that was put in may move.

    Raises:
        InvalidValueError: That moment has no time zone, or has passed.
    """
    if until is None:
        return Reach(clock_of(core)) if with_scheduled else Reach()
    clock, end = clock_of(core), checked_moment("until", until)
    if clock is not None and end < clock.now:
        raise InvalidValueError("until", f"has passed: the clock stands at {clock.now.isoformat()}")
    return Reach(clock, end)


def moved_on(core: Opened, reach: Reach) -> Flow[bool]:
    """Move the clock to what is due next; False if there is nothing within its reach."""
    if reach.clock is None:
        return False
    now = reach.clock.now
    seconds: list[float | None] = [(yield Run(core.storage.upkeep.seconds_to_next_due, reads=True))]
    if reach.until is not None:
        seconds.append((yield Run(core.storage.firings.seconds_to_next_schedule, reads=True)))
    moments = [now + timedelta(seconds=one) for one in seconds if one is not None]
    if reach.until is not None:
        moments = [one for one in moments if one <= reach.until]
    if moments:
        reach.clock.move_to(min(moments))
    elif reach.until is not None and now < reach.until:
        reach.clock.move_to(reach.until)
    return bool(moments)
