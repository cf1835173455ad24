"""RFC 5545 text: its own examples, what is ours, and what is refused."""

from __future__ import annotations

from datetime import timedelta

import pytest

from rowlock.errors import InvalidValueError
from rowlock.recurrence import Recurrence, parse, parse_rrule
from tests.unit.recurrence.moments import first_texts, in_zone, utc

START = "1997-09-02T09:00"


def rrule(rule: str, start: str = START) -> Recurrence:
    return parse_rrule(rule, start=start, zone="America/New_York")


def days(recurrence: Recurrence, count: int) -> str:
    """The first days from 1997 on, as `9/2`."""
    at = utc("1997-01-01")
    found = recurrence.between(at, at + timedelta(days=20_000), limit=count)
    return " ".join(f"{day.month}/{day.day}" for day in found)


RFC = [
    ("FREQ=DAILY;INTERVAL=10;COUNT=5", "9/2 9/12 9/22 10/2 10/12"),
    ("FREQ=WEEKLY;INTERVAL=2;WKST=SU", "9/2 9/16 9/30 10/14"),
    ("FREQ=WEEKLY;UNTIL=19971007T000000Z;WKST=SU;BYDAY=TU,TH", "9/2 9/4 9/9 9/11"),
    ("FREQ=WEEKLY;INTERVAL=2;COUNT=8;WKST=SU;BYDAY=TU,TH", "9/2 9/4 9/16 9/18 9/30 10/2"),
    ("FREQ=MONTHLY;COUNT=10;BYDAY=1FR", "9/5 10/3 11/7 12/5 1/2"),
    ("FREQ=MONTHLY;INTERVAL=2;COUNT=10;BYDAY=1SU,-1SU", "9/7 9/28 11/2 11/30 1/4"),
    ("FREQ=MONTHLY;COUNT=6;BYDAY=-2MO", "9/22 10/20 11/17 12/22 1/19"),
    ("FREQ=MONTHLY;BYMONTHDAY=-3", "9/28 10/29 11/28 12/29 1/29 2/26"),
    ("FREQ=MONTHLY;COUNT=10;BYMONTHDAY=1,-1", "9/30 10/1 10/31 11/1 11/30"),
    ("FREQ=YEARLY;COUNT=4;BYMONTH=6,7", "6/2 7/2 6/2 7/2"),
    ("FREQ=YEARLY;INTERVAL=3;COUNT=10;BYYEARDAY=1,100,200", "1/1 4/9 7/18 1/1 4/10"),
    ("FREQ=YEARLY;BYDAY=20MO", "5/18 5/17 5/15"),
    ("FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO", "5/11 5/17 5/15"),
    ("FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13", "2/13 3/13 11/13 8/13"),
    ("FREQ=MONTHLY;BYDAY=SA;BYMONTHDAY=7,8,9,10,11,12,13", "9/13 10/11 11/8 12/13"),
    ("FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8", "11/4 11/6 11/8"),
    ("FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3", "9/4 10/7 11/6"),
    ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2", "9/29 10/30 11/27 12/30"),
    ("FREQ=MONTHLY;BYMONTHDAY=15,30;COUNT=5", "9/15 9/30 10/15 10/30 11/15"),
    # Ours: a week without a day has that of the start, a Tuesday.
    ("FREQ=YEARLY;BYWEEKNO=20", "5/12 5/18 5/16"),
    # Ours: days with and without a number add up.
    ("FREQ=MONTHLY;BYDAY=1FR,MO", "9/5 9/8 9/15 9/22 9/29 10/3"),
]


@pytest.mark.parametrize(("rule", "expected"), RFC)
def test_a_rule_happens_on(rule: str, expected: str):
    assert days(rrule(rule), len(expected.split())) == expected


def test_the_start_of_the_week_decides_which_weeks_count():
    rule = "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;WKST="
    found = {first: days(rrule(rule + first, "1997-08-05T09:00"), 4) for first in ("MO", "SU")}
    assert found == {"MO": "8/5 8/10 8/19 8/24", "SU": "8/5 8/17 8/19 8/31"}


def test_rules_in_minutes_are_limited_by_hours():
    rule = rrule("FREQ=MINUTELY;INTERVAL=20;BYHOUR=9,16")
    found = rule.between(utc("1997-09-02"), utc("1997-09-03"))
    assert [f"{one:%H:%M}" for one in found] == [
        f"{hour}:{minute:02}" for hour in (13, 20) for minute in (0, 20, 40)
    ]


