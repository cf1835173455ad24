"""Figures from single runs and counts."""

from __future__ import annotations

import statistics
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rowlock.model.measures import Ended, Run, durations_of, percentile, throughput_of
from rowlock.model.states import TaskState

NOW = datetime(2030, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


@given(st.lists(st.integers(0, 10_000), min_size=2, max_size=50))
def test_percentiles_are_those_of_the_standard_library(numbers):
    ordered = sorted(numbers)
    cuts = statistics.quantiles(ordered, n=100, method="inclusive")
    for share, cut in ((0.5, cuts[49]), (0.95, cuts[94]), (0.99, cuts[98])):
        found = percentile([seconds(number) for number in ordered], share)
        assert found.total_seconds() == pytest.approx(cut, abs=1e-5)


def test_one_run_is_every_percentile():
    assert percentile([seconds(3)], 0.99) == seconds(3)


def test_durations_are_by_definition_the_busiest_first():
    runs = [Run("a", TaskState.SUCCEEDED, seconds(1), seconds(took)) for took in (3, 1, 2)]
    runs.append(Run(None, TaskState.FAILED, seconds(9), seconds(8)))
    a, none = durations_of(runs, capped=False)
    assert (a.definition, a.count, a.failed, a.capped) == ("a", 3, 0, False)
    assert (a.average, a.p50, a.longest, a.average_wait) == (
        seconds(2),
        seconds(2),
        seconds(3),
        seconds(1),
    )
    assert (none.definition, none.failed, none.p95) == (None, 1, seconds(8))
    assert durations_of([], capped=False) == []


def test_throughput_is_over_the_window_or_over_what_the_counted_ones_took():
    ended = Ended({TaskState.SUCCEEDED: 30, TaskState.FAILED: 6}, NOW - seconds(12), NOW)
    calm = throughput_of("q", ended, window=HOUR, cap=100)
    assert (calm.per_second, calm.capped) == (0.01, False)
    busy = throughput_of("q", ended, window=HOUR, cap=36)
    assert (busy.per_second, busy.capped) == (3, True)
    none = throughput_of("q", Ended({}, None, None), window=HOUR, cap=36)
    assert (none.per_second, none.counts) == (0, {})
