"""What a recurring time can be asked for, in whatever notation it was written."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from rowlock.errors import InvalidValueError
from rowlock.recurrence import Notation, parse
from tests.unit.recurrence.moments import utc

WRITTEN: list[Any] = [
    "0 9 * * mon-fri",
    "*/5 * * * * *",
    "@every 90s",
    "@monthly",
    "DTSTART:20270101T090000Z\nRRULE:FREQ=MONTHLY;BYDAY=-1FR;COUNT=30\nEXDATE;VALUE=DATE:20270226",
    "DTSTART;TZID=Asia/Tehran:20270101T090000\nRRULE:FREQ=HOURLY;INTERVAL=5;BYMINUTE=1,2",
    {"frequency": "weekly", "startsAt": "2027-01-01T09:00", "daysOfWeek": ["sunday"]},
    '{"frequency": "none", "startsAt": "2027-01-01T09:00:00+01:00"}',
]


@pytest.mark.parametrize("written", WRITTEN, ids=str)
def test_what_is_stored_is_read_again(written: Any):
    recurrence = parse(written)
    again = parse(json.loads(json.dumps(recurrence.to_json())))
    start, end = utc("2027-01-01"), utc("2027-03-01")
    assert again == recurrence
    assert hash(again) == hash(recurrence)
    assert again.between(start, end, 50) == recurrence.between(start, end, 50)
    assert str(again) == recurrence.text


def test_the_notation_is_told_by_the_text():
    found = [parse(written).notation for written in WRITTEN]
    assert found == [Notation.CRON] * 4 + [Notation.RRULE] * 2 + [Notation.RULE] * 2


@pytest.mark.parametrize("written", WRITTEN, ids=str)
def test_previous_looks_back_at_what_between_lists(written: Any):
    recurrence = parse(written)
    found = recurrence.between(utc("2027-01-01"), utc("2027-01-01 20:00"), 20_000)
    end, backwards = utc("2027-01-01 20:00"), []
    for _ in found[-20:]:
        before = recurrence.previous(end)
        assert before is not None
        backwards.append(before)
        end = before
    assert backwards[::-1] == found[-20:]


def test_bounds_are_out_unless_asked_for():
    daily = parse("0 9 * * *")
    at = utc("2027-01-05 09:00")
    day = timedelta(days=1)
    assert (daily.next(at), daily.next(at, inclusive=True)) == (at + day, at)
    assert (daily.previous(at), daily.previous(at, inclusive=True)) == (at - day, at)
    assert daily.between(at, at + day) == [at]


def test_parts_of_a_second_are_seen():
    daily = parse("0 9 * * *")
    at, bit = utc("2027-01-05 09:00"), timedelta(microseconds=1)
    assert daily.next(at - bit) == at
    assert daily.next(at + bit, inclusive=True) == at + timedelta(days=1)
    assert daily.previous(at + bit) == at
    assert daily.between(at + bit, at + timedelta(days=1)) == []


def test_a_limit_cuts_a_list_short():
    start = utc("2027-01-01")
    found = parse("* * * * *").between(start, start + timedelta(days=900), limit=3)
    assert found == [start + timedelta(minutes=minute) for minute in range(3)]


@pytest.mark.parametrize("limit", [0, -1, 100_001, True, "3"])
def test_a_limit_that_cannot_be_is_refused(limit: Any):
    with pytest.raises(InvalidValueError, match=r"limit: is .*; it must be 1 to 100,000"):
        parse("* * * * *").between(utc("2027-01-01"), utc("2028-01-01"), limit)


@pytest.mark.parametrize("moment", [datetime(2027, 1, 1), "2027-01-01", None])  # noqa: DTZ001
def test_a_moment_without_zone_is_refused(moment: Any):
    daily = parse("@daily")
    with pytest.raises(InvalidValueError, match=r"after: .* is not a datetime with a time zone"):
        daily.next(moment)
    with pytest.raises(InvalidValueError, match="before: "):
        daily.previous(moment)


def test_at_the_ends_of_the_calendar_there_is_nothing():
    daily = parse("@daily", zone="Pacific/Apia")
    first, last = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    assert (daily.next(last), daily.previous(first)) == (None, None)
    assert parse("FREQ=YEARLY", start="9990-01-01").next(last - timedelta(days=300)) is None
    assert daily.previous(last) is not None


@pytest.mark.parametrize(
    "stored",
    [
        {},
        {"cron": "@daily", "rrule": "FREQ=DAILY"},
        {"cron": "@daily", "timezone": "UTC"},
        {"cron": "@daily", "zone": "Nowhere"},
        {"rule": {"frequency": "daily", "startsAt": "2027-01-01"}, "key": "a"},
        {"cron": 5},
    ],
    ids=str,
)
def test_what_was_never_stored_is_refused(stored: Any):
    with pytest.raises(InvalidValueError):
        parse(stored)


def test_the_next_of_a_rule_in_seconds_is_found_without_walking():
    rule = parse("DTSTART;TZID=Europe/Berlin:20000101T000000\nRRULE:FREQ=SECONDLY;INTERVAL=5")
    now = utc("2026-11-22 07:45:03")
    rule.next(now)
    took: list[float] = []
    for _ in range(200):
        began = time.perf_counter()
        rule.next(now)
        took.append(time.perf_counter() - began)
    # A hundred microseconds is the promise; a walk of 27 years would take minutes.
    assert min(took) < 100e-6


def test_the_package_needs_nothing_but_the_standard_library():
    script = (
        "import sys; old = set(sys.modules); import rowlock.recurrence;"
        "print(*{name.partition('.')[0] for name in set(sys.modules) - old})"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    # Where Python was built is told by a module of its own.
    loaded = {name for name in ended.stdout.split() if not name.startswith("_sysconfigdata")}
    assert loaded <= {"rowlock", *sys.stdlib_module_names}


EXPLAINED = [
    ("0 9 * * *", "At 09:00 every day, UTC"),
    ("15 30 9,17 * * *", "At 09:30:15 and 17:30:15 every day, UTC"),
    ("*/15 8-17 * * 1-5", "Every 15 minutes from 08:00 to 17:59 on Monday to Friday, UTC"),
    ("* * * * *", "Every minute, UTC"),
    ("*/10 * * * * *", "Every 10 seconds, UTC"),
    ("30 * * * *", "At minute 30 of every hour, UTC"),
    ("5,7 */2 * * *", "At minute 5 and 7 in the hours "),
    ("* * * 1 *", "Every minute in January, UTC"),
    ("*/5 * * * mon", "Every 5 minutes on Monday, UTC"),
    ("0 9 * 1,6-8 *", "At 09:00 every day in January and June to August, UTC"),
    ("0 9 * * mon#1,5L", "At 09:00 on the first Monday and the last Friday of the month, UTC"),
    ("0 9 13 * fri", "At 09:00 on day 13 of the month or on Friday, UTC"),
    ("0 9 */12 * sun", "At 09:00 on day 1, 13 and 25 of the month if it is Sunday, UTC"),
    ("0 9 15W,LW * *", "At 09:00 on the last working day and the working day nearest to day 15"),
    ("@every 36h", "Every 36 hours, UTC"),
    ("@every 2w", "Every 2 weeks, UTC"),
    ("FREQ=DAILY;INTERVAL=3;COUNT=5", "At 09:00 every 3 days, UTC, 5 times"),
    ("FREQ=WEEKLY;BYDAY=MO,WE", "At 09:00 every week on Monday and Wednesday, UTC"),
    ("FREQ=MONTHLY;BYMONTHDAY=1,-1", "At 09:00 every month on day 1 and the last day of the month"),
    ("FREQ=YEARLY", "At 09:00 every year on day 1 of the month in January, UTC"),
    ("FREQ=YEARLY;BYDAY=20MO", "At 09:00 every year on the 20. Monday of the year, UTC"),
    ("FREQ=YEARLY;BYWEEKNO=20", "At 09:00 every year in week 20 of the year on Friday, UTC"),
    ("FREQ=YEARLY;BYYEARDAY=100,-1", "At 09:00 every year on day 100 and the last day of the year"),
    (
        "FREQ=HOURLY;INTERVAL=2;BYHOUR=8,9,10,11;BYDAY=MO",
        "Every 2 hours, counted from 2027-01-01 09:00:00 from 08:00 to 11:59 on Monday, UTC",
    ),
    ("FREQ=DAILY;UNTIL=20270201", "At 09:00 every day, UTC, until 2027-02-01 23:59:59"),
    ("FREQ=DAILY\nRDATE:20270105T120000Z", "At 09:00 every day, UTC, and 1 more given time"),
]


@pytest.mark.parametrize(("text", "expected"), EXPLAINED, ids=str)
def test_it_explains_itself(text: str, expected: str):
    start = None if "FREQ" not in text else "2027-01-01T09:00"
    assert parse(text, start=start).explain().startswith(expected)


def test_a_rule_that_happens_once_says_so():
    once = parse({"startsAt": "2027-01-01T09:00"}, zone="Europe/Berlin")
    assert once.explain() == "Once, at 2027-01-01 09:00:00, Europe/Berlin time"