def test_several_minutes_in_every_second_hour():
    rule = rrule("FREQ=HOURLY;INTERVAL=2;BYMINUTE=10,40")
    found = rule.between(utc("1997-09-02"), utc("1997-09-02 17:00"))
    assert [f"{one:%H:%M}" for one in found] == ["13:10", "13:40", "15:10", "15:40"]


CALENDAR = """\
DTSTART;TZID=Europe/Berlin:20270101T090000
RRULE:FREQ=DAILY;
 COUNT=5
EXDATE;TZID=Europe/Berlin:20270102T090000
EXDATE;VALUE=DATE:20270104
RDATE;TZID=America/New_York:20270110T120000
RDATE:20270111T120000Z
RDATE;VALUE=DATE:20270112
"""


def test_dates_are_added_and_removed():
    recurrence = parse_rrule(CALENDAR)
    assert recurrence.zone == "Europe/Berlin"
    assert recurrence.between(utc("2026-01-01"), utc("2028-01-01")) == [
        in_zone(text, "Europe/Berlin")
        for text in (
            "2027-01-01 09:00", "2027-01-03 09:00", "2027-01-05 09:00",
            "2027-01-10 18:00", "2027-01-11 13:00", "2027-01-12 09:00",
        )
    ]  # fmt: skip
    assert parse(recurrence.to_json()) == recurrence


def test_a_day_can_be_taken_out_of_a_rule_in_seconds():
    rule = parse_rrule(
        "DTSTART:20270101T000000Z\nRRULE:FREQ=SECONDLY;INTERVAL=5\nEXDATE;VALUE=DATE:20270102"
    )
    assert rule.next(utc("2027-01-01 23:59:55")) == utc("2027-01-03")
    assert rule.previous(utc("2027-01-03")) == utc("2027-01-01 23:59:55")


@pytest.mark.parametrize(
    ("until", "last"),
    [("20270103T080000Z", "01-03"), ("20270103T085959", "01-02"), ("20270103", "01-03")],
)
def test_the_end_counts_and_a_date_means_all_of_its_day(until: str, last: str):
    rule = parse_rrule(f"FREQ=DAILY;UNTIL={until}", start="2027-01-01T09:00", zone="Europe/Berlin")
    found = rule.previous(utc("2028-01-01"))
    assert found is not None
    assert f"{found:%m-%d}" == last


def test_a_start_given_apart_is_stored_with_the_rule():
    rule = parse_rrule("FREQ=WEEKLY", start="2027-01-01T09:00", zone="Europe/Berlin")
    assert rule.text == "DTSTART:20270101T080000Z\nRRULE:FREQ=WEEKLY"
    assert parse(rule.to_json()) == rule


def test_the_start_happens_only_if_it_fits():
    assert first_texts(parse_rrule("FREQ=DAILY;BYDAY=SU", start="2027-01-01T09:00"), 1) == [
        "2027-01-03 09:00"
    ]


