"""Counting what runs against the limits."""

from __future__ import annotations

import pytest

from rowlock.errors import InvalidValueError
from rowlock.runtime.slots import Slots


def test_each_queue_gets_its_own_limit():
    assert sorted(Slots({"a": 2, "b": 3}, 10).wanted()) == [("a", 2), ("b", 3)]


def test_no_queue_gets_more_than_the_limit_of_all():
    slots = Slots({"a": 5, "b": 5}, 3)
    assert sorted(slots.wanted()) == [("a", 3), ("b", 3)]
    slots.take("a")
    slots.take("a")
    assert (slots.free_of("a"), slots.free_of("b"), slots.running) == (1, 1, 2)


def test_another_queue_comes_first_each_time():
    slots = Slots({"a": 1, "b": 1, "c": 1}, 3)
    firsts = {slots.wanted()[0][0] for _ in range(3)}
    assert firsts == {"a", "b", "c"}


def test_a_full_queue_is_not_asked_for():
    slots = Slots({"a": 1, "b": 1}, 2)
    slots.take("a")
    assert slots.wanted() == [("b", 1)]
    slots.take("b")
    assert slots.wanted() == []
    slots.free("a")
    assert slots.wanted() == [("a", 1)]


def test_the_queues_are_named():
    assert Slots({"a": 1, "b": 2}, 3).queues == ("a", "b")


@pytest.mark.parametrize(
    ("queues", "total"), [({}, 1), ({"a": 0}, 1), ({"a": 1}, 0), ({"a": True}, 1)]
)
def test_a_limit_below_one_is_refused(queues, total):
    with pytest.raises(InvalidValueError):
        Slots(queues, total)
