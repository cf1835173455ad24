"""Cron expressions: every notation, and what is refused."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from rowlock.errors import InvalidValueError
from rowlock.recurrence import parse, parse_cron
from tests.unit.recurrence.moments import first_texts, utc

CASES = [
    ("*/20 * * * *", "2000-01-01 00:00, 2000-01-01 00:20"),
    ("5/25 4 * * *", "2000-01-01 04:05, 2000-01-01 04:30, 2000-01-01 04:55, 2000-01-02 04:05"),
    ("10-40/15 4 * * *", "2000-01-01 04:10, 2000-01-01 04:25, 2000-01-01 04:40"),
    ("0 22-2/2 * * *", "2000-01-01 00:00, 2000-01-01 02:00, 2000-01-01 22:00"),
    ("0 9 * * mon-fri", "2000-01-03 09:00, 2000-01-04 09:00, 2000-01-05 09:00"),
    ("0 9 * * FRI-Mon", "2000-01-01 09:00, 2000-01-02 09:00, 2000-01-03 09:00, 2000-01-07 09:00"),
    ("0 9 * * 6-7", "2000-01-01 09:00, 2000-01-02 09:00, 2000-01-08 09:00"),
    ("0 9 1 nov-feb *", "2000-01-01 09:00, 2000-02-01 09:00, 2000-11-01 09:00"),
    ("0 9 30-2 2-3 *", "2000-02-01 09:00, 2000-02-02 09:00, 2000-03-01 09:00, 2000-03-02 09:00"),
    ("0 9 L * *", "2000-01-31 09:00, 2000-02-29 09:00, 2000-03-31 09:00, 2000-04-30 09:00"),
    ("0 9 L,2-31 * *", "2000-01-02 09:00, 2000-01-03 09:00"),
    ("0 9 LW * *", "2000-01-31 09:00, 2000-02-29 09:00, 2000-03-31 09:00, 2000-04-28 09:00"),
    ("0 9 1W * *", "2000-01-03 09:00, 2000-02-01 09:00, 2000-03-01 09:00, 2000-04-03 09:00"),
    ("0 9 15W * *", "2000-01-14 09:00, 2000-02-15 09:00, 2000-03-15 09:00, 2000-04-14 09:00"),
    ("0 9 30W * *", "2000-01-31 09:00, 2000-03-30 09:00, 2000-04-28 09:00"),
    ("0 9 * * 5L", "2000-01-28 09:00, 2000-02-25 09:00, 2000-03-31 09:00"),
    ("0 9 * * friL", "2000-01-28 09:00, 2000-02-25 09:00, 2000-03-31 09:00"),
    ("0 9 * * mon#1", "2000-01-03 09:00, 2000-02-07 09:00, 2000-03-06 09:00"),
    ("0 9 * * 0#5", "2000-01-30 09:00, 2000-04-30 09:00"),
    ("0 9 ? * mon", "2000-01-03 09:00, 2000-01-10 09:00"),
    ("0 9 13 * ?", "2000-01-13 09:00, 2000-02-13 09:00"),
    # Both days restricted: either suffices. One that begins with *: both must hold.
    ("0 9 13 * fri", "2000-01-07 09:00, 2000-01-13 09:00, 2000-01-14 09:00"),
    ("0 9 */2 * sat", "2000-01-01 09:00, 2000-01-15 09:00, 2000-01-29 09:00"),
    ("0 9 29 2 *", "2000-02-29 09:00, 2004-02-29 09:00"),
    ("30 0 9 * * *", "2000-01-01 09:00, 2000-01-02 09:00"),
    ("@hourly", "2000-01-01 00:00, 2000-01-01 01:00"),
    ("@daily", "2000-01-01 00:00, 2000-01-02 00:00"),
    ("@midnight", "2000-01-01 00:00, 2000-01-02 00:00"),
    ("@weekly", "2000-01-02 00:00, 2000-01-09 00:00"),
    ("@monthly", "2000-01-01 00:00, 2000-02-01 00:00"),
    ("@yearly", "2000-01-01 00:00, 2001-01-01 00:00"),
    ("@Annually", "2000-01-01 00:00, 2001-01-01 00:00"),
]


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_an_expression_happens_at(text: str, expected: str):
    moments = expected.split(", ")
    assert first_texts(parse_cron(text), len(moments)) == moments


def test_six_fields_begin_with_seconds():
    often = parse_cron("*/15 * * * * *")
    start = utc("2027-01-01")
    found = often.between(start, start + timedelta(minutes=1))
    assert found == [start + timedelta(seconds=15 * count) for count in range(4)]


def test_every_counts_from_its_start_or_from_1970():
    start = utc("2027-01-01 00:00:07")
    assert parse_cron("@every 1m30s", start=start).next(start) == start + timedelta(seconds=90)
    assert parse_cron("@every 90s").next(utc("2027-01-01")) == utc("2027-01-01 00:01:30")


def test_an_expression_has_bounds():
    daily = parse_cron("0 9 * * *", start="2027-01-02 09:00", end="2027-01-03 09:00")
    assert first_texts(daily, 9) == ["2027-01-02 09:00", "2027-01-03 09:00"]
    assert parse(daily.to_json()) == daily


def spread(text: str, key: str) -> str:
    return first_texts(parse_cron(text, key=key), 1)[0]


def test_spread_times_are_the_same_for_a_key_and_differ_between_keys():
    found = {key: spread("H H * * *", key) for key in map(str, range(40))}
    assert found == {key: spread("h h * * *", key) for key in found}
    assert len(set(found.values())) > 30


@pytest.mark.parametrize("key", ["a", "b", "report", "ü"])
def test_spread_times_stay_in_their_range_and_step(key: str):
    minutes = {text[-2:] for text in first_texts(parse_cron("H/15 * * * *", key=key), 40)}
    assert len(minutes) == 4
    assert {int(minute) % 15 for minute in minutes} == {int(min(minutes))}
    hours = {int(text[11:13]) for text in first_texts(parse_cron("0 H(1-5) * * *", key=key), 9)}
    assert hours <= {1, 2, 3, 4, 5}
    assert len(hours) == 1


REFUSED = [
    ("", "cron", "must be text"),
    ("* * * *", "cron", "has 4 fields"),
    ("* * * * * * *", "cron", "has 7 fields"),
    ("60 * * * *", "minute", "60 is outside 0 to 59"),
    ("60 * * * * *", "second", "60 is outside 0 to 59"),
    ("* 24 * * *", "hour", "24 is outside 0 to 23"),
    ("* * 0 * *", "day of month", "0 is outside 1 to 31"),
    ("* * * 13 *", "month", "13 is outside 1 to 12"),
    ("* * * * 8", "day of week", "8 is outside 0 to 7"),
    ("* * * foo *", "month", "'foo' is not a number from 1 to 12 or jan to dec"),
    ("*/0 * * * *", "minute", "step 0 is outside 1 to 60"),
    ("*/90 * * * *", "minute", "@every takes longer steps"),
    ("1- * * * *", "minute", "is not a number, a range"),
    ("? * * * *", "minute", "is not a number, a range"),
    ("1,,2 * * * *", "minute", "is not a number, a range"),
    ("-1 * * * *", "minute", "is not a number, a range"),
    ("٣ * * * *", "minute", "is not a number"),
    ("* * 32W * *", "day of month", "32 is outside 1 to 31"),
    ("* * * * mon#6", "day of week", "must end in #1 to #5"),
    ("H * * * *", "minute", "needs a key"),
    ("@reboot", "cron", "is not one of @every, @yearly"),
    ("@every 500ms", "@every", "is not whole weeks"),
    ("@every 0s", "@every", "between a second and a century"),
    ("@every 99999999999w", "@every", "is not whole weeks"),
    ("0 0 30 2 *", "cron", "never happens"),
    ("0 0 31 4,6,9,11 *", "cron", "never happens"),
    ("x" * 20_000, "cron", "at most 10,000"),
    (None, "cron", "must be text"),
]


@pytest.mark.parametrize(("text", "field", "problem"), REFUSED)
def test_what_cannot_be_is_refused_with_its_field(text: Any, field: str, problem: str):
    with pytest.raises(InvalidValueError) as caught:
        parse_cron(text)
    assert caught.value.field == field
    assert problem in caught.value.problem


@pytest.mark.parametrize(
    ("option", "value", "problem"),
    [
        ("zone", "Europe/Atlantis", "is not a time zone such as"),
        ("zone", "localtime", "is not a time zone such as"),
        ("zone", "../etc/passwd", "is not a time zone such as"),
        ("zone", "", "is not a time zone such as"),
        ("zone", None, "is not a time zone such as"),
        ("gap", "later", "is not one of end, move, skip"),
        ("overlap", "never", "is not one of first, last, both"),
        ("start", "tomorrow", "is not a moment such as"),
        ("start", 5, "is not a moment such as"),
        ("start", "0001-01-01", "within the years 2 to 9998"),
    ],
)
def test_an_option_that_cannot_be_is_refused(option: str, value: Any, problem: str):
    with pytest.raises(InvalidValueError) as caught:
        parse_cron("* * * * *", **{option: value})
    assert caught.value.field == option
    assert problem in caught.value.problem


def test_an_end_before_the_start_is_refused():
    with pytest.raises(InvalidValueError, match="end: is before the start"):
        parse_cron("* * * * *", start="2027-01-02", end="2027-01-01")
