"""The rule of seven keys."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rowlock.errors import InvalidValueError
from rowlock.recurrence import parse, parse_rule
from rowlock.recurrence.rule import KEYS
from tests.unit.recurrence.moments import first_texts, utc


def rule(frequency: str, start: str, interval: int = 1, **more: Any) -> dict[str, Any]:
    return {"frequency": frequency, "startsAt": start, "interval": interval, **more}


OCTOBER, NEW_YEAR = "2024-10-28 10:00", "2025-01-01 09:00"
WORKING_DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday"]

CASES = [
    # C56 to C59
    (rule("daily", OCTOBER), "2024-10-29 00:00", "2024-10-29 10:00"),
    (rule("daily", OCTOBER, 2), "2024-10-29 00:00", "2024-10-30 10:00"),
    (rule("daily", OCTOBER, 3), "2024-10-29 00:00", "2024-10-31 10:00"),
    (rule("weekly", OCTOBER), "2024-10-31 00:00", "2024-11-04 10:00"),
    (rule("hourly", "2025-01-01 08:00", 2), "2025-01-01 09:30", "2025-01-01 10:00"),
    (rule("hourly", "2025-01-01 00:00", 6), "2025-01-01 13:00", "2025-01-01 18:00"),
    (rule("minutely", "2025-01-01 00:00", 15), "2025-01-01 00:07", "2025-01-01 00:15"),
    (rule("secondly", "2025-01-01 00:00", 30), "2025-01-01 00:00:31", "2025-01-01 00:01"),
    # C60 to C65: the filters are honoured
    (
        rule("weekly", NEW_YEAR, daysOfWeek=["monday", "friday"]),
        "2025-01-01 10:00",
        "2025-01-03 09:00",
    ),
    (rule("monthly", NEW_YEAR, daysOfMonth=[1, 15]), "2025-01-02 00:00", "2025-01-15 09:00"),
    (rule("monthly", NEW_YEAR, 3, daysOfMonth=[10]), "2025-01-11 00:00", "2025-04-10 09:00"),
    (rule("daily", NEW_YEAR, daysOfWeek=WORKING_DAYS), "2025-01-03 12:00", "2025-01-06 09:00"),
    (
        rule("daily", "2025-01-01 10:00", daysOfWeek=["saturday", "sunday"]),
        "2025-01-01 00:00",
        "2025-01-04 10:00",
    ),
    # Other patterns that the documents name
    (rule("yearly", "2024-01-01 00:00"), "2024-06-01 00:00", "2025-01-01 00:00"),
    (
        rule("yearly", "2024-03-05 08:00", 2, monthsOfYear=["MARCH", "SEPTEMBER"]),
        "2024-09-06 00:00",
        "2026-03-05 08:00",
    ),
    (rule("weekly", "2025-01-01 08:00", 2), "2025-01-02 00:00", "2025-01-15 08:00"),
    (
        rule("weekly", NEW_YEAR, daysOfWeek=["monday"], daysOfMonth=[1, 2, 3, 4, 5, 6, 7]),
        "2025-01-07 00:00",
        "2025-02-03 09:00",
    ),
    # Nothing ends after a hundred occurrences
    (rule("daily", NEW_YEAR), "2025-04-20 00:00", "2025-04-20 09:00"),
    (rule("minutely", NEW_YEAR, 5), "2031-01-01 00:01", "2031-01-01 00:05"),
    # Months without such a day are left out
    (rule("monthly", "2025-01-31 09:00"), "2025-02-01 00:00", "2025-03-31 09:00"),
    (rule("yearly", "2024-02-29 09:00"), "2024-03-01 00:00", "2028-02-29 09:00"),
    # C66
    (rule("daily", OCTOBER), "2020-01-01 00:00", OCTOBER),
]


@pytest.mark.parametrize(("keys", "now", "expected"), CASES)
def test_the_next_run_is_the_first_that_is_not_past(keys: dict[str, Any], now: str, expected: str):
    assert parse_rule(keys).next(utc(now), inclusive=True) == utc(expected)


def test_the_present_moment_counts_only_if_asked_for():
    daily = parse_rule(rule("daily", OCTOBER))
    now = utc("2024-10-30 10:00")
    assert daily.next(now, inclusive=True) == now
    assert daily.next(now) == utc("2024-10-31 10:00")


def test_after_its_end_there_is_nothing_more():
    ended = parse_rule(rule("daily", OCTOBER, endsAt="2024-10-30 10:00"))
    assert ended.next(utc("2024-10-30 09:00")) == utc("2024-10-30 10:00")
    assert ended.next(utc("2024-10-30 10:00")) is None


def test_the_frequency_none_happens_once():
    once = parse_rule(rule("none", OCTOBER))
    assert once.next(utc("2024-01-01")) == utc(OCTOBER)
    assert once.next(utc(OCTOBER)) is None


def test_the_keys_come_back_as_they_are_stored():
    given = rule(
        "Monthly", OCTOBER, 2, daysOfWeek=["FRIDAY"], daysOfMonth=[13], monthsOfYear=["june"]
    )
    stored = parse_rule(given).to_json()
    assert tuple(stored["rule"]) == KEYS
    assert (
        stored["rule"]
        == {
            "frequency": "monthly",
            "startsAt": "2024-10-28T10:00:00Z",
            "endsAt": "9999-12-31T23:59:59Z",
            "interval": 2,
            "daysOfWeek": ["friday"],
            "daysOfMonth": [13],
            "monthsOfYear": ["JUNE"],
        }
        == parse(stored).to_json()["rule"]
    )


def test_a_rule_goes_by_the_clock_of_its_zone():
    daily = parse_rule(rule("daily", "2025-03-28 09:00"), zone="Europe/Berlin")
    assert first_texts(daily, 4)[1:] == [f"2025-03-{day} 09:00" for day in (29, 30, 31)]
    assert parse(json.dumps(daily.to_json()["rule"]), zone="Europe/Berlin") == daily


REFUSED = [
    ({"frequency": "daily"}, "startsAt", "must be given"),
    (rule("daily", OCTOBER, 0), "interval", "must be positive"),
    (rule("daily", OCTOBER, -1), "interval", "must be positive"),
    (rule("daily", OCTOBER, 40_000), "interval", "longer than a century"),
    (rule("sometimes", OCTOBER), "frequency", "is not one of none, secondly"),
    (rule("daily", "soon"), "startsAt", "is not a moment"),
    (rule("daily", OCTOBER, endsAt="2024-10-01"), "endsAt", "before startsAt"),
    (rule("daily", OCTOBER, daysOfWeek=["mon"]), "daysOfWeek", "is not one of monday"),
    (rule("daily", OCTOBER, daysOfWeek="monday"), "daysOfWeek", "must be a list"),
    (rule("daily", OCTOBER, daysOfMonth=[32]), "daysOfMonth", "must be 1 to 31"),
    (rule("daily", OCTOBER, monthsOfYear=[1]), "monthsOfYear", "is not one of JANUARY"),
    (rule("daily", OCTOBER, byday=1), "rule", "byday is none of frequency"),
    (
        rule("monthly", OCTOBER, daysOfMonth=[30], monthsOfYear=["FEBRUARY"]),
        "rule",
        "never happens",
    ),
    ("[]", "rule", "must be an object"),
    ("{", "rule", "is not JSON"),
]


@pytest.mark.parametrize(("keys", "field", "problem"), REFUSED)
def test_what_cannot_be_is_refused_with_its_key(keys: Any, field: str, problem: str):
    with pytest.raises(InvalidValueError) as caught:
        parse_rule(keys)
    assert caught.value.field == field
    assert problem in caught.value.problem