REFUSED = [
    ("FREQ=DAILY;COUNT=2;UNTIL=20280101", "COUNT", "may not stand with UNTIL"),
    ("FREQ=DAILY;INTERVAL=0", "INTERVAL", "at least 1"),
    ("FREQ=DAILY;INTERVAL=-1", "INTERVAL", "at least 1"),
    ("FREQ=YEARLY;INTERVAL=101", "INTERVAL", "longer than a century"),
    ("FREQ=DAILY;COUNT=0", "COUNT", "at least 1"),
    ("FREQ=DAILY;COUNT=10001", "COUNT", "at most 10,000"),
    ("FREQ=FORTNIGHTLY", "FREQ", "must be one of SECONDLY"),
    ("INTERVAL=2", "FREQ", "must be one of SECONDLY"),
    ("FREQ=DAILY;FREQ=DAILY", "FREQ", "is given twice"),
    ("FREQ=DAILY;BYDAY=1MO", "BYDAY", "may have numbers with FREQ=MONTHLY"),
    ("FREQ=YEARLY;BYWEEKNO=3;BYDAY=1MO", "BYDAY", "not with BYWEEKNO"),
    ("FREQ=MONTHLY;BYDAY=0MO", "BYDAY", "the number must be"),
    ("FREQ=MONTHLY;BYDAY=XX", "BYDAY", "is not a day such as"),
    ("FREQ=MONTHLY;BYMONTHDAY=32", "BYMONTHDAY", "must be 1 to 31 or -31 to -1"),
    ("FREQ=MONTHLY;BYMONTHDAY=0", "BYMONTHDAY", "must be 1 to 31"),
    ("FREQ=WEEKLY;BYMONTHDAY=1", "BYMONTHDAY", "may not stand with FREQ=WEEKLY"),
    ("FREQ=MONTHLY;BYWEEKNO=1", "BYWEEKNO", "is for FREQ=YEARLY only"),
    ("FREQ=DAILY;BYYEARDAY=1", "BYYEARDAY", "may not stand with FREQ=DAILY"),
    ("FREQ=DAILY;BYSECOND=60", "BYSECOND", "must be 0 to 59"),
    ("FREQ=DAILY;BYHOUR=-1", "BYHOUR", "must be 0 to 23"),
    ("FREQ=DAILY;BYSETPOS=1", "BYSETPOS", "needs another BY part"),
    ("FREQ=DAILY;WKST=XX", "WKST", "is not one of MO"),
    ("FREQ=DAILY;RSCALE=CHINESE", "RRULE", "RSCALE is not known"),
    ("FREQ=DAILY;BYDAY", "RRULE", "is not a part such as"),
    ("FREQ=DAILY;UNTIL=20260101", "UNTIL", "is before the start"),
    ("FREQ=DAILY;UNTIL=soon", "UNTIL", "is not a moment such as"),
    ("FREQ=DAILY\nRRULE:FREQ=WEEKLY", "RRULE", "must be there once, not 2 times"),
    ("EXDATE:20270101T090000Z", "RRULE", "must be there once, not 0 times"),
    ("FREQ=DAILY\nEXRULE:FREQ=WEEKLY", "rrule", "'EXRULE' is none of DTSTART"),
    ("FREQ=DAILY\nDTSTART:20270101T090000", "DTSTART", "must be given once"),
    ("FREQ=DAILY\nRDATE;VALUE=PERIOD:20270101T090000Z/P1D", "RDATE", "is not supported"),
    ("FREQ=DAILY\nEXDATE:20270230", "EXDATE", "is not a moment such as"),
    ("FREQ=DAILY\nEXDATE;TZID=Nowhere:20270103T000000", "TZID", "is not a time zone"),
    ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "rrule", "never happens"),
    ("FREQ=HOURLY;INTERVAL=2;BYHOUR=4", "rrule", "never happens"),
    ("FREQ=SECONDLY;INTERVAL=2;BYSECOND=3", "rrule", "never happens"),
    ("FREQ=MINUTELY;BYMONTH=3;BYSETPOS=2", "BYSETPOS", "has only 1 to choose from"),
    ("FREQ=HOURLY;BYMINUTE=1,2;BYSETPOS=-3", "BYSETPOS", "has only 2 to choose from"),
    ("FREQ=DAILY;BYHOUR=1,2,3;BYSETPOS=4", "BYSETPOS", "has only 3 to choose from"),
    ("FREQ=DAILY;COUNT=1\nEXDATE:20270101T090000Z", "rrule", "never happens"),
]


@pytest.mark.parametrize(("text", "field", "problem"), REFUSED)
def test_what_cannot_be_is_refused_with_its_part(text: str, field: str, problem: str):
    with pytest.raises(InvalidValueError) as caught:
        parse_rrule(text, start=utc("2027-01-01 09:00"))
    assert caught.value.field == field
    assert problem in caught.value.problem


def test_a_count_is_kept_wherever_it_is_asked_from():
    text = "DTSTART:19691231T235958Z\nRRULE:FREQ=SECONDLY;COUNT=5;BYSECOND=58,59,0,1,3,7"
    last = utc("1970-01-01 00:00:03")
    assert parse(text).previous(utc("2027-01-01")) == last
    asked = parse(text)
    assert asked.next(utc("1970-01-01 00:00:01")) == last
    assert asked.next(utc("1960-01-01")) == utc("1969-12-31 23:59:58")
    assert asked.next(last) is None


def test_a_rule_needs_a_start():
    with pytest.raises(InvalidValueError, match="DTSTART: must be given once"):
        parse_rrule("FREQ=DAILY")


def test_two_zones_that_disagree_are_refused():
    with pytest.raises(InvalidValueError, match="zone: is 'UTC', but DTSTART says"):
        parse_rrule(CALENDAR, zone="UTC")
