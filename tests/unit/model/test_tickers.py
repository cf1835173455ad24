"""The grid on which tickers tick, and what may be said of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rowlock.errors import InvalidValueError
from rowlock.model.tickers import (
    MAX_INTERVAL,
    MIN_INTERVAL,
    Tick,
    Ticker,
    checked_interval,
    checked_values,
    grid_point,
    with_changes,
)

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
INTERVALS = st.timedeltas(MIN_INTERVAL, MAX_INTERVAL)
DELAYS = st.timedeltas(timedelta(0), timedelta(days=3_000))


@given(INTERVALS, DELAYS)
def test_a_tick_is_the_latest_moment_of_the_grid_that_is_not_ahead(interval, late):
    now = NOON + late
    at, missed, next_at = grid_point(NOON, interval, now)
    assert at <= now < next_at == at + interval
    assert at == NOON + missed * interval


@given(INTERVALS, st.lists(DELAYS, max_size=20))
def test_looks_at_any_time_lose_no_tick_and_count_none_twice(interval, delays):
    planned, counted = NOON, 0
    for late in sorted(delays):
        if planned <= NOON + late:
            _, missed, planned = grid_point(planned, interval, NOON + late)
            counted += missed + 1
    assert planned == NOON + counted * interval


@given(INTERVALS, INTERVALS, DELAYS, DELAYS)
def test_another_interval_puts_both_cursors_on_one_grid(before, after, tick_late, task_late):
    tick, task = (grid_point(NOON, before, NOON + late) for late in (tick_late, task_late))
    ticker = Ticker(
        name="beat",
        interval=before,
        queue="mail",
        last_tick_at=tick.at,
        next_tick_at=tick.next_at,
        last_task_at=task.at,
        next_task_at=task.next_at,
    )
    changed = with_changes(ticker, {"interval": after}, NOON + max(tick_late, task_late))
    cursors = {changed.next_tick_at, changed.next_task_at}
    last = ticker.last_at
    assert last is not None
    if before == after:
        assert changed == ticker
    else:
        assert cursors <= {last, last + after}
        assert last + after in cursors


def test_a_ticker_says_when_it_ticked_last_and_when_it_ticks_next():
    ticker = Ticker(name="beat", next_tick_at=NOON, last_tick_at=NOON - HOUR)
    assert (ticker.last_at, ticker.next_at) == (NOON - HOUR, NOON)
    both = replace(ticker, queue="mail", last_task_at=NOON, next_task_at=NOON + HOUR)
    assert (both.last_at, both.next_at) == (NOON, NOON + HOUR)
    assert Ticker(name="beat").last_at is None


def test_values_that_say_nothing_new_leave_a_ticker_as_it_is():
    ticker = Ticker(name="beat", interval=HOUR, next_tick_at=NOON)
    assert with_changes(ticker, {"interval": HOUR, "payload": {}}, NOON + 9 * HOUR) == ticker


@pytest.mark.parametrize("value", [0.001, "1ms", timedelta(days=366), 5, "1h30m"])
def test_intervals_go_from_a_millisecond_to_a_year(value):
    found = checked_interval("every", value)
    assert found is not None
    assert MIN_INTERVAL <= found <= MAX_INTERVAL


@pytest.mark.parametrize(
    "value", [0, -1, 0.0009, "366d1s", "", "soon", True, [], float("inf"), timedelta(-1)]
)
def test_other_intervals_are_refused(value):
    with pytest.raises(InvalidValueError) as caught:
        checked_interval("every", value)
    assert caught.value.field == "every"


def test_only_what_is_given_is_a_value():
    assert checked_values({}) == {}
    assert checked_values({"interval": None, "queue": None, "payload": None}) == {
        "interval": None,
        "queue": None,
        "payload": {},
    }


def test_a_payload_is_kept_as_json_gives_it_back():
    values = checked_values({"payload": {"b": (1, 2), "a": 1.0}})
    assert values["payload"] == {"a": 1.0, "b": [1, 2]}


def test_a_tick_can_be_made_by_a_test_and_does_not_show_its_token():
    tick = Tick(name="beat", at=NOON, payload={})
    assert tick != Tick(name="beat", at=NOON, payload={})
    assert "token" not in repr(tick)
