"""Counting what runs against the limits."""

from __future__ import annotations

import pytest

from rowlock.errors import InvalidValueError
from rowlock.runtime.slots import Slots


def free_of(slots: Slots) -> dict[str, int]:
    return {name: slots.free_of(name) for name in slots.queues}


def test_each_queue_gets_its_own_limit():
    assert free_of(Slots({"a": 2, "b": 3}, 10)) == {"a": 2, "b": 3}


def test_no_queue_gets_more_than_the_limit_of_all():
    slots = Slots({"a": 5, "b": 5}, 3)
    assert free_of(slots) == {"a": 3, "b": 3}
    slots.take("a")
    slots.take("a")
    assert free_of(slots) == {"a": 1, "b": 1}
    assert (slots.free, slots.running) == (1, 2)


def test_a_full_queue_has_no_room():
    slots = Slots({"a": 1, "b": 1}, 2)
    slots.take("a")
    assert free_of(slots) == {"a": 0, "b": 1}
    slots.take("b")
    assert slots.free == 0
    slots.give_back("a")
    assert free_of(slots) == {"a": 1, "b": 0}


def test_no_more_than_the_budget_may_start():
    slots = Slots({"a": 5}, 5, budget=2)
    assert slots.free == slots.free_of("a") == 2
    slots.take("a")
    slots.take("a")
    slots.give_back("a")
    assert (slots.free, slots.are_spent) == (0, True)


def test_the_queues_are_named():
    assert Slots({"a": 1, "b": 2}, 3).queues == ("a", "b")


@pytest.mark.parametrize(
    ("queues", "total"), [({}, 1), ({"a": 0}, 1), ({"a": 1}, 0), ({"a": True}, 1)]
)
def test_a_limit_below_one_is_refused(queues, total):
    with pytest.raises(InvalidValueError):
        Slots(queues, total)
