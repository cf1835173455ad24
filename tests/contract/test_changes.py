"""Contract: changes of tasks by their ids, under the clock and under races."""

from __future__ import annotations

from uuid import UUID

import pytest

from rowlock.model.changes import Action, Change, Edits
from rowlock.model.states import TaskState
from rowlock.ops.changes import Changed, change_tasks
from tests.contract.steps import (
    T0,
    after,
    attempts,
    claim,
    claimed,
    done,
    expire,
    finish,
    get,
    ids,
    insert,
    new,
    promote,
    rescue,
    seconds,
    state_of,
    together,
)
from tests.support.backends import Backend


def change(backend: Backend, action: Action, *tasks: UUID, now=T0, **given) -> Changed:
    return backend.run(
        change_tasks,
        backend.storage,
        "default",
        Change(action, **given),
        dict.fromkeys(tasks),
        now=now,
    )


def test_a_queue_gives_nothing_until_its_pause_has_ended(backend):
    insert(backend, new())
    backend.run(backend.storage.queues.ensure_queue, "default", "default")
    pause = backend.storage.queues.pause_queue
    backend.run(pause, "default", "default", True, until=after(10))
    assert claim(backend, now=after(9)) == []
    assert len(claim(backend, now=after(10))) == 1


def test_a_paused_task_expires(backend):
    task = new(lifetime=seconds(5))
    insert(backend, task)
    change(backend, Action.PAUSE, task.id)
    assert state_of(backend, task.id) is TaskState.PAUSED
    assert expire(backend, now=after(5)) == 1
    assert get(backend, task.id).state is TaskState.EXPIRED


@pytest.mark.parametrize("action", [Action.PAUSE, Action.EDIT])
def test_what_is_past_its_lifetime_is_left(backend, action):
    task = new(lifetime=seconds(5))
    insert(backend, task)
    changed = change(backend, action, task.id, now=after(5), edits=Edits(priority=1))
    assert changed.refused == {task.id: "expired"}


def test_a_task_whose_time_came_while_it_was_paused_is_queued(backend):
    task = new(delay=seconds(10))
    insert(backend, task)
    change(backend, Action.PAUSE, task.id)
    assert promote(backend, now=after(20)) == []
    change(backend, Action.RESUME, task.id, now=after(20))
    [one] = claim(backend, now=after(20))
    assert one.id == task.id


def test_an_edited_task_takes_its_new_place_in_the_line(backend):
    first, second = new(), new()
    insert(backend, first, second)
    change(backend, Action.EDIT, second.id, edits=Edits(priority=5))
    change(backend, Action.EDIT, first.id, edits=Edits(delay=seconds(30)))
    assert ids(claim(backend, limit=2)) == [second.id]
    assert promote(backend, now=after(30)) == [("default", "default")]


def test_a_retry_of_what_crashed_to_its_end_keeps_payload_and_record(backend):
    one = claimed(backend, max_crashes=1, payload='"' + "x" * 3000 + '"')
    rescue(backend, now=after(31))
    assert change(backend, Action.RETRY, one.id).refused == {}
    task = get(backend, one.id)
    assert (task.state, task.crashes, task.payload) == (TaskState.QUEUED, 0, "x" * 3000)
    assert [run.outcome for run in attempts(backend, one.id)] == ["failed"]


def test_a_cancel_asks_what_runs_and_force_does_not(backend):
    one, two = claimed(backend), claimed(backend)
    assert len(change(backend, Action.CANCEL, one.id).done) == 1
    assert get(backend, one.id).cancel_requested is True
    change(backend, Action.CANCEL, two.id, force=True)
    assert state_of(backend, two.id) is TaskState.CANCELED
    assert finish(backend, done(two)) == set()
    assert finish(backend, done(one)) == {one.id}


def test_a_claim_and_a_pause_that_race_do_not_both_win(backend):
    tasks = [new() for _ in range(40)]
    insert(backend, *tasks)
    other = backend.twin()
    batches, paused = together(
        lambda: [claim(backend) for _ in tasks],
        lambda: [task.id for task in tasks if change(other, Action.PAUSE, task.id).done],
    )
    taken = {one.id for batch in batches for one in batch}
    assert taken.isdisjoint(paused)
    assert {state_of(backend, one) for one in paused} <= {TaskState.PAUSED}
    assert {state_of(backend, one) for one in taken} <= {TaskState.RUNNING}


def test_a_settle_and_a_forced_delete_that_race_leave_one_end(backend):
    insert(backend, *(new() for _ in range(20)))
    claims = claim(backend, limit=20)
    other = backend.twin()
    settled, _ = together(
        lambda: [one.id for one in claims if finish(backend, done(one))],
        lambda: change(other, Action.DELETE, *ids(claims), force=True),
    )
    for one in claims:
        task = get(backend, one.id)
        assert task.deleted_at is not None
        expected = TaskState.SUCCEEDED if one.id in settled else TaskState.CANCELED
        assert task.state is expected


def test_of_many_retries_that_race_each_task_goes_once(backend):
    insert(backend, *(new() for _ in range(20)))
    claims = claim(backend, limit=20)
    finish(backend, *(done(one) for one in claims))
    other = backend.twin()
    mine, theirs = together(
        lambda: change(backend, Action.RETRY, *ids(claims)),
        lambda: change(other, Action.RETRY, *ids(claims)),
    )
    assert len(mine.done) + len(theirs.done) == 20
    assert [len(attempts(backend, one.id)) for one in claims] == [1] * 20
