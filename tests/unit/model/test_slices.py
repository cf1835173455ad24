"""Slices of new tasks."""

from __future__ import annotations

from collections.abc import Iterator

from rowlock.model.ids import new_task_id
from rowlock.model.slices import MAX_PAYLOAD_LENGTH, MAX_TASKS, slices
from rowlock.model.tasks import NewTask, TaskTerms

TERMS = TaskTerms("default", None, 1, 1)


def new(payload: str = "1") -> NewTask:
    return NewTask(new_task_id(), payload, TERMS)


def test_small_tasks_fill_a_slice_by_their_number():
    tasks = [new() for _ in range(2 * MAX_TASKS + 1)]
    parts = list(slices(tasks))
    assert [len(part) for part in parts] == [MAX_TASKS, MAX_TASKS, 1]
    assert [task for part in parts for task in part] == tasks


def test_large_payloads_fill_a_slice_by_their_length():
    half = "x" * (MAX_PAYLOAD_LENGTH // 2)
    assert [len(part) for part in slices(new(half) for _ in range(5))] == [2, 2, 1]


def test_no_tasks_have_no_slice():
    assert list(slices([])) == []


def test_a_slice_is_read_when_it_is_asked_for():
    read = 0

    def tasks() -> Iterator[NewTask]:
        nonlocal read
        while True:
            read += 1
            yield new()

    next(slices(tasks()))
    assert read == MAX_TASKS
