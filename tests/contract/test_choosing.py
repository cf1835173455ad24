"""Contract: tasks chosen by what they carry, in three orders, and how many there are."""

from __future__ import annotations

import json

import pytest

from rowlock.model.states import TaskState
from rowlock.model.tasks import TaskFilter
from rowlock.storage.listing_contract import Position
from tests.contract.steps import (
    T0,
    after,
    back,
    claim,
    claimed,
    done,
    failure,
    finish,
    get,
    insert,
    listed,
    new,
    promote,
    release,
    seconds,
)


def failed(backend, message: str, **given):
    one = claimed(backend, **given)
    finish(backend, done(one, state=TaskState.FAILED, error=failure(message)))
    return one


def finished_order(backend, *, limit=100, after=None, **wanted):
    reads = backend.storage.reads
    return backend.read(
        reads.list_finished, "default", TaskFilter(**wanted), limit=limit, after=after, now=T0
    )


def waiting_order(backend, *, limit=100, after=None, **wanted):
    reads = backend.storage.reads
    return backend.read(
        reads.list_waiting, "default", TaskFilter(**wanted), limit=limit, after=after, now=T0
    )


def counted(backend, *, cap=100, **wanted):
    reads = backend.storage.reads
    return backend.read(reads.count_matching, "default", TaskFilter(**wanted), cap=cap, now=T0)


def payload(**arguments) -> str:
    return json.dumps(arguments, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


VALUES = [7, -1, 0, 2**53 + 1, 1.5, True, False, None, "x", "", "7", 'say "hi"', "back\\slash",
          "grün 🎉", "a'b", "x ", "X", "line\nbreak", "true"]  # fmt: skip


@pytest.mark.parametrize("value", VALUES)
def test_a_value_at_a_key_is_matched_to_the_letter_and_in_its_type(backend, value):
    tasks = {}
    for one in VALUES:
        task = new(payload=payload(a=one, b=1))
        tasks[task.id] = one
        insert(backend, task)
    insert(backend, new(payload=payload(b=value)), new(payload=payload(a=[value])))
    insert(backend, new(payload=payload(a={"a": value})))
    found = [tasks[task_id] for task_id in listed(backend, arguments={"a": value})]
    assert [(type(one), one) for one in found] == [(type(value), value)]


@pytest.mark.parametrize("key", ["a", "A b", "ä", "a.b", 'q"q', "b\\s", "$", "*", "0", "a[0]", "'"])
def test_any_key_can_be_asked_for(backend, key):
    wanted = new(payload=payload(**{key: 1}))
    insert(backend, wanted, new(payload=payload(other=1)), new(payload="[1,2]", definition=None))
    assert listed(backend, arguments={key: 1}) == [wanted.id]


def test_every_given_value_must_stand_there(backend):
    both = new(payload=payload(a=1, b="x", c=3))
    insert(backend, both, new(payload=payload(a=1)), new(payload=payload(b="x")))
    assert listed(backend, arguments={"a": 1, "b": "x"}) == [both.id]


def test_a_value_is_found_in_a_large_payload_and_in_a_finished_task(backend):
    large = new(payload=payload(a=1, fill="y" * 5000), priority=9)
    insert(backend, large, new(payload=payload(a=2, fill="y" * 5000)))
    assert listed(backend, arguments={"a": 1}) == [large.id]
    finish(backend, *(done(one) for one in claim(backend)))
    assert listed(backend, arguments={"a": 1}) == [large.id]


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ("connection refused", True),
        ("CONNECTION Ref", True),
        ("valueerror: connection", True),
        ("100%", True),
        ("(a.b)*[c]", True),
        ('"quoted"', True),
        ("back\\slash", True),
        ("line\nbreak", True),
        ("GRÜN", False),
        ("GRün", True),
        ("refused by", False),
        ("a_b", False),
        (".*", False),
        ("message", False),
    ],
)
def test_an_error_is_found_by_any_part_of_its_text(backend, asked, shown):
    text = 'Connection refused: 100% (a.b)*[c] "quoted" back\\slash line\nbreak grün'
    one = failed(backend, text)
    failed(backend, "something else")
    assert listed(backend, error=asked) == [one.id] * shown


def test_an_error_of_a_task_that_is_tried_again_is_found(backend):
    one = claimed(backend)
    release(backend, back(one, delay=seconds(60), error=failure("flaky")))
    assert listed(backend, error="FLAKY") == [one.id]


