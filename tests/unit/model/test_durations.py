"""Durations as people write them."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rowlock.errors import InvalidValueError
from rowlock.model.durations import duration_from, optional_seconds, positive_duration_from


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30s", 30), ("1h30m", 5_400), ("1h 30m", 5_400), ("7d", 604_800), ("2w", 1_209_600),
        ("250ms", 0.25), ("5us", 5e-6), ("1.5h", 5_400), ("90", 90), (" 90 ", 90), ("1H", 3_600),
        ("0", 0), ("1e3", 1_000), (90, 90), (0.5, 0.5), (timedelta(minutes=1), 60),
    ],
)  # fmt: skip
def test_a_duration_is_read(text, seconds):
    assert duration_from("delay", text) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "value",
    ["", "soon", "1x", "1h-30m", "h", "-1s", -1, "nan", "inf", float("nan"), float("inf"), True,
     None, [1], "1" * 400, 1e300, timedelta(days=40_000), "101y", "5000w 1000000d"],
)  # fmt: skip
def test_what_is_no_duration_is_refused(value):
    with pytest.raises(InvalidValueError) as refused:
        duration_from("delay", value)
    assert refused.value.field == "delay"


def test_zero_can_be_refused():
    with pytest.raises(InvalidValueError, match="longer than zero"):
        positive_duration_from("timeout", 0)
    assert positive_duration_from("timeout", "1ms") == timedelta(milliseconds=1)


def test_seconds_of_a_duration_that_may_be_missing():
    assert optional_seconds(timedelta(minutes=1)) == 60
    assert optional_seconds(None) is None


@given(st.text(max_size=20))
def test_any_text_is_read_or_refused(text):
    with suppress(InvalidValueError):
        assert duration_from("delay", text) >= timedelta(0)
