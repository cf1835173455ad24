"""RFC 5545 text: an RRULE with DTSTART, EXDATE and RDATE."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from rowlock.errors import InvalidValueError
from rowlock.recurrence import words
from rowlock.recurrence.parts import series_of
from rowlock.recurrence.reading import (
    Terms,
    checked_instant,
    checked_text,
    recurrence_of,
    terms_from,
    wall_of,
)
from rowlock.recurrence.recurrence import Notation, Recurrence
from rowlock.recurrence.rrule_parts import RuleText, rule_text
from rowlock.recurrence.series import Clock, Moments, Series
from rowlock.recurrence.sets import Bounded, Counted, Union, Without
from rowlock.recurrence.zones import DAY, EPOCH, LAST_INSTANT, Zone

MAX_DATES = 1000

# Whoever writes a later one means no end.
LAST_YEAR = 9998

_LINE = re.compile(r"(?P<name>[A-Z-]+)(?P<params>(?:;[^:;]+)*):(?P<value>.+)")
_VALUE = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)Z?)?")
_EPOCH_DAY = EPOCH.toordinal()


@dataclass(frozen=True, slots=True)
class Line:
    """One line of iCalendar text.

    Attributes:
        zone: The zone of its TZID, if it has one.
        values: What stands after the colon, separated by commas.
    """

    name: str
    zone: str | None
    value: str

    @property
    def values(self) -> list[str]:
        """What a list has."""
        return [one.strip() for one in self.value.split(",")]


@dataclass(slots=True)
class Dates:
    """What RDATE or EXDATE lines name.

    Attributes:
        series: Moments, one series for each zone.
        days: Whole days, as days since 1970.
        count: How many values there are.
    """

    series: list[Series] = field(default_factory=list[Series])
    days: set[int] = field(default_factory=set[int])
    count: int = 0


def parse_rrule(
    text: str,
    *,
    zone: str | None = None,
    gap: str = "end",
    overlap: str = "first",
    start: datetime | str | None = None,
) -> Recurrence:
    """Read an RRULE, alone or with DTSTART, EXDATE and RDATE on lines of their own.

    FREQ from SECONDLY to YEARLY with INTERVAL, COUNT or UNTIL, WKST, and every BY part. What
    the rule leaves open (a weekday, a day, a time of day) is as at its start. Rules in hours,
    minutes and seconds count elapsed time from the start.

    Args:
        text: `FREQ=…`, `RRULE:FREQ=…`, or lines.
        zone: Whose clock it goes by. None: that of DTSTART's TZID, else UTC.
        gap: What becomes of a local time that does not exist: `end`, `move` or `skip`.
        overlap: Which passes of a repeated local time count: `first`, `last` or `both`.
        start: Where it begins, if there is no DTSTART; without offset it is local.

    Raises:
        InvalidValueError: It cannot be read, or it never happens; the error names the part.
    """
    given = checked_text("rrule", text)
    lines = [_line(one) for one in re.sub(r"\r?\n[ \t]", "", given).splitlines() if one.strip()]
    rules = [line for line in lines if line.name == "RRULE"]
    starts = [line for line in lines if line.name == "DTSTART"]
    if len(rules) != 1:
        raise InvalidValueError("RRULE", f"must be there once, not {len(rules)} times")
    if len(starts) + (start is not None) != 1:
        raise InvalidValueError(
            "DTSTART", "must be given once: as a line, or as start= (starts_at)"
        )
    terms = terms_from(_zone_name(zone, starts), gap, overlap)
    if starts:
        first = _start(starts[0], terms)
    else:
        first = terms.instant("start", start)
        stamp = (EPOCH + timedelta(seconds=first)).strftime("%Y%m%dT%H%M%SZ")
        given = "\n".join([f"DTSTART:{stamp}", *(_written(line) for line in lines)])
    return _put_together(given, lines, rule_text(rules[0].value), first, terms)


def _put_together(
    text: str, lines: Sequence[Line], rule: RuleText, first: int, terms: Terms
) -> Recurrence:
    series = series_of(rule.parts, first, terms.zone, terms.gap, terms.overlap)
    last = _until(rule.until, terms) if rule.until else None
    if last is not None and last < first:
        raise InvalidValueError("UNTIL", "is before the start")
    if rule.count is not None:
        series = Counted(series, first, rule.count)
    else:
        series = Bounded(series, first, LAST_INSTANT if last is None else last)
    added = _dates("RDATE", lines, terms, first)
    removed = _dates("EXDATE", lines, terms, first)
    if added.series:
        series = Union([series, *added.series])
    if removed.count:
        series = Without(series, Union(removed.series), frozenset(removed.days), terms.zone)
    said = words.rule(rule.parts, terms.zone.shown(first))
    said = words.with_zone(said, terms.zone.name, (first, last))
    said = words.with_changes(said, rule.count, added.count, removed.count)
    return recurrence_of(Notation.RRULE, text, terms, series, said, (first, last))


def _line(text: str) -> Line:
    stripped = text.strip()
    if re.match(r"[A-Z]+=", stripped.upper()):
        return Line("RRULE", None, stripped)
    match = _LINE.fullmatch(stripped) or _LINE.fullmatch(stripped.upper())
    known = {"DTSTART", "RRULE", "EXDATE", "RDATE"}
    if match is None or match["name"] not in known:
        name = match["name"] if match else stripped
        raise InvalidValueError("rrule", f"{name!r} is none of {', '.join(sorted(known))}")
    zone = None
    for param in filter(None, match["params"].split(";")):
        name, _, value = param.partition("=")
        if name.upper() == "TZID":
            zone = value.strip('"')
        elif name.upper() != "VALUE" or value.upper() not in {"DATE", "DATE-TIME"}:
            raise InvalidValueError(match["name"], f"{param} is not supported")
    return Line(match["name"], zone, match["value"])


def _written(line: Line) -> str:
    zone = f";TZID={line.zone}" if line.zone else ""
    return f"{line.name}{zone}:{line.value}"


def _zone_name(zone: str | None, starts: Sequence[Line]) -> str:
    named = starts[0].zone if starts else None
    if zone is not None and named is not None and zone != named:
        raise InvalidValueError("zone", f"is {zone!r}, but DTSTART says TZID={named}")
    return zone or named or "UTC"


def _stamp(name: str, text: str) -> tuple[date, bool]:
    """Return a date, or a datetime without zone, and whether it is UTC."""
    found = _VALUE.fullmatch(text)
    numbers = [int(one) for one in found.groups() if one is not None] if found else []
    try:
        match numbers:
            case [year, month, day]:
                return date(year, month, day), False
            case [year, month, day, hour, minute, second]:
                moment = datetime(year, month, day, hour, minute, second)  # noqa: DTZ001 - local
                return moment, text.endswith("Z")
            case _:
                pass
    except ValueError:
        pass
    raise InvalidValueError(name, f"{text!r} is not a moment such as 20270131T090000 or a date")


def _start(line: Line, terms: Terms) -> int:
    moment, is_utc = _stamp(line.name, line.value)
    wall = checked_instant(line.name, wall_of(moment))
    return wall if is_utc else terms.zone.instants(wall)[0]


def _until(text: str, terms: Terms) -> int:
    """Return the last instant; a date means all of that day."""
    moment, is_utc = _stamp("UNTIL", text)
    wall = wall_of(moment)
    if not isinstance(moment, datetime):
        wall += DAY - 1
    if moment.year > LAST_YEAR:
        return LAST_INSTANT
    wall = checked_instant("UNTIL", wall)
    return wall if is_utc else terms.zone.instants(wall)[-1]


def _dates(name: str, lines: Sequence[Line], terms: Terms, first: int) -> Dates:
    """Return the moments and days of all lines of that name.

    A day of RDATE is that day at the time of the start, a day of EXDATE all of that day.
    """
    found = Dates()
    time_of_start = terms.zone.wall(first) % DAY
    for line in lines:
        if line.name != name:
            continue
        instants: list[int] = []
        walls: list[int] = []
        for text in line.values:
            moment, is_utc = _stamp(name, text)
            if isinstance(moment, datetime):
                (instants if is_utc else walls).append(wall_of(moment))
            elif name == "RDATE":
                walls.append(wall_of(moment) + time_of_start)
            else:
                found.days.add(moment.toordinal() - _EPOCH_DAY)
        zone = Zone(line.zone, "TZID") if line.zone else terms.zone
        found.series.append(Clock(Moments(walls), zone, terms.gap, terms.overlap))
        found.series.append(Moments(instants))
        found.count += len(line.values)
    if found.count > MAX_DATES:
        raise InvalidValueError(name, f"has {found.count:,} values; at most {MAX_DATES:,}")
    return found
