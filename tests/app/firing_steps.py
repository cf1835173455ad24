"""What the tests of schedules say in one word each. The clock stands at `NOON`, a Tuesday."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from rowlock import Firing, Rowlock, Schedule, Task
from rowlock.app.schedule_pattern import StoredPattern
from rowlock.ops.firing import Fired, fire_due
from rowlock.testing import Clock, clock

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
HOUR = 3600.0


@contextmanager
def noon(app: Rowlock) -> Iterator[Clock]:
    """A clock for the app that stands at noon; its tables are there, and a definition."""
    app.migrate()
    with clock(app, NOON) as time:

        @app.task
        def report(kind: str = "short") -> str:
            return kind

        app.sync_schedules()
        yield time


def hourly(app: Rowlock, name: str = "hourly", **given: Any) -> Schedule:
    """A schedule of every full hour; the first one is at one o'clock."""
    return app.create_schedule(
        name, "@every 1h", "report", **{"starts_at": NOON.replace(hour=13), **given}
    )


def fire(app: Rowlock, *, limit: int = 50) -> list[Fired]:
    """Fire once what is due, as a worker does."""
    app.core.open()
    storage = app.core.storage
    return storage.runner.run(fire_due, storage, StoredPattern(), limit=limit)


def fire_at(app: Rowlock, time: Clock, seconds: float) -> list[Fired]:
    """Move the clock to so many seconds after noon, and fire what is due."""
    time.move_to(NOON + timedelta(seconds=seconds))
    return fire(app)


def tasks(app: Rowlock) -> list[Task]:
    """All tasks, in the order of their ids."""
    return app.list_tasks(limit=1000)[::-1]


def planned(app: Rowlock, schedule: Any) -> list[tuple[float, str, str | None, int]]:
    """What became of occurrences, oldest first: seconds after noon, outcome, reason, passed."""
    return [
        (after(one), one.outcome.value, one.reason and one.reason.value, one.passed)
        for one in app.list_firings(schedule, limit=1000)[::-1]
    ]


def after(firing: Firing) -> float:
    """How many seconds after noon an occurrence was planned for."""
    return (firing.occurrence - NOON).total_seconds()


def next_in(schedule: Schedule) -> float | None:
    """In how many seconds from noon a schedule's next occurrence is."""
    return None if schedule.next_at is None else (schedule.next_at - NOON).total_seconds()
