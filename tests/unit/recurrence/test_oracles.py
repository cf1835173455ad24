"""Random rules, as other libraries compute them and as a slow search finds them.

Where they disagree on purpose, `docs/explanation/recurrence.md` says what ours is; such rules
are not drawn here.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

import pytest
import recurring_ical_events
from croniter import croniter
from cronsim import CronSim, CronSimError
from dateutil.rrule import rrulestr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from icalendar import Calendar

from rowlock.errors import InvalidValueError
from rowlock.recurrence import Recurrence, parse_cron, parse_rrule
from rowlock.recurrence.rrule_parts import DAY_CODES

COUNT = 5

SPANS = {
    "SECONDLY": timedelta(minutes=10),
    "MINUTELY": timedelta(hours=8),
    "HOURLY": timedelta(days=12),
    "DAILY": timedelta(days=400),
    "WEEKLY": timedelta(days=800),
    "MONTHLY": timedelta(days=1500),
    "YEARLY": timedelta(days=4000),
}


def drawn(examples: int) -> settings:
    """The same examples on every machine: a find is kept as a case of its own."""
    return settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


def numbers(low: int, high: int, most: int = 4) -> st.SearchStrategy[list[int]]:
    return st.lists(st.integers(low, high), min_size=1, max_size=most, unique=True)


def cron_field(low: int, high: int, *more: str) -> st.SearchStrategy[str]:
    """`*` half of the time; else lists, ranges and steps."""
    number = st.integers(low, high)
    pair = st.tuples(number, number).filter(lambda two: two[0] != two[1]).map(sorted)
    items = st.one_of(
        number.map(str),
        pair.map(lambda two: f"{two[0]}-{two[1]}"),
        st.tuples(pair, st.integers(2, 5)).map(lambda two: f"{two[0][0]}-{two[0][1]}/{two[1]}"),
        *([st.sampled_from(more)] if more else []),
    )
    steps = st.integers(2, (high - low) // 2 + 1).map(lambda step: f"*/{step}")
    lists = st.lists(items, min_size=1, max_size=3, unique=True).map(",".join)
    return st.one_of(st.just("*"), steps, lists)


def cron_text(days: st.SearchStrategy[str], weekdays: st.SearchStrategy[str]) -> Any:
    fields = (cron_field(0, 59), cron_field(0, 23), days, cron_field(1, 12), weekdays)
    return st.tuples(*fields).map(" ".join)


STARTS = st.integers(0, 40 * 366 * 86_400).map(
    lambda seconds: datetime(1995, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)


def following(recurrence: Recurrence, at: datetime) -> list[datetime]:
    found: list[datetime] = []
    for _ in range(COUNT):
        later = recurrence.next(at)
        if later is None:
            break
        found.append(later)
        at = later
    return found


@drawn(1600)
@given(cron_text(cron_field(1, 31, "L", "LW"), cron_field(1, 6, "0", "1#2", "5L", "3#5")), STARTS)
def test_cron_agrees_with_cronsim(text: str, at: datetime):
    try:
        recurrence = parse_cron(text)
    except InvalidValueError:
        # Theirs looks ahead for half a century, ours for a whole one.
        with pytest.raises((CronSimError, StopIteration)):
            next(CronSim(text, at))
        return
    assert following(recurrence, at) == list(islice(CronSim(text, at), COUNT))


@drawn(900)
@given(
    st.one_of(
        # Theirs reads */2 beside a day of the other field as a restriction; see the page.
        cron_text(cron_field(1, 28).filter(lambda one: "*/" not in one), st.just("*")),
        cron_text(st.just("*"), cron_field(1, 6, "0")),
        cron_text(st.sampled_from(["L", "1W", "15W", "8W", "28W"]), st.just("*")),
    ),
    STARTS,
)
def test_cron_agrees_with_croniter(text: str, at: datetime):
    recurrence = parse_cron(text)
    theirs = croniter(text, at, ret_type=datetime)
    assert following(recurrence, at) == [theirs.get_next() for _ in range(COUNT)]


@st.composite
def rrule_text(draw: st.DrawFn, *frequencies: str) -> str:
    """A rule of which RFC 5545 allows every part."""
    frequency = draw(st.sampled_from(frequencies))
    elapsed = frequency in {"SECONDLY", "MINUTELY", "HOURLY"}
    monthly = frequency in {"MONTHLY", "YEARLY"}
    # Theirs wants a day to be both, where a list names days with and without a number.
    nth = ["1", "2", "-1", "-2", "4"] if monthly and draw(st.booleans()) else [""]
    day = st.tuples(st.sampled_from(nth), st.sampled_from(DAY_CODES))
    choices: dict[str, st.SearchStrategy[Any]] = {
        "BYMONTH": numbers(1, 12),
        "BYDAY": st.lists(day.map("".join), min_size=1, max_size=4, unique=True),
        "BYHOUR": numbers(0, 23),
        "BYMINUTE": numbers(0, 59),
        "BYSECOND": numbers(0, 59),
    }
    if frequency != "WEEKLY":
        choices["BYMONTHDAY"] = numbers(1, 31) | numbers(-31, -1)
    if elapsed or frequency == "YEARLY":
        choices["BYYEARDAY"] = numbers(1, 366) | numbers(-366, -1)
    names = draw(st.lists(st.sampled_from(sorted(choices)), max_size=3, unique=True))
    if elapsed:
        names = names[:1]
    parts = {name: ",".join(map(str, draw(choices[name]))) for name in names}
    if names and draw(st.integers(0, 3)) == 0:
        parts["BYSETPOS"] = ",".join(map(str, draw(numbers(1, 4) | numbers(-3, -1))))
    interval = draw(st.sampled_from([1, 1, 1, 2, 3, 5, 7]))
    week_start = draw(st.sampled_from(["", "", ";WKST=SU", ";WKST=WE"]))
    said = "".join(f";{name}={value}" for name, value in parts.items())
    return f"FREQ={frequency};INTERVAL={interval}{week_start}{said}"


def ours_between(text: str, start: datetime, end: datetime) -> list[datetime]:
    """What a rule has in a range; nothing, if it is refused for never happening."""
    try:
        return parse_rrule(text, start=start).between(start, end, limit=10)
    except InvalidValueError as error:
        assert "never happens" in str(error)  # noqa: PT017 - everything else is legal
        return []


@drawn(2200)
@given(rrule_text(*SPANS), STARTS)
def test_rules_agree_with_dateutil(text: str, start: datetime):
    frequency = text.removeprefix("FREQ=").partition(";")[0]
    ours = ours_between(text, start, start + SPANS[frequency])
    if ours:  # else theirs would search until the year 9999
        theirs = islice(rrulestr(f"RRULE:{text}", dtstart=start), len(ours))
        assert ours == list(theirs)


@drawn(200)
@given(
    st.sampled_from(["DAILY", "WEEKLY", "MONTHLY"]),
    st.integers(1, 3),
    st.sampled_from(["", ";BYDAY=MO,TH", ";BYDAY=FR"]),
    STARTS,
)
def test_rules_agree_with_recurring_ical_events(
    frequency: str, interval: int, more: str, start: datetime
):
    day = start.replace(month=6, day=min(start.day, 28))
    rule = f"FREQ={frequency};INTERVAL={interval}{more};UNTIL={day.year}0930T000000Z"
    left_out = day + timedelta(days=interval)
    lines = [
        f"DTSTART;TZID=America/New_York:{day:%Y%m%dT%H%M%S}",
        f"RRULE:{rule}",
        f"EXDATE;TZID=America/New_York:{left_out:%Y%m%dT%H%M%S}",
        f"RDATE;TZID=America/New_York:{day.year}0815T121314",
    ]
    event = ["BEGIN:VCALENDAR", "BEGIN:VEVENT", "UID:1", *lines, "END:VEVENT", "END:VCALENDAR"]
    # It shows events whose start does not fit their rule, too; ours does not.
    window = (day.replace(tzinfo=UTC) + timedelta(days=1), day + timedelta(days=150))
    found = recurring_ical_events.of(Calendar.from_ical("\r\n".join(event))).between(*window)
    theirs = sorted(one["DTSTART"].dt.astimezone(UTC) for one in found)
    ours = parse_rrule("\n".join(lines)).between(*window)
    assert ours == [one for one in theirs if one >= window[0]]
