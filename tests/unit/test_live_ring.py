"""The ring of live events, and the ids that the reader still looks for."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rowlock.http.live.holes import (
    BELOW,
    KEPT_SECONDS,
    MOST,
    SELDOM_SECONDS,
    YOUNG_SECONDS,
    Holes,
)
from rowlock.http.live.ring import (
    MOST_AT_ONCE as MOST_FRAMES,
)
from rowlock.http.live.ring import (
    Note,
    NoteKind,
    Place,
    Ring,
    Wanted,
    place_from,
)

ALL = Wanted("ns")


def note(number: int = 0, *, kind: NoteKind = NoteKind.TASK, **more: str) -> Note:
    return Note(kind, str(number).encode(), **more)


def sent(ring: Ring, place: Place, wanted: Wanted = ALL) -> list[int]:
    """What a stream is sent from a place on."""
    found: list[int] = []
    number = place.number
    while True:
        chunk = ring.after(number, wanted)
        lines = chunk.frames.decode().split("\n")
        found += [int(line.removeprefix("data: ")) for line in lines if line.startswith("data: ")]
        if chunk.number == number:
            return found
        number = chunk.number


def test_each_stream_is_sent_what_comes_after_its_place():
    ring = Ring(10)
    start = ring.newest
    ring.add([note(1), note(2)])
    middle = ring.newest
    ring.add([note(3)])
    assert sent(ring, start) == [1, 2, 3]
    assert sent(ring, middle) == [3]
    assert sent(ring, ring.newest) == []
    assert ring.after(start.number, ALL).frames.startswith(f"id: {ring.epoch}-1\n".encode())


def test_a_long_stretch_is_sent_in_parts():
    ring = Ring(5_000)
    ring.add([note(number) for number in range(3 * MOST_FRAMES + 1)])
    assert ring.after(0, ALL).number == MOST_FRAMES
    assert sent(ring, Place(ring.epoch, 0)) == list(range(3 * MOST_FRAMES + 1))


@given(st.lists(st.integers(0, 30), max_size=30), st.integers(1, 20))
def test_a_place_is_there_or_said_to_be_gone(parts: list[int], size: int):
    ring, total = Ring(size), 0
    for part in parts:
        ring.add([note(total + number) for number in range(part)])
        total += part
    for number in range(total + 2):
        place = Place(ring.epoch, number)
        if ring.has_after(place):
            assert sent(ring, place) == list(range(number, total))
        else:
            assert number < total - size or number > total


def test_a_new_epoch_knows_no_place_of_the_old_one():
    ring = Ring()
    ring.add([note(1), note(2)])
    old = ring.newest
    ring.restart()
    assert not ring.has_after(old)
    assert ring.has_after(ring.newest)
    assert ring.newest.number == old.number
    ring.add([note(3)])
    assert sent(ring, Place(ring.epoch, old.number)) == [3]


def test_only_what_is_wanted_is_sent():
    ring = Ring()
    one, other = "0" * 36, "1" * 36
    ring.add(
        [
            note(1, queue="a", definition="x", task=one),
            note(2, queue="b", definition="y", task=other),
            note(3, queue="a", definition="y", kind=NoteKind.TASKS),
        ]
    )
    start = Place(ring.epoch, 0)
    chosen = {
        ALL: [1, 2, 3],
        Wanted("ns", stats=True): [1, 2, 3],
        Wanted("ns", queues=frozenset("a")): [1, 3],
        Wanted("ns", definitions=frozenset("y")): [2, 3],
        Wanted("ns", queues=frozenset("a"), definitions=frozenset("y")): [3],
        Wanted("ns", tasks=frozenset([one])): [1],
    }
    for wanted, expected in chosen.items():
        assert sent(ring, start, wanted) == expected
    followed = Wanted("ns", tasks=frozenset([one]))
    assert ring.after(0, followed).is_unclear
    assert not ring.after(3, followed).is_unclear
    assert not ring.after(0, Wanted("ns", queues=frozenset("b"), tasks=frozenset([one]))).is_unclear
    assert not ring.after(0, ALL).is_unclear


def test_places_are_read_back():
    assert place_from(str(Place("ab12", 7))) == Place("ab12", 7)
    for text in ("", "-", "7", "ab-", "ab--7", "ab-x", "ab-٣", "ab-" + "9" * 5_000):
        assert place_from(text) == Place("", 0)


def test_what_was_passed_over_is_looked_for():
    holes = Holes(BELOW + 10)
    holes.see([11, 14, 15], 0)
    assert holes.newest == 15
    assert sorted(holes.wanted(0.1)) == [12, 13]
    holes.see([12], 0.2)
    assert holes.wanted(0.3) == [13]
    holes.see([13], 0.4)
    assert holes.wanted(0.5) == []


def test_what_is_long_gone_is_looked_for_now_and_then_and_then_no_more():
    holes = Holes(0)
    assert not holes.see([3], 0)
    old = YOUNG_SECONDS + SELDOM_SECONDS
    assert holes.wanted(old) == [1, 2]
    assert holes.wanted(old + SELDOM_SECONDS / 2) == []
    assert holes.wanted(old + SELDOM_SECONDS) == [1, 2]
    holes.see([], KEPT_SECONDS + 1)
    assert holes.wanted(KEPT_SECONDS + 2) == []


@pytest.mark.parametrize(("newest", "first"), [(5_000, 4_001), (None, 4_000)])
def test_whoever_begins_looks_a_little_below(newest: int | None, first: int):
    holes = Holes(newest)
    assert not holes.see([5_000, 5_002], 0)
    assert holes.wanted(0) == [*range(first, 5_000), 5_001]


def test_a_long_transaction_is_waited_for():
    holes = Holes(0)
    assert not holes.see([MOST], 0)
    assert len(holes.wanted(0)) == MOST - 1
    assert not holes.see(range(1, MOST), 1)
    assert holes.wanted(2) == []


def test_it_says_when_it_gives_up():
    holes = Holes(0)
    assert holes.see([MOST + 2], 0)
    assert len(holes.wanted(0)) == MOST
    holes = Holes(0)
    assert not holes.see([MOST // 2], 0)
    assert holes.see([2 * MOST], 1)


@given(st.lists(st.integers(1, 6), min_size=1, max_size=40), st.randoms(use_true_random=False))
def test_every_id_is_seen_once_in_whatever_order_transactions_commit(
    delays: list[int], rng: random.Random
):
    """Ids are taken in order; each can be seen a few looks later."""
    seen: list[int] = []
    holes, visible = Holes(0), dict[int, int]()
    for number, delay in enumerate(delays, 1):
        visible[number] = number + rng.randrange(delay)
    for look in range(len(delays) + 7):
        now = look * 0.2
        there = {number for number, since in visible.items() if since <= look}
        new = sorted(number for number in there if number > holes.newest)
        late = sorted(number for number in holes.wanted(now) if number in there)
        holes.see(late + new, now)
        seen += late + new
    assert sorted(seen) == list(range(1, len(delays) + 1))
