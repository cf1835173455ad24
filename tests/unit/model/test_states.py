"""One spelling is emitted; every seed's is accepted."""

from __future__ import annotations

import pytest

from rowlock.errors import InvalidValueError
from rowlock.model.states import (
    FINAL_STATES,
    LIVE_STATES,
    StateFilter,
    TaskState,
    state_filter,
    state_filters,
)

S = TaskState


def test_a_state_is_final_or_live():
    assert {*FINAL_STATES, *LIVE_STATES} == set(TaskState)
    assert not {*FINAL_STATES} & {*LIVE_STATES}
    assert [state.is_final for state in (S.SUCCEEDED, S.RETRYING)] == [True, False]


@pytest.mark.parametrize("state", list(TaskState))
def test_each_state_is_its_own_filter_in_any_case(state):
    """C147."""
    assert state_filter(state.value.upper()) == StateFilter(states=(state,))


@pytest.mark.parametrize(
    ("word", "states"),
    [
        ("success", (S.SUCCEEDED,)),
        ("completed", (S.SUCCEEDED,)),
        ("released", (S.SUCCEEDED,)),
        ("cancelled", (S.CANCELED,)),
        ("in_progress", (S.RUNNING,)),
        ("In Progress", (S.RUNNING,)),
        ("in-progress", (S.RUNNING,)),
        ("inProgress", (S.RUNNING,)),
        ("retained", (S.RUNNING,)),
        ("pending", (S.SCHEDULED, S.RETRYING, S.QUEUED)),
        ("already processing", (S.SCHEDULED, S.RETRYING, S.QUEUED, S.RUNNING)),
    ],
)
def test_a_seeds_word_is_a_filter(word, states):
    """C147."""
    assert state_filter(word).states == states


def test_some_words_ask_for_more_than_the_state():
    """C147."""
    assert state_filter("new").first_run is True
    assert state_filter("retry").first_run is False
    assert state_filter("deleted").deleted


def test_several_words_are_several_filters():
    assert len(state_filters(["failed", "success"])) == 2


@pytest.mark.parametrize("word", ["", "finished?", "ok"])
def test_an_unknown_word_is_refused(word):
    """C124."""
    with pytest.raises(InvalidValueError) as refused:
        state_filter(word)
    assert refused.value.field == "state"
