"""Which columns a terminal has room for. Pure."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rowlock.cli.tables import GAP, fitted

WIDTHS = {"ID": 10, "NAME": 30, "AGE": 5, "TEXT": 50}
LEAST = {"ID": 10, "NAME": 12, "AGE": 5, "TEXT": 12}


def fit(room: int) -> dict[str, int]:
    return fitted(WIDTHS, LEAST, ("AGE", "NAME"), room)


def test_where_there_is_room_every_column_is_as_wide_as_it_likes():
    assert fit(1_000) == WIDTHS
    assert fit(sum(WIDTHS.values()) + 3 * GAP) == WIDTHS


def test_what_can_be_narrow_gives_way_before_anything_is_left_out():
    assert fit(sum(LEAST.values()) + 3 * GAP) == LEAST


def test_room_that_is_left_goes_to_all_that_want_it():
    assert fit(sum(LEAST.values()) + 3 * GAP + 7) == {**LEAST, "NAME": 16, "TEXT": 15}


def test_what_can_be_spared_is_left_out_in_its_order():
    assert set(fit(44)) == {"ID", "NAME", "TEXT"}
    assert set(fit(30)) == {"ID", "TEXT"}


def test_what_cannot_be_spared_is_shown_even_where_there_is_no_room():
    assert fit(1) == {"ID": 10, "TEXT": 12}


@given(st.integers(0, 150))
def test_a_table_is_as_wide_as_it_may_be_and_no_wider(room):
    shown = fit(room)
    total = sum(shown.values()) + GAP * (len(shown) - 1)
    assert total <= max(room, 24)
    assert total == room or shown == {name: WIDTHS[name] for name in shown} or room < 24