def test_a_worker_is_found_by_what_it_runs_and_ran(backend):
    ran = claimed(backend)
    finish(backend, done(ran))
    insert(backend, new(), new())
    runs, _ = claim(backend, worker="w1")[0], claim(backend, worker="W1")
    assert listed(backend, worker="w1") == [runs.id, ran.id]


def test_a_unique_key_is_found_live_and_finished(backend):
    one = claimed(backend, unique_key="k")
    finish(backend, done(one))
    again = new(unique_key="k")
    insert(backend, again, new(unique_key="K"), new())
    assert listed(backend, unique_key="k") == [again.id, one.id]


def test_ranges_of_start_and_end_include_their_begin_and_exclude_their_end(backend):
    insert(backend, new())
    begun = {moment: claimed(backend, now=after(moment)) for moment in (0, 5, 10)}
    assert listed(backend, started_after=after(0), started_before=after(5)) == [begun[0].id]
    for moment, one in begun.items():
        finish(backend, done(one), now=after(moment + 20))
    assert listed(backend, started_after=after(5)) == [begun[10].id, begun[5].id]
    assert listed(backend, finished_after=after(20), finished_before=after(30)) == [
        begun[5].id,
        begun[0].id,
    ]


def test_finished_tasks_are_listed_by_their_ends_over_all_queues_page_by_page(backend):
    for queue in ("a", "b"):
        backend.run(backend.storage.queues.ensure_queue, "default", queue)
    tasks = [new(queue=queue) for queue in "abab"]
    insert(backend, *tasks, new(queue="a", delay=seconds(60)))
    for queue in "ab":
        for one in claim(backend, queue=queue, limit=5):
            finish(backend, done(one))
    order = sorted((task.id for task in tasks), reverse=True)
    first = finished_order(backend, limit=3)
    assert [task.id for task in first] == order[:3]
    last = first[-1]
    assert last.finished_at is not None
    rest = finished_order(backend, limit=3, after=Position(last.finished_at, last.id))
    assert [task.id for task in rest] == order[3:]


def test_the_last_to_finish_comes_first_whatever_its_age(backend):
    backend.run(backend.storage.queues.ensure_queue, "default", "default")
    old = claimed(backend)
    young = failed(backend, "boom")
    finish(backend, done(old), now=after(9))
    assert [task.id for task in finished_order(backend)] == [old.id, young.id]
    assert [task.id for task in finished_order(backend, states=("failed",))] == [young.id]
    assert [task.id for task in finished_order(backend, queue="default")] == [old.id, young.id]
    assert finished_order(backend, queue="other") == []


def test_waiting_tasks_are_listed_by_when_they_are_due_page_by_page(backend):
    late, soon, same = new(delay=seconds(60)), new(delay=seconds(5)), new(delay=seconds(60))
    urgent = new(priority=5, delay=seconds(90))
    insert(backend, late, soon, same, urgent)
    insert(backend, new(), now=after(-9))
    [running] = claim(backend)
    assert running.id not in [task.id for task in waiting_order(backend)]
    first = waiting_order(backend, limit=2)
    assert [task.id for task in first] == [soon.id, late.id]
    rest = waiting_order(backend, after=Position(first[-1].run_at, first[-1].id))
    assert [task.id for task in rest] == [same.id, urgent.id]
    promote(backend, now=after(5))
    assert [task.id for task in waiting_order(backend, states=("queued",))] == [soon.id]


def test_a_count_is_what_a_list_shows_up_to_a_cap(backend, one_of_each):
    assert counted(backend) == len(one_of_each) - 1
    assert counted(backend, states=("running", "failed")) == 2
    assert counted(backend, definition="nobody") == 0
    assert counted(backend, include_deleted=True) == len(one_of_each)
    assert counted(backend, cap=2) == 3


def test_nothing_of_another_namespace_is_listed_or_counted(backend):
    one = claimed(backend)
    finish(backend, done(one))
    insert(backend, new())
    for operation in (backend.storage.reads.list_finished, backend.storage.reads.list_waiting):
        assert backend.read(operation, "other", TaskFilter(), limit=9) == []
    assert backend.read(backend.storage.reads.count_matching, "other", TaskFilter(), cap=9) == 0
    assert get(backend, one.id).namespace == "default"
