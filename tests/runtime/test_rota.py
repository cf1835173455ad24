"""Whose turn it is among a worker's queues."""

from __future__ import annotations

from collections.abc import Sequence

from rowlock.model.queues import Share
from rowlock.model.tasks import Claim
from rowlock.runtime.rota import FEW_QUEUES, MOST_ASKED, Rota
from rowlock.runtime.slots import Slots
from tests.runtime.claims import claim

MANY = tuple(f"q{number:03}" for number in range(500))


class Lookup:
    """Knows which queues have tasks, and how often it was asked."""

    def __init__(self, *queues: str) -> None:
        self.queues = queues
        self.asked = 0

    async def __call__(self, queues: Sequence[str]) -> Sequence[str]:
        self.asked += 1
        return [queue for queue in queues if queue in self.queues]


def rota(
    queues: Sequence[str], *waiting: str, total: int = 10, each: int = 10
) -> tuple[Rota, Slots, Lookup]:
    slots, lookup = Slots(dict.fromkeys(queues, each), total), Lookup(*waiting)
    return Rota(slots, lookup), slots, lookup


def from_queues(*queues: str) -> list[Claim]:
    return [claim(queue=queue) for queue in queues]


async def round_of(turns: Rota) -> list[list[str]]:
    """Ask all of a round, as if nothing came of it."""
    turns.begin()
    asked: list[list[str]] = []
    while shares := await turns.next():
        turns.gave(shares, 10, [])
        asked.append([share.queue for share in shares])
    return asked


async def test_few_queues_are_asked_one_by_one_and_nobody_looks():
    turns, _, lookup = rota(["a", "b", "c"])
    assert sorted(await round_of(turns)) == [["a"], ["b"], ["c"]]
    assert lookup.asked == 0


async def test_few_take_turns_from_round_to_round_and_rounds_without_a_slot_cost_no_turn():
    turns, slots, _ = rota(["a", "b", "c", "d"], total=1)
    asked: list[str] = []
    for _ in range(8):
        turns.begin()
        [(queue, _)] = await turns.next()
        slots.take(queue)
        assert await turns.next() == []
        turns.begin()
        assert await turns.next() == []
        slots.give_back(queue)
        asked.append(queue)
    assert asked == ["a", "b", "c", "d"] * 2


async def test_where_nobody_can_look_many_are_asked_one_by_one():
    slots = Slots(dict.fromkeys(MANY, 10), 10)
    assert await round_of(Rota(slots, None)) == [[queue] for queue in MANY]


async def test_a_share_is_what_is_free():
    turns, slots, _ = rota(["a"], total=5, each=3)
    slots.take("a")
    turns.begin()
    assert await turns.next() == [Share("a", 2)]


async def test_a_queue_without_a_free_slot_is_not_asked():
    turns, slots, _ = rota(["a", "b"], each=1)
    slots.take("a")
    assert await round_of(turns) == [["b"]]


async def test_of_many_queues_those_with_tasks_are_asked_at_once():
    turns, _, lookup = rota(MANY, "q007", "q300")
    assert await round_of(turns) == [["q007", "q300"]]
    assert lookup.asked == 1


async def test_where_nothing_waits_nothing_is_asked():
    turns, _, lookup = rota(MANY)
    assert await round_of(turns) == []
    assert lookup.asked == 1


async def test_no_more_are_asked_at_once_than_a_statement_bears():
    turns, _, _ = rota(MANY, *MANY)
    assert [len(asked) for asked in await round_of(turns)] == [MOST_ASKED, MOST_ASKED, 100]


async def test_every_queue_has_its_turn_before_any_comes_again():
    turns, _, lookup = rota(MANY, *MANY, total=50)
    asked: list[str] = []
    for _ in range(10):
        turns.begin()
        shares = await turns.next()
        reached = [share.queue for share in shares[:50]]
        turns.gave(shares, 50, from_queues(*reached))
        asked += reached
    assert (asked, lookup.asked) == (list(MANY), 1)


async def test_who_was_not_reached_is_still_first():
    turns, _, _ = rota(MANY, "q001", "q002", "q003")
    turns.begin()
    shares = await turns.next()
    turns.gave(shares, 10, from_queues(*["q001"] * 10))
    turns.begin()
    assert [share.queue for share in await turns.next()] == ["q002", "q003"]


async def test_what_an_earlier_claim_had_taken_costs_nobody_a_turn():
    turns, _, _ = rota(MANY, "q001", "q002")
    turns.begin()
    shares = await turns.next()
    turns.gave(shares, 2, from_queues("q007", "q007"))
    assert await turns.next() == shares


async def test_queues_can_be_put_first():
    turns, _, _ = rota(["a", "b", "c"], total=1)
    turns.begin()
    await turns.next()
    turns.put_first(["c", "a"])
    assert await turns.next() == [Share("c", 1)]


async def test_without_a_free_slot_nobody_looks():
    turns, slots, lookup = rota(MANY, *MANY, total=1)
    slots.take("q000")
    assert await round_of(turns) == []
    assert lookup.asked == 0


async def test_a_queue_that_was_full_gets_its_turn_at_the_next_look():
    turns, slots, _ = rota(MANY, "q001", each=1)
    slots.take("q001")
    assert await round_of(turns) == []
    slots.give_back("q001")
    assert await round_of(turns) == [["q001"]]


async def test_the_limit_of_few():
    for count, asked in ((FEW_QUEUES, 0), (FEW_QUEUES + 1, 1)):
        turns, _, lookup = rota(MANY[:count], "q000")
        await round_of(turns)
        assert lookup.asked == asked
