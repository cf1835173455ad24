"""What holds of the counts that outlive tasks, on every engine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import pytest

from rowlock.backoff import RetryPolicy
from rowlock.model import tallies
from rowlock.model.definitions import Definition
from rowlock.model.ends import Ending, ToldEnd
from rowlock.model.names import definition_key
from rowlock.model.tallies import BOUNDS, OTHER, Counted, Tally, TallyKey
from rowlock.ops.holding import settle
from tests.contract.steps import (
    after,
    claim,
    expire,
    insert,
    new,
    rescue,
    seconds,
    together,
)
from tests.support.backends import Backend, sql_plan

HERE = "tallied"
"""A namespace of which nothing but what a test counts itself can turn up."""

Told = dict[tuple[str, str | None, str], int]


def key(counted: str = "enqueued", queue: str = "q", definition: str | None = "d") -> TallyKey:
    return TallyKey(HERE, queue, definition, counted)


def ran(*took: float) -> Tally:
    tally = Tally(len(took))
    for one in took:
        tally.waits.add(one / 2)
        tally.runs.add(one)
    return tally


def append(backend: Backend, counts: Mapping[TallyKey, Tally]) -> None:
    backend.run(backend.storage.tallies.append_tallies, counts)


def fold(backend: Backend, *, limit: int = 1_000, namespace: str = HERE) -> int:
    return backend.run(backend.storage.tallies.fold_tallies, namespace, limit=limit)


def read(backend: Backend, namespace: str = HERE) -> Mapping[TallyKey, Tally]:
    return backend.read(backend.storage.tallies.read_tallies, namespace)


def told(backend: Backend, namespace: str = HERE) -> Told:
    return {one[1:]: tally.count for one, tally in read(backend, namespace).items()}


def counted(backend: Backend) -> Told:
    """What this process and all others have counted by now."""
    backend.storage.tallier.append()
    return told(backend)


def rows(backend: Backend) -> int:
    sql = "SELECT count(*) FROM rowlock_tally WHERE namespace = :namespace"
    number: int = backend.read(sql_plan, sql, {"namespace": HERE}).rows[0][0]
    return number


def test_counts_add_up_and_namespaces_are_apart(backend: Backend):
    theirs = TallyKey("theirs", "q", "d", "enqueued")
    append(backend, {key(): Tally(3), theirs: Tally(100)})
    append(backend, {key(): Tally(4), key(definition=None): Tally(1)})
    assert told(backend) == {("q", "d", "enqueued"): 7, ("q", None, "enqueued"): 1}
    assert told(backend, "theirs") == {("q", "d", "enqueued"): 100}
    assert told(backend, "nobody") == {}


def test_times_are_kept_to_the_bucket(backend: Backend):
    append(backend, {key("succeeded"): ran(0.005, 0.0051, 7_200)})
    append(backend, {key("succeeded"): ran(0.005)})
    fold(backend)
    tally = read(backend)[key("succeeded")]
    assert tally.count == 4
    assert tally.runs.seconds == pytest.approx(7_200.0151)
    assert tally.waits.seconds == pytest.approx(3_600.00755)
    assert (tally.runs.counts[0], tally.runs.counts[1], tally.runs.counts[-1]) == (2, 1, 1)
    assert sum(tally.runs.counts) == sum(tally.waits.counts) == 4
    assert len(tally.runs.counts) == len(BOUNDS) + 1


def test_folding_leaves_a_row_for_each_key_and_every_sum(backend: Backend):
    for number in range(5):
        append(backend, {key(): Tally(number), key("failed"): ran(number)})
    before = read(backend)
    assert rows(backend) == 10
    assert backend.read(backend.storage.tallies.list_unfolded) == [HERE]
    assert fold(backend) == 10
    assert (rows(backend), read(backend)) == (2, before)
    assert backend.read(backend.storage.tallies.list_unfolded) == []
    append(backend, {key(): Tally(1)})
    assert fold(backend) == 3
    assert rows(backend) == 2
    assert told(backend)["q", "d", "enqueued"] == 11


def test_folding_in_parts_comes_to_the_same(backend: Backend):
    for number in range(20):
        append(backend, {key(definition=f"d{number % 3}"): Tally(1)})
    before = told(backend)
    while fold(backend, limit=7) == 7:
        assert told(backend) == before
    assert (rows(backend), told(backend)) == (3, before)


def test_folding_of_another_namespace_leaves_this_one(backend: Backend):
    for _ in range(2):
        append(backend, {key(): Tally(1)})
    assert fold(backend, namespace="theirs") == 0
    assert rows(backend) == 2


def test_appending_and_two_who_fold_lose_and_double_nothing(backend: Backend):
    rounds = 30

    def count(name: str) -> None:
        own = backend.twin()
        for _ in range(rounds):
            append(own, {key(): Tally(1), key("failed", definition=name): ran(1.0)})

    def fold_often() -> None:
        own = backend.twin()
        for _ in range(rounds):
            fold(own)

    seen: list[int] = []

    def watch() -> None:
        own = backend.twin()
        seen.extend(told(own).get(("q", "d", "enqueued"), 0) for _ in range(2 * rounds))

    together(lambda: count("a"), lambda: count("b"), fold_often, fold_often, watch)
    assert seen == sorted(seen)
    fold(backend)
    assert told(backend) == {
        ("q", "d", "enqueued"): 2 * rounds,
        ("q", "a", "failed"): rounds,
        ("q", "b", "failed"): rounds,
    }
    assert read(backend)[key("failed", definition="a")].runs.seconds == rounds


def test_too_many_pairs_are_counted_together_and_never_move(backend: Backend, monkeypatch):
    monkeypatch.setattr(tallies, "MOST_PAIRS", 2)
    append(backend, {key(definition="b"): Tally(1), key(definition="a"): Tally(1)})
    append(backend, {key(definition="c"): Tally(5), key("failed", definition="a"): ran(1)})
    first = {("q", "b", "enqueued"): 1, ("q", "a", "enqueued"): 1, ("q", "a", "failed"): 1}
    assert told(backend) == first | {(OTHER, OTHER, "enqueued"): 5}
    fold(backend)
    assert told(backend) == first | {(OTHER, OTHER, "enqueued"): 5}
    append(backend, {key(definition="c"): Tally(1), key(definition="a"): Tally(1)})
    first["q", "a", "enqueued"] += 1
    assert told(backend) == first | {(OTHER, OTHER, "enqueued"): 6}
    fold(backend)
    assert (rows(backend), told(backend)) == (4, first | {(OTHER, OTHER, "enqueued"): 6})


def test_what_was_counted_of_a_deleted_queue_is_forgotten(backend: Backend):
    append(backend, {key(): Tally(1), key(queue="kept"): Tally(1)})
    fold(backend)
    append(backend, {key(): Tally(1), TallyKey("theirs", "q", "d", "enqueued"): Tally(1)})
    backend.run(backend.storage.tallies.forget_tallies, HERE, "q")
    assert told(backend) == {("kept", "d", "enqueued"): 1}
    assert told(backend, "theirs") == {("q", "d", "enqueued"): 1}


def test_forgetting_waits_for_whoever_folds(backend: Backend):
    for _ in range(20):
        for _ in range(3):
            append(backend, {key(): Tally(1)})
        forget = backend.twin()
        together(
            lambda: fold(backend),
            lambda: forget.run(forget.storage.tallies.forget_tallies, HERE, "q"),  # noqa: B023
        )
        assert told(backend) == {}


def test_definitions_are_told_as_they_are_spelled(backend: Backend):
    definition = Definition(key=definition_key("SendMail"), alias="SendMail")
    backend.run(backend.storage.definitions.put_definitions, HERE, [definition])
    append(backend, {key(definition=definition.key): Tally(1)})
    assert told(backend) == {("q", "SendMail", "enqueued"): 1}


def test_what_is_stored_is_counted_once(backend: Backend):
    one, enqueue = new(unique_key="k"), backend.storage.enqueue
    insert(backend, one, new(queue="other", definition=None), namespace=HERE)
    insert(backend, one, namespace=HERE, replayed=True)
    insert(backend, new(unique_key="k"), namespace=HERE)
    backend.run(enqueue.insert_task, new(), namespace=HERE)
    assert backend.run(enqueue.insert_task, new(unique_key="k"), namespace=HERE) is None
    backend.run(enqueue.insert_together, [new(), new()], namespace=HERE)
    backend.run(enqueue.insert_fresh_tasks, [new(), new(), new(definition="b")], namespace=HERE)
    assert counted(backend) == {
        ("default", "hello", "enqueued"): 6,
        ("default", "b", "enqueued"): 1,
        ("other", None, "enqueued"): 1,
    }


def test_what_is_rolled_back_is_not_counted(backend: Backend):
    def store_and_fail():
        yield from backend.storage.enqueue.insert_task(new(), namespace=HERE)
        raise ValueError("no")

    def store_together_and_fail():
        yield from backend.storage.enqueue.insert_fresh_tasks([new()], namespace=HERE)
        raise ValueError("no")

    for operation in (store_and_fail, store_together_and_fail):
        with pytest.raises(ValueError, match="no"):
            backend.run(operation)
    assert counted(backend) == {}


def test_what_upkeep_and_people_end_is_counted(backend: Backend):
    storage = backend.storage
    late, lost, hopeless, canceled, forced, deleted = (
        new(queue="late", lifetime=seconds(1)),
        new(queue="lost"),
        new(queue="hopeless", max_crashes=1),
        new(queue="canceled"),
        new(queue="forced"),
        new(queue="deleted"),
    )
    tasks = (late, lost, hopeless, canceled, forced, deleted)
    insert(backend, *tasks, namespace=HERE)
    expire(backend, now=after(1))
    for queue in ("lost", "hopeless", "forced"):
        claim(backend, namespace=HERE, queue=queue)
    operate, why = storage.operate, "canceled"
    assert backend.run(operate.cancel_waiting, HERE, canceled.id, reason=why)
    assert not backend.run(operate.cancel_waiting, HERE, canceled.id, reason=why)
    assert backend.run(operate.cancel_running, HERE, forced.id, reason=why)
    backend.run(storage.changes.bury, [deleted.id], reason="deleted", deleted=True, now=after(2))
    rescue(backend, now=after(60))
    enqueued = Counter((task.terms.queue, "hello", "enqueued") for task in tasks)
    assert counted(backend) == enqueued | {
        ("late", "hello", "expired"): 1,
        ("lost", "hello", "rescued"): 1,
        ("hopeless", "hello", "rescued"): 1,
        ("hopeless", "hello", "failed"): 1,
        ("canceled", "hello", "canceled"): 1,
        ("forced", "hello", "canceled"): 1,
        ("deleted", "hello", "canceled"): 1,
    }


def test_what_is_settled_by_hand_is_counted_once_with_its_times(backend: Backend):
    insert(backend, new(), new(), new(), namespace=HERE)
    one, two, three = claim(backend, namespace=HERE, limit=3, now=after(2))
    ends = [
        ToldEnd(one.id, one.token, Ending.SUCCEEDED),
        ToldEnd(two.id, two.token, Ending.FAILED),
        ToldEnd(three.id, three.token, Ending.HANDED_BACK),
    ]
    for _ in range(2):  # the answer to the first time was lost
        backend.run(settle, backend.storage, HERE, ends, lambda _: RetryPolicy(), now=after(9))
    assert counted(backend) == {
        ("default", "hello", "enqueued"): 3,
        ("default", "hello", "succeeded"): 1,
        ("default", "hello", "retried"): 1,
    }
    for way in (Counted.SUCCEEDED, Counted.RETRIED):
        tally = read(backend)[TallyKey(HERE, "default", "hello", way)]
        assert (tally.waits.seconds, tally.runs.seconds) == (2, 7)


def test_a_lost_claim_counts_nothing(backend: Backend):
    insert(backend, new(), namespace=HERE)
    [one] = claim(backend, namespace=HERE)
    rescue(backend, now=after(60))
    end = ToldEnd(one.id, one.token, Ending.SUCCEEDED)
    backend.run(settle, backend.storage, HERE, [end], lambda _: RetryPolicy(), now=after(61))
    assert counted(backend) == {
        ("default", "hello", "enqueued"): 1,
        ("default", "hello", "rescued"): 1,
    }
