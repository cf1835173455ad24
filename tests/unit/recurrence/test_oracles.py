"""Random rules, as other libraries compute them and as a slow search finds them.

Where they disagree on purpose, `docs/explanation/recurrence.md` says what ours is; such rules
are not drawn here.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from random import Random

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
from rowlock.recurrence.zones import DAY

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

RANGES = {
    "BYMONTH": (1, 12),
    "BYMONTHDAY": (1, 31),
    "BYYEARDAY": (1, 366),
    "BYHOUR": (0, 23),
    "BYMINUTE": (0, 59),
    "BYSECOND": (0, 59),
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


SEEDS = st.integers(0, 2**48)


class Draw(Random):
    """A random rule in one draw: hypothesis would take longer to build it than to test it."""

    def start(self) -> datetime:
        return datetime(1995, 1, 1, tzinfo=UTC) + timedelta(seconds=self.randrange(40 * 366 * DAY))

    def numbers(self, low: int, high: int) -> list[int]:
        return [self.randint(low, high) for _ in range(self.randint(1, 4))]

    def cron_item(self, low: int, high: int, more: Sequence[str]) -> str:
        first, last = sorted(self.sample(range(low, high + 1), 2))
        kinds = [str(first), str(last), f"{first}-{last}", f"{first}-{last}/{self.randint(2, 5)}"]
        return self.choice([*kinds, *self.sample(more, min(len(more), 2))])

    def cron_field(self, low: int, high: int, more: Sequence[str] = ()) -> str:
        """`*` a third of the time; else steps, or a list of numbers and ranges."""
        items = ",".join(self.cron_item(low, high, more) for _ in range(self.randint(1, 3)))
        return self.choice(["*", items, self.choice([items, f"*/{self.randint(2, high // 2)}"])])

    def cron_text(self, days: str, weekdays: str) -> str:
        times = f"{self.cron_field(0, 59)} {self.cron_field(0, 23)}"
        return f"{times} {days} {self.cron_field(1, 12)} {weekdays}"

    def rrule_text(self, frequency: str) -> str:
        """A rule of which RFC 5545 allows every part."""
        elapsed = frequency in {"SECONDLY", "MINUTELY", "HOURLY"}
        names = {"BYMONTH", "BYDAY", "BYHOUR", "BYMINUTE", "BYSECOND"}
        names |= set() if frequency == "WEEKLY" else {"BYMONTHDAY"}
        names |= {"BYYEARDAY"} if elapsed or frequency == "YEARLY" else set()
        chosen = self.sample(sorted(names), self.randint(0, 1 if elapsed else 3))
        parts = {name: self.part(name, frequency) for name in chosen}
        # Theirs begins the first week at the start; ours is RFC 5545's whole week.
        if chosen and frequency != "WEEKLY" and self.random() < 0.25:
            more = [2, 3, -2] if frequency in {"MONTHLY", "YEARLY"} else []
            parts["BYSETPOS"] = str(self.choice([1, -1, *more]))
        parts |= self.choice([{}, {"WKST": "SU"}, {"WKST": "WE"}])
        said = "".join(f";{name}={value}" for name, value in parts.items())
        return f"FREQ={frequency};INTERVAL={self.choice([1, 1, 2, 3, 5, 7])}{said}"

    def part(self, name: str, frequency: str) -> str:
        if name == "BYDAY":
            # Theirs wants a day to be both, where a list names days with and without a number.
            can_count = frequency in {"MONTHLY", "YEARLY"} and self.random() < 0.5
            nth = ["1", "2", "-1", "-2", "4"] if can_count else [""]
            days = self.sample(DAY_CODES, self.randint(1, 4))
            return ",".join(self.choice(nth) + day for day in days)
        low, high = RANGES[name]
        sign = -1 if low and name != "BYMONTH" and self.random() < 0.3 else 1
        return ",".join(str(sign * number) for number in self.numbers(low, high))


def following(recurrence: Recurrence, at: datetime) -> list[datetime]:
    found: list[datetime] = []
    for _ in range(COUNT):
        later = recurrence.next(at)
        if later is None:
            break
        found.append(later)
        at = later
    return found


@drawn(1700)
@given(SEEDS)
def test_cron_agrees_with_cronsim(seed: int):
    draw = Draw(seed)
    days = draw.cron_field(1, 31, ["L", "LW"])
    text = draw.cron_text(days, draw.cron_field(1, 6, ["0", "1#2", "5L", "3#5"]))
    at = draw.start()
    try:
        recurrence = parse_cron(text)
    except InvalidValueError:
        with pytest.raises((CronSimError, StopIteration)):
            next(CronSim(text, at))
        return
    assert (text, following(recurrence, at)) == (text, list(islice(CronSim(text, at), COUNT)))


@drawn(1000)
@given(SEEDS)
def test_cron_agrees_with_croniter(seed: int):
    draw = Draw(seed)
    pairs = [
        (draw.cron_field(1, 28), "*"),
        ("*", draw.cron_field(1, 6, ["0"])),
        (draw.choice(["L", "1W", "15W", "8W", "28W"]), "*"),
    ]
    text, at = draw.cron_text(*draw.choice(pairs)), draw.start()
    theirs = croniter(text, at, ret_type=datetime)
    assert (text, following(parse_cron(text), at)) == (
        text,
        [theirs.get_next() for _ in range(COUNT)],
    )


def unless_never(text: str, start: datetime) -> Recurrence | None:
    """A rule; none, if it is refused for never happening."""
    try:
        return parse_rrule(text, start=start)
    except InvalidValueError as error:
        assert "never happens" in str(error)  # noqa: PT017 - everything else is legal
        return None


@drawn(3200)
@given(SEEDS)
def test_rules_agree_with_dateutil(seed: int):
    draw = Draw(seed)
    frequency = draw.choice(list(SPANS))
    text, start = draw.rrule_text(frequency), draw.start()
    end = start + SPANS[frequency]
    recurrence = unless_never(text, start)
    if recurrence is None or recurrence.next(end) is None:
        return  # theirs would search until the year 9999
    last = end - timedelta(seconds=1)
    theirs = rrulestr(f"RRULE:{text};UNTIL={last:%Y%m%dT%H%M%SZ}", dtstart=start)
    assert (text, recurrence.between(start, end, limit=10)) == (text, list(islice(theirs, 10)))


@drawn(200)
@given(SEEDS)
def test_rules_agree_with_recurring_ical_events(seed: int):
    draw = Draw(seed)
    frequency, interval = draw.choice(["DAILY", "WEEKLY", "MONTHLY"]), draw.randint(1, 3)
    more = draw.choice(["", ";BYDAY=MO,TH", ";BYDAY=FR"])
    start = draw.start()
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
