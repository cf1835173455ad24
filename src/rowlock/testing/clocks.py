"""A clock that stands still until it is moved, in place of the database's."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime

from rowlock.app.core import Application
from rowlock.app.opened import Opened
from rowlock.model.durations import Duration, duration_from
from rowlock.model.moments import checked_moment


class Clock:
    """The time that one app's database operations see; it moves only when told to."""

    def __init__(self, core: Opened, at: datetime) -> None:
        self._core = core
        self._now = at

    def __repr__(self) -> str:
        return f"<Clock at {self._now.isoformat()}>"

    def __call__(self) -> datetime:
        """Return the time, in UTC."""
        return self._now

    @property
    def now(self) -> datetime:
        """The time, in UTC."""
        return self._now

    def advance(self, by: Duration) -> datetime:
        """Move the clock on and return the new time.

        Args:
            by: A `timedelta`, seconds, or text such as `"1h30m"`; not negative.

        Raises:
            InvalidValueError: It is no duration.
        """
        return self.move_to(self._now + duration_from("by", by))

    def move_to(self, at: datetime) -> datetime:
        """Set the clock, also back, and return the new time.

        Raises:
            InvalidValueError: No datetime with a time zone.
        """
        self._now = checked_moment("at", at)
        # A worker that sleeps until the next due time sleeps on the host's clock.
        self._core.storage.wakeups.wake_here(None, None)
        return self._now


@contextmanager
def clock(app: Application, at: datetime | None = None) -> Generator[Clock]:
    """Let an app's database operations see a clock that moves only when told to.

    Due times, retries, leases, lifetimes and retention follow it, on every engine; the handlers'
    own clocks, their timeouts and the ids do not. Only this process and this app see it: use it
    on a database of the test's own.

    Args:
        app: A `Rowlock` or an `AsyncRowlock`.
        at: Where the clock stands first; the host's time if not given.

    Example:
        >>> with clock(app) as time:      # doctest: +SKIP
        ...     time.advance("1h")
    """
    catalog = app.core.storage.catalog
    before = catalog.clock
    moment = datetime.now(UTC) if at is None else checked_moment("at", at)
    virtual = Clock(app.core, moment)
    catalog.clock = virtual
    try:
        yield virtual
    finally:
        catalog.clock = before


def clock_of(core: Opened) -> Clock | None:
    """Return the clock that was put in, if any."""
    found = core.storage.catalog.clock
    return found if isinstance(found, Clock) else None
