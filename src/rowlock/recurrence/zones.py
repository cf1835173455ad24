"""Time zones as stretches of constant offset from UTC.

Instants are whole seconds since 1970 in UTC. What a clock reads at an instant, its *wall* time,
is the instant plus the offset: seconds since 1970 on that clock.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from rowlock.errors import InvalidValueError

DAY = 86_400
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# A day or two from what `datetime` can hold, so that every zone can still show it.
FIRST_INSTANT = -62_135_424_000
LAST_INSTANT = 253_402_127_999

# What may be given: far enough from those to look around.
FIRST_GIVEN = -62_104_060_800
LAST_GIVEN = 253_370_764_799

# They mean something else on every machine.
_LOCAL_NAMES = {"localtime", "posixrules"}

_BLOCK = 366 * DAY
# No clock was ever moved further. Blocks reach over their ends by this much, so that what a
# change does to the hours around it is seen from both sides.
_MARGIN = 2 * DAY


class Stretch(NamedTuple):
    """A time without a change of offset.

    Attributes:
        start: Its first instant.
        end: The first instant after it.
        before: The offset just before it, in seconds.
        offset: The offset within it.
        after: The offset just after it.
    """

    start: int
    end: int
    before: int
    offset: int
    after: int


_ALWAYS = Stretch(FIRST_INSTANT - DAY, LAST_INSTANT + DAY, 0, 0, 0)


class Zone:
    """A time zone by its name, such as `Europe/Berlin`."""

    __slots__ = ("info", "name")

    def __init__(self, name: object, field: str = "zone") -> None:
        """Look the zone up.

        Raises:
            InvalidValueError: No zone has that name.
        """
        self.info = zone_info(name, field)
        self.name = str(name)

    def stretch(self, instant: int) -> Stretch:
        """Return the stretch that an instant is in."""
        if self.name == "UTC":
            return _ALWAYS
        stretches, starts = _block(self.info, instant // _BLOCK)
        return stretches[bisect_right(starts, instant) - 1]

    def wall(self, instant: int) -> int:
        """Return what the clock reads at an instant."""
        return instant + self.stretch(instant).offset

    def instants(self, wall: int) -> tuple[int, ...]:
        """Return every instant at which the clock reads that; if it never does, the gap's end."""
        found: set[int] = set()
        instant = max(wall - _MARGIN, FIRST_INSTANT)
        while instant < min(wall + _MARGIN, LAST_INSTANT):
            start, end, before, offset, _ = self.stretch(instant)
            if start + offset <= wall < end + offset:
                found.add(wall - offset)
            elif start + before <= wall < start + offset:
                found.add(start)
            instant = end
        return tuple(sorted(found))

    def shown(self, instant: int) -> datetime:
        """Return an instant as a datetime in this zone."""
        return (EPOCH + timedelta(seconds=instant)).astimezone(self.info)


def zone_info(name: object, field: str) -> ZoneInfo:
    """Return the zone of that name.

    Raises:
        InvalidValueError: No zone has that name.
    """
    if isinstance(name, str) and name not in _LOCAL_NAMES:
        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            pass
    raise InvalidValueError(field, f"{name!r} is not a time zone such as 'Europe/Berlin' or 'UTC'")


@lru_cache(maxsize=2048)
def _block(info: ZoneInfo, number: int) -> tuple[tuple[Stretch, ...], tuple[int, ...]]:
    """Return the stretches around one block of time, and where they start."""
    low = max(number * _BLOCK - _MARGIN, FIRST_INSTANT - DAY)
    high = min((number + 1) * _BLOCK + _MARGIN, LAST_INSTANT + DAY)
    starts = [low, *_changes(info, low, high)]
    ends = [*starts[1:], high]
    offsets = [_offset(info, start) for start in starts]
    befores = [_offset(info, low - 1), *offsets]
    afters = [*offsets[1:], offsets[-1]]
    rows = zip(starts, ends, befores, offsets, afters, strict=False)
    return tuple(Stretch(*row) for row in rows), tuple(starts)


def _changes(info: ZoneInfo, low: int, high: int) -> Iterator[int]:
    """Yield the instants from which another offset holds, none closer to another than a day."""
    known = _offset(info, low)
    for probe in range(low, high, DAY):
        end = min(probe + DAY, high - 1)
        offset = _offset(info, end)
        if offset != known:
            same, other = probe, end
            while other - same > 1:
                middle = (same + other) // 2
                if _offset(info, middle) == known:
                    same = middle
                else:
                    other = middle
            yield other
            known = offset


def _offset(info: ZoneInfo, instant: int) -> int:
    offset = (EPOCH + timedelta(seconds=instant)).astimezone(info).utcoffset()
    return 0 if offset is None else offset // timedelta(seconds=1)
