"""Contract: reading single tasks and pages of them, over live and finished ones."""

from __future__ import annotations

from functools import partial
from uuid import UUID

from rowlock.model.definitions import Definition
from rowlock.model.ids import new_task_id
from rowlock.model.states import TaskState
from tests.contract.steps import (
    T0,
    after,
    cancel_waiting,
    claim,
    claimed,
    counts,
    define,
    done,
    finish,
    found,
    get,
    ids,
    insert,
    listed,
    new,
    retry,
    seconds,
    together,
)
from tests.support.backends import Backend


def with_prefix(backend: Backend, low: UUID, high: UUID, namespace: str = "default"):
    return backend.read(backend.storage.reads.find_by_prefix, namespace, low, high)


def test_an_unknown_task_is_none(backend):
    assert found(backend, new_task_id()) is None


def test_a_live_and_a_finished_task_of_another_namespace_are_none(backend):
    live, one = new(), claimed(backend)
    insert(backend, live)
    finish(backend, done(one))
    assert found(backend, live.id, namespace="other") is None
    assert found(backend, one.id, namespace="other") is None


def test_a_task_shows_the_alias_of_its_definition(backend):
    define(backend, Definition(alias="Hello", key="hello"))
    one, bare = claimed(backend), new(definition=None)
    insert(backend, bare)
    live = get(backend, one.id).definition
    finish(backend, done(one))
    assert (live, get(backend, one.id).definition) == ("Hello", "Hello")
    assert get(backend, bare.id).definition is None


def test_a_task_past_its_lifetime_is_shown_expired_before_upkeep_moves_it(backend):
    task = new(lifetime=seconds(10))
    insert(backend, task)
    assert get(backend, task.id, now=after(9)).state is TaskState.QUEUED
    assert get(backend, task.id, now=after(10)).state is TaskState.EXPIRED


def test_a_deleted_task_is_read_with_its_stamp(backend):
    task = new()
    insert(backend, task)
    cancel_waiting(backend, task.id)
    backend.execute("UPDATE rowlock_history SET deleted_at = finished_at")
    assert get(backend, task.id).deleted_at == T0


def test_tasks_are_listed_newest_first(backend):
    tasks = [new() for _ in range(5)]
    insert(backend, *tasks)
    assert listed(backend) == ids(tasks)[::-1]


def test_live_and_finished_tasks_are_listed_together(backend):
    tasks = [new() for _ in range(6)]
    insert(backend, *tasks)
    claims = claim(backend, limit=3)
    finish(backend, done(claims[0]), done(claims[2]))
    assert listed(backend) == ids(tasks)[::-1]


def test_a_list_is_as_long_as_its_limit(backend):
    tasks = [new() for _ in range(5)]
    insert(backend, *tasks)
    finish(backend, *(done(one) for one in claim(backend, limit=2)))
    assert listed(backend, limit=4) == ids(tasks)[:0:-1]


def test_pages_follow_one_another_without_gap_or_repetition(backend):
    tasks = [new() for _ in range(10)]
    insert(backend, *tasks)
    finish(backend, *(done(one) for one in claim(backend, limit=5)))
    first = listed(backend, limit=4)
    second = listed(backend, limit=4, before=first[-1])
    third = listed(backend, limit=4, before=second[-1])
    assert first + second + third == ids(tasks)[::-1]
    assert listed(backend, before=third[-1]) == []


def test_a_page_is_not_moved_by_what_comes_in_between(backend):
    tasks = [new() for _ in range(4)]
    insert(backend, *tasks)
    first = listed(backend, limit=2)
    insert(backend, new(), new())
    assert listed(backend, limit=2, before=first[-1]) == ids(tasks)[1::-1]


def test_a_page_begins_after_an_id_that_is_gone(backend):
    first, gone, last = new(), new(), new()
    insert(backend, first, last)
    assert listed(backend, before=gone.id) == [first.id]


def test_a_list_is_of_one_namespace(backend):
    mine, theirs = new(), new()
    insert(backend, mine)
    insert(backend, theirs, namespace="other")
    assert listed(backend, namespace="other") == [theirs.id]


def test_a_reader_never_misses_a_task_that_moves(backend):
    task = new()
    insert(backend, task)
    reader = backend.twin()

    def move() -> list[bool]:
        moved = []
        for _ in range(25):
            [one] = claim(backend)
            moved.append(finish(backend, done(one)) == {task.id} and retry(backend, task.id))
        return moved

    def look() -> list[bool]:
        return [found(reader, task.id) is not None for _ in range(50)]

    moved, seen = together(move, look)
    assert all(moved)
    assert all(seen)


def test_ids_between_two_are_found_in_both_tables(backend):
    one, live = claimed(backend), new()
    finish(backend, done(one))
    insert(backend, live)
    assert with_prefix(backend, one.id, live.id) == [one.id, live.id]
    assert with_prefix(backend, live.id, UUID(int=2**128 - 1)) == [live.id]


def test_a_prefix_of_one_task_finds_it_alone(backend):
    first = new(id=UUID("01890000-0000-7000-8000-00000000aaaa"))
    second = new(id=UUID("01890000-0000-7000-8000-00000000bbbb"))
    insert(backend, first, second)
    low = UUID("01890000-0000-7000-8000-00000000aa00")
    assert with_prefix(backend, low, UUID(int=low.int | 0xFF)) == [first.id]


def test_a_prefix_of_many_tasks_is_told_from_a_unique_one(backend):
    tasks = [new() for _ in range(9)]
    insert(backend, *tasks)
    assert 2 <= len(with_prefix(backend, UUID(int=0), UUID(int=2**128 - 1))) <= 9


def test_a_prefix_finds_nothing_in_another_namespace(backend):
    task = new()
    insert(backend, task)
    assert with_prefix(backend, task.id, task.id, "other") == []


def test_a_task_without_attempts_and_log_has_none(backend):
    task_id = new_task_id()
    assert backend.read(backend.storage.reads.list_attempts, task_id) == []
    assert backend.read(backend.storage.reads.read_log, task_id) == []


def test_readers_do_not_fail_while_writers_write(backend):
    tasks = [new() for _ in range(100)]
    insert(backend, *tasks)
    reader = backend.twin()
    together(
        lambda: [finish(backend, *(done(one) for one in claim(backend, limit=5)))] * 20,
        lambda: [listed(reader) for _ in range(20)],
        partial(counts, reader),
    )
    assert len(listed(reader)) == 100
