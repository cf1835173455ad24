"""Short ways to write moments and to look at many occurrences."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from rowlock.recurrence import Recurrence


def utc(text: str) -> datetime:
    """`2027-01-31 09:00` in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def in_zone(text: str, zone: str, fold: int = 0) -> datetime:
    """`2027-01-31 09:00` on the clock of a zone, as that moment in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)


def local_texts(recurrence: Recurrence, start: datetime, end: datetime) -> list[str]:
    """The local times of a range with their offset, and `!` where they were shifted."""
    return [
        f"{one.local:%Y-%m-%d %H:%M%z}{'!' if one.change == 'shifted' else ''}"
        for one in recurrence.simulate(start, end)
    ]


def first_texts(recurrence: Recurrence, count: int) -> list[str]:
    """The first local times from the year 2000 on, or from its start."""
    found: list[str] = []
    at = datetime(1999, 12, 31, 23, 59, 59, tzinfo=UTC)
    for _ in range(count):
        following = recurrence.next(at)
        if following is None:
            break
        at = following
        found.append(f"{at.astimezone(ZoneInfo(recurrence.zone)):%Y-%m-%d %H:%M}")
    return found
