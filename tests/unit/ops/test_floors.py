"""Where a worker looks for tasks: not where it has been, but never nowhere."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rowlock.model.tasks import Claim
from rowlock.ops.floors import MAX_LANES, Floors
from rowlock.storage.contract import FIRST_PRIORITY, LAST_PRIORITY, WHOLE_LINE, Lane
from tests.contract.steps import T0, claim, ids, insert, new
from tests.support.backends import SERVERS

TOOK = 0.1
"""A look over the whole line that takes this long is repeated after five seconds."""


def taken(second: float, priority: int = 0, number: int = 1) -> Claim:
    """A claim of a task that was due so many seconds after `T0`."""
    return Claim(
        UUID(int=number), UUID(int=9), "default", "hello", "{}", attempt=1, crashes=0,
        max_attempts=4, max_crashes=3, priority=priority, run_at=T0 + timedelta(seconds=second),
        created_at=T0, started_at=T0, lease_until=T0, expires_at=None, cancel_requested=False,
        unique_key=None, tags=None, options=None,
    )  # fmt: skip


def looked(floors: Floors, at: float, *claims: Claim, took: float = 0.0) -> tuple[Lane, ...]:
    """Look at a moment, and find some claims; returns where it looked."""
    lanes = floors.lanes(at)
    floors.claimed(lanes, claims, at, at + took)
    return lanes


@pytest.fixture
def floors() -> Floors:
    """A worker that looked at the whole line at 0 s and took a task of 0 s."""
    floors = Floors()
    looked(floors, 0.0, taken(0), took=TOOK)
    return floors


def test_the_first_look_is_over_the_whole_line():
    assert Floors().lanes(0.0) == WHOLE_LINE


def test_a_place_just_reached_is_no_floor_yet(floors):
    assert floors.lanes(0.9) == WHOLE_LINE


def test_a_place_reached_a_second_ago_is_where_the_look_begins(floors):
    [above, here] = floors.lanes(1.2)
    assert (above.from_priority, above.to_priority) == (FIRST_PRIORITY, -1)
    assert above.run_at is None
    assert here == Lane(0, LAST_PRIORITY, T0, UUID(int=1))


def test_the_floor_follows_a_second_behind(floors):
    for second in (1.2, 2.2, 3.2):
        looked(floors, second, taken(second, number=int(second * 10)))
    assert floors.lanes(3.9)[-1].run_at == T0 + timedelta(seconds=2.2)
    assert floors.lanes(4.3)[-1].run_at == T0 + timedelta(seconds=3.2)


def ages(floors: Floors, first: int, last: int) -> list[float]:
    """Look and claim eight times a second; returns how old the places are at which it began."""
    found = []
    for at in (step / 8 for step in range(first, last)):
        lanes = looked(floors, at, taken(at))
        assert lanes != WHOLE_LINE
        found.append(at - ((lanes[-1].run_at or T0) - T0).total_seconds())
    return found


def test_looks_between_those_from_a_second_behind_begin_close_behind(floors):
    ages(floors, 10, 20)
    assert ages(floors, 20, 26) == [1.0, 0.125, 1.0, 0.125, 1.0, 0.125]


def test_a_look_close_behind_that_found_nothing_is_repeated_from_a_second_behind(floors):
    ages(floors, 10, 21)
    close = floors.lanes(21 / 8)
    behind = floors.lanes_after_nothing(close, 21 / 8)
    assert [lanes[-1].run_at for lanes in (close, behind)] == [
        T0 + timedelta(seconds=20 / 8),
        T0 + timedelta(seconds=13 / 8),
    ]


def test_after_a_look_that_fell_short_none_begins_close_behind(floors):
    ages(floors, 10, 20)
    floors.fell_short()
    assert ages(floors, 20, 24) == [1.0, 1.0, 1.0, 1.0]


def test_the_whole_line_is_looked_at_again_before_it_costs_a_fiftieth(floors):
    assert floors.lanes(5.0) != WHOLE_LINE
    assert floors.lanes(TOOK + 50 * TOOK) == WHOLE_LINE


def test_a_cheap_look_over_the_whole_line_is_repeated_every_second():
    floors = Floors()
    looked(floors, 0.0, taken(0))
    assert looked(floors, 1.0, taken(1)) == WHOLE_LINE
    assert looked(floors, 1.5, taken(1.5)) != WHOLE_LINE
    assert looked(floors, 2.0, taken(2)) == WHOLE_LINE


def test_a_look_that_found_too_little_is_repeated_unless_that_costs_too_much(floors):
    lanes = floors.lanes(1.2)
    assert floors.lanes_after_nothing(lanes, 1.2) == ()
    assert floors.lanes_after_nothing(lanes, TOOK + 50 * TOOK) == WHOLE_LINE
    assert floors.lanes_after_nothing(WHOLE_LINE, 100.0) == ()


def test_a_look_that_fell_short_is_followed_by_one_over_the_whole_line():
    floors = Floors()
    looked(floors, 0.0, taken(0))
    looked(floors, 1.0, taken(1))
    assert looked(floors, 1.1, taken(1.1)) != WHOLE_LINE
    floors.fell_short()
    assert looked(floors, 1.2) == WHOLE_LINE
    assert looked(floors, 1.3) != WHOLE_LINE


def test_a_look_that_fell_short_is_not_followed_by_one_that_costs_too_much(floors):
    floors.fell_short()
    assert floors.lanes(5.0) != WHOLE_LINE
    assert floors.lanes(TOOK + 50 * TOOK) == WHOLE_LINE


def test_each_priority_has_its_own_floor(floors):
    looked(floors, 0.2, taken(7, priority=-5), taken(9, priority=3), took=TOOK)
    assert [(lane.from_priority, lane.to_priority, lane.run_at) for lane in floors.lanes(1.5)] == [
        (FIRST_PRIORITY, -6, None),
        (-5, -1, T0 + timedelta(seconds=7)),
        (0, 2, T0),
        (3, LAST_PRIORITY, T0 + timedelta(seconds=9)),
    ]


def test_neighbouring_and_outermost_priorities_leave_no_empty_lanes(floors):
    claims = [taken(1, priority) for priority in (FIRST_PRIORITY, 1, LAST_PRIORITY)]
    looked(floors, 0.2, *claims, took=TOOK)
    assert [(lane.from_priority, lane.to_priority) for lane in floors.lanes(1.5)] == [
        (FIRST_PRIORITY, -1), (0, 0), (1, LAST_PRIORITY - 1), (LAST_PRIORITY, LAST_PRIORITY),
    ]  # fmt: skip


def test_only_so_many_priorities_are_remembered_and_the_latest(floors):
    for number in range(1, MAX_LANES + 3):
        looked(floors, number / 100, taken(1, priority=number), took=TOOK)
    lanes = floors.lanes(1.5)
    assert len(lanes) == MAX_LANES + 1
    assert lanes[-1].from_priority == MAX_LANES + 2


@given(
    st.lists(
        st.tuples(
            st.floats(0.0, 2.0),
            st.lists(st.integers(FIRST_PRIORITY, LAST_PRIORITY), max_size=4),
            st.floats(0.0, 0.5),
        ),
        max_size=12,
    )
)
def test_lanes_are_in_order_and_leave_no_priority_out(looks):
    floors, now = Floors(), 0.0
    for pause, priorities, took in looks:
        now += pause
        looked(floors, now, *(taken(now, priority) for priority in priorities), took=took)
        lanes = floors.lanes(now)
        assert (lanes[0].from_priority, lanes[-1].to_priority) == (FIRST_PRIORITY, LAST_PRIORITY)
        assert all(lane.from_priority <= lane.to_priority for lane in lanes)
        assert all(one.to_priority + 1 == two.from_priority for one, two in pairwise(lanes))


@pytest.mark.parametrize("backend", SERVERS, indirect=True)
def test_what_is_committed_late_before_the_floor_is_found_by_the_whole_line(backend):
    floors = Floors()
    first, late, next_one = new(), new(), new()
    insert(backend, first, now=T0)
    floors.claimed(WHOLE_LINE, claim(backend, limit=5), 0.0, TOOK)
    insert(backend, late, now=T0 - timedelta(seconds=60))
    insert(backend, next_one, now=T0 + timedelta(seconds=1))
    lanes = floors.lanes(1.2)
    assert lanes != WHOLE_LINE
    in_two = T0 + timedelta(seconds=2)
    assert ids(claim(backend, limit=5, lanes=lanes, now=in_two)) == [next_one.id]
    assert ids(claim(backend, limit=5, lanes=floors.lanes(9.0), now=in_two)) == [late.id]


def test_a_higher_priority_is_found_whenever_it_is_due(backend):
    floors = Floors()
    insert(backend, new(), now=T0)
    floors.claimed(WHOLE_LINE, claim(backend, limit=5), 0.0, TOOK)
    urgent = new(priority=3)
    insert(backend, urgent, now=T0 - timedelta(seconds=60))
    assert ids(claim(backend, limit=5, lanes=floors.lanes(1.2))) == [urgent.id]
