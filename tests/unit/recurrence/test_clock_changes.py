"""Local times that do not exist or happen twice, in zones that change in different ways."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rowlock.recurrence import parse_cron, parse_rrule
from tests.unit.recurrence.moments import in_zone, local_texts, utc

GAPS = [
    ("Europe/Berlin", "30 2", "2027-03-28", "03:00+0200"),
    ("America/New_York", "30 2", "2027-03-14", "03:00-0400"),
    ("Australia/Lord_Howe", "15 2", "2026-10-04", "02:30+1100"),
    ("Africa/Cairo", "30 0", "2027-04-30", "01:00+0300"),
    ("Africa/Casablanca", "30 2", "2027-03-14", "03:00+0100"),
    ("America/Sao_Paulo", "30 0", "2018-11-04", "01:00-0200"),
    ("Asia/Tehran", "30 0", "2022-03-22", "01:00+0430"),
    ("Asia/Kathmandu", "5 0", "1986-01-01", "00:15+0545"),
]


@pytest.mark.parametrize(("zone", "time", "day", "shown"), GAPS)
def test_a_time_in_a_gap_happens_once_at_its_end(zone: str, time: str, day: str, shown: str):
    daily = parse_cron(f"{time} * * *", zone=zone)
    start = in_zone(f"{day} 12:00", zone) - timedelta(hours=18)
    assert local_texts(daily, start, start + timedelta(hours=20)) == [f"{day} {shown}!"]


OVERLAPS = [
    ("Europe/Berlin", "30 2", "2026-10-25 02:30", "+0200", "+0100"),
    ("America/New_York", "30 1", "2026-11-01 01:30", "-0400", "-0500"),
    ("Australia/Lord_Howe", "45 1", "2027-04-04 01:45", "+1100", "+1030"),
    ("America/Sao_Paulo", "30 23", "2018-02-17 23:30", "-0200", "-0300"),
    ("Asia/Tehran", "30 23", "2022-09-21 23:30", "+0430", "+0330"),
    ("Africa/Casablanca", "30 2", "2027-02-07 02:30", "+0100", "+0000"),
    ("Africa/Cairo", "30 23", "2026-10-29 23:30", "+0300", "+0200"),
]


@pytest.mark.parametrize(("zone", "time", "local", "before", "after"), OVERLAPS)
def test_a_repeated_time_happens_once_or_as_told(
    zone: str, time: str, local: str, before: str, after: str
):
    start = in_zone(local, zone) - timedelta(hours=12)
    found = {
        overlap: local_texts(
            parse_cron(f"{time} * * *", zone=zone, overlap=overlap),
            start,
            start + timedelta(hours=24),
        )
        for overlap in ("first", "last", "both")
    }
    assert found == {
        "first": [local + before],
        "last": [local + after],
        "both": [local + before, local + after],
    }


def test_a_gap_can_be_skipped_or_moved_over():
    start, end = utc("2027-03-27 12:00"), utc("2027-03-28 12:00")
    found = {
        gap: local_texts(parse_cron("30 2 * * *", zone="Europe/Berlin", gap=gap), start, end)
        for gap in ("end", "move", "skip")
    }
    assert found == {
        "end": ["2027-03-28 03:00+0200!"],
        "move": ["2027-03-28 03:30+0200!"],
        "skip": [],
    }


def test_many_times_in_one_gap_happen_once():
    often = parse_cron("*/5 2 * * *", zone="Europe/Berlin")
    found = local_texts(often, utc("2027-03-27 12:00"), utc("2027-03-28 12:00"))
    assert found == ["2027-03-28 03:00+0200!"]


@pytest.mark.parametrize(
    ("text", "day", "expected"),
    [
        ("*/5 2 * * *", "2027-10-31", [f"02:{minute:02}+0200" for minute in range(0, 60, 5)]),
        ("0 */2 * * *", "2027-03-28", ["00:00+0100", "03:00+0200!", "04:00+0200"]),
        ("0 */2 * * *", "2027-10-31", ["00:00+0200", "02:00+0200", "04:00+0100"]),
        ("30 2 * * *", "2027-03-28", ["03:00+0200!"]),
        ("30 * * * *", "2027-03-28", ["00:30+0100", "01:30+0100", "03:30+0200"]),
        ("30 0-23 * * *", "2027-10-31", [
            "00:30+0200", "01:30+0200", "02:30+0200", "02:30+0100", "03:30+0100",
        ]),
    ],
)  # fmt: skip
def test_the_table_of_clock_changes_is_true(text: str, day: str, expected: list[str]):
    start, end = (in_zone(f"{day} {time}", "Europe/Berlin") for time in ("00:00", "04:20"))
    found = local_texts(parse_cron(text, zone="Europe/Berlin"), start, end)
    assert found == [f"{day} {time}" for time in expected]


def test_a_shifted_time_that_meets_another_is_not_flagged():
    both = parse_cron("30 2,3 * * *", zone="Europe/Berlin", gap="move")
    found = local_texts(both, utc("2027-03-28 00:00"), utc("2027-03-28 12:00"))
    assert found == ["2027-03-28 03:30+0200"]


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", "2026-10-25", 25),
        ("Europe/Berlin", "2027-03-28", 23),
        ("America/New_York", "2026-11-01", 25),
        ("America/New_York", "2027-03-14", 23),
        ("Africa/Cairo", "2027-04-30", 23),
        ("Asia/Kathmandu", "2027-03-28", 24),
    ],
)
def test_every_hour_goes_by_elapsed_time(zone: str, day: str, hours: int):
    start = datetime.fromisoformat(day).replace(tzinfo=ZoneInfo(zone))
    end = start + timedelta(days=1)
    hourly = parse_cron("0 * * * *", zone=zone)
    first = hourly.next(start, inclusive=True)
    assert first is not None
    found = hourly.between(start.astimezone(UTC), end.astimezone(UTC))
    assert found == [first + timedelta(hours=hour) for hour in range(hours)]


def test_every_minute_of_a_change_of_half_an_hour_is_met_once():
    zone = "Australia/Lord_Howe"
    start = in_zone("2027-04-04 01:00", zone)
    found = parse_cron("* * * * *", zone=zone).between(start, start + timedelta(hours=2))
    assert found == [start + timedelta(minutes=minute) for minute in range(120)]


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Australia/Lord_Howe", "Pacific/Apia"])
def test_rules_in_hours_count_elapsed_time_across_changes(zone: str):
    start = in_zone("2011-03-01 09:00", zone)
    rule = parse_rrule("FREQ=HOURLY;INTERVAL=2", zone=zone, start=start)
    found = rule.between(start, start + timedelta(days=365), limit=5000)
    assert found == [start + timedelta(hours=2 * count) for count in range(365 * 12)]


def test_two_thirty_every_day_of_a_year_is_there_365_times():
    daily = parse_cron("30 2 * * *", zone="Europe/Berlin")
    found = daily.simulate(in_zone("2027-01-01", "Europe/Berlin"), utc("2027-12-31 23:00"))
    assert len(found) == 365
    assert [(str(one.local)[:10], one.change) for one in found if one.change] == [
        ("2027-03-28", "shifted"),
        ("2027-10-31", "first"),
    ]


def test_the_day_that_apia_left_out_is_a_gap_like_any_other():
    start, end = in_zone("2011-12-28", "Pacific/Apia"), in_zone("2012-01-01", "Pacific/Apia")
    found = {
        gap: local_texts(parse_cron("0 9 * * *", zone="Pacific/Apia", gap=gap), start, end)
        for gap in ("end", "move", "skip")
    }
    usual = ["2011-12-28 09:00-1000", "2011-12-29 09:00-1000", "2011-12-31 09:00+1400"]
    assert found["skip"] == found["move"] == usual
    assert found["end"] == [*usual[:2], "2011-12-31 00:00+1400!", usual[2]]


def test_a_start_in_a_gap_is_the_end_of_the_gap():
    rule = parse_rrule("DTSTART;TZID=Europe/Berlin:20270328T023000\nRRULE:FREQ=DAILY;COUNT=2")
    found = local_texts(rule, utc("2027-03-01"), utc("2027-05-01"))
    # What the start leaves open is what the clock shows then.
    assert found == ["2027-03-28 03:00+0200", "2027-03-29 03:00+0200"]


ZONES = [
    "Europe/Berlin", "America/New_York", "America/Sao_Paulo", "Australia/Lord_Howe",
    "Asia/Tehran", "Africa/Casablanca", "Pacific/Apia", "Asia/Kathmandu",
]  # fmt: skip


def slow_first(hour: int, minute: int, zone: str, at: datetime, last: datetime) -> list[datetime]:
    """Every first pass of a time of day, looked for minute by minute on the clock itself."""
    info = ZoneInfo(zone)
    found: dict[tuple[int, int, int], datetime] = {}
    while at < last:
        local = at.astimezone(info)
        if (local.hour, local.minute) == (hour, minute):
            found.setdefault((local.year, local.month, local.day), at)
        at += timedelta(minutes=1)
    return list(found.values())


@cache
def changes(zone: str) -> list[datetime]:
    """The days since 1980 before which the offset was another."""
    info = ZoneInfo(zone)
    days = [datetime(1980, 1, 1, tzinfo=UTC) + timedelta(days=day) for day in range(47 * 365)]
    offsets = [day.astimezone(info).utcoffset() for day in days]
    return [
        day for day, old, new in zip(days[1:], offsets, offsets[1:], strict=False) if old != new
    ]


@settings(
    max_examples=300,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(st.sampled_from(ZONES), st.data(), st.integers(0, 23), st.integers(0, 59))
def test_around_changes_a_slow_search_finds_the_same(
    zone: str, data: st.DataObject, hour: int, minute: int
):
    change = data.draw(st.sampled_from(changes(zone)))
    start, end = change - timedelta(hours=28), change + timedelta(hours=6)
    daily = parse_cron(f"{minute} {hour} * * *", zone=zone, gap="skip")
    # The slow search has not seen what came before.
    calm = start + timedelta(hours=2)
    found = [one for one in slow_first(hour, minute, zone, start, end) if one >= calm]
    assert daily.between(calm, end) == found


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(
    st.sampled_from(ZONES),
    st.sampled_from(["end", "move", "skip"]),
    st.sampled_from(["first", "last", "both"]),
    st.data(),
)
def test_next_and_previous_see_the_same_occurrences(
    zone: str, gap: str, overlap: str, data: st.DataObject
):
    change = data.draw(st.sampled_from(changes(zone)))
    often = parse_cron("*/20 1-3,23 * * *", zone=zone, gap=gap, overlap=overlap)
    start, end = change - timedelta(days=1), change + timedelta(days=1)
    found = often.between(start, end)
    assert found == sorted(set(found))
    backwards: list[datetime] = []
    before = often.previous(end)
    while before is not None and before >= start:
        backwards.append(before)
        before = often.previous(before)
    assert backwards[::-1] == found


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(
    st.sampled_from(ZONES),
    st.sampled_from([("MINUTELY", 60), ("HOURLY", 3600)]),
    st.integers(1, 50),
    st.sets(st.integers(0, 23), min_size=3),
    st.data(),
)
def test_rules_of_elapsed_time_are_every_step_that_the_clock_lets_pass(
    zone: str, unit: tuple[str, int], interval: int, hours: set[int], data: st.DataObject
):
    change = data.draw(st.sampled_from(changes(zone)))
    start, end = change - timedelta(days=1, minutes=7), change + timedelta(days=2)
    said = f"FREQ={unit[0]};INTERVAL={interval};BYHOUR={','.join(map(str, hours))}"
    step = timedelta(seconds=unit[1] * interval)
    steps = [start + step * count for count in range((end - start) // step + 1)]
    info = ZoneInfo(zone)
    passing = [one for one in steps if one < end and one.astimezone(info).hour in hours]
    if passing:
        rule = parse_rrule(said, zone=zone, start=start)
        assert rule.between(start, end, limit=10_000) == passing
