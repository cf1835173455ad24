"""What all notations share when they are read: zone, options, moments, and the last check."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import TypeVar

from rowlock.errors import InvalidValueError
from rowlock.recurrence.recurrence import Notation, Recurrence
from rowlock.recurrence.series import Gap, Overlap, Series
from rowlock.recurrence.zones import (
    DAY,
    EPOCH,
    FIRST_GIVEN,
    FIRST_INSTANT,
    LAST_GIVEN,
    Zone,
)

MAX_TEXT = 10_000

_Choice = TypeVar("_Choice", bound=StrEnum)
_EPOCH_DAY = EPOCH.toordinal()
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Terms:
    """How local times are read.

    Attributes:
        zone: Whose clock is meant.
        gap: What becomes of a local time that does not exist.
        overlap: Which passes of a repeated local time count.
    """

    zone: Zone
    gap: Gap
    overlap: Overlap

    def instant(self, field: str, value: object) -> int:
        """Return the instant that a datetime or a text means; without offset it is local.

        A local time that happens twice means its first pass, one that does not exist the first
        instant after the gap. Fractions of a second are dropped.

        Raises:
            InvalidValueError: It is no such moment.
        """
        moment = value
        if isinstance(value, str):
            try:
                moment = datetime.fromisoformat(value.strip())
            except ValueError:
                moment = None
        if not isinstance(moment, datetime):
            raise InvalidValueError(
                field, f"{value!r} is not a moment such as '2027-01-31T09:00:00'"
            )
        if moment.utcoffset() is None:
            return self.zone.instants(checked_instant(field, wall_of(moment)))[0]
        return checked_instant(field, (moment - EPOCH) // _SECOND)


def wall_of(moment: date) -> int:
    """Return a local date or datetime in wall seconds."""
    wall = (moment.toordinal() - _EPOCH_DAY) * DAY
    if isinstance(moment, datetime):
        wall += moment.hour * 3600 + moment.minute * 60 + moment.second
    return wall


def checked_instant(field: str, instant: int) -> int:
    """Return an instant, or wall seconds, if every zone can show it.

    Raises:
        InvalidValueError: It is not within the years 2 to 9998.
    """
    if not FIRST_GIVEN <= instant <= LAST_GIVEN:
        raise InvalidValueError(field, "must be within the years 2 to 9998")
    return instant


def terms_from(zone: object, gap: object, overlap: object) -> Terms:
    """Return the checked options.

    Raises:
        InvalidValueError: One of them is unknown.
    """
    return Terms(
        Zone(zone),
        _choice("gap", gap, Gap),
        _choice("overlap", overlap, Overlap),
    )


def _choice(field: str, value: object, kind: type[_Choice]) -> _Choice:
    try:
        return kind(str(value))
    except ValueError as error:
        known = ", ".join(kind)
        raise InvalidValueError(field, f"{value!r} is not one of {known}") from error


def checked_text(field: str, value: object) -> str:
    """Return a text to be read, without what surrounds it.

    Raises:
        InvalidValueError: It is no text, empty, or far too long.
    """
    if not isinstance(value, str) or not value.strip():
        raise InvalidValueError(field, f"must be text, not {value!r}")
    if len(value) > MAX_TEXT:
        raise InvalidValueError(field, f"has {len(value):,} characters; at most {MAX_TEXT:,}")
    return value.strip()


def recurrence_of(
    notation: Notation,
    text: str,
    terms: Terms,
    series: Series,
    words: str,
    bounds: tuple[int | None, int | None] = (None, None),
    key: str = "",
) -> Recurrence:
    """Return the recurrence, if it ever happens.

    Raises:
        InvalidValueError: It never does.
    """
    if series.next(FIRST_INSTANT) is None:
        raise InvalidValueError(
            notation.value,
            f"{text!r} never happens: no moment within a century of its start fits all its parts",
        )
    start, end = (None if bound is None else _moment(bound) for bound in bounds)
    return Recurrence(
        notation=notation, text=text, zone=terms.zone.name, gap=terms.gap, overlap=terms.overlap,
        start=start, end=end, key=key, series=series, words=words,
    )  # fmt: skip


def _moment(instant: int) -> datetime:
    return EPOCH + instant * _SECOND
