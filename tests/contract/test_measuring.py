"""Contract: what is stuck, how the last tasks of a queue ended and how long they took."""

from __future__ import annotations

from rowlock.model.definitions import Definition
from rowlock.model.states import TaskState
from tests.contract.steps import (
    after,
    back,
    cancel_waiting,
    claim,
    claimed,
    define,
    done,
    failure,
    finish,
    insert,
    new,
    release,
    renew,
    seconds,
)
from tests.contract.steps import held as holding

HOUR = seconds(3600)


def stuck(backend, *, now, namespace="default", limit=100):
    plan = backend.storage.reads.list_stuck
    tasks = backend.read(plan, namespace, longer_than=HOUR, limit=limit, now=now)
    return [task.id for task in tasks]


def ends(backend, *, now, queue="default", namespace="default", cap=100):
    plan = backend.storage.reads.recent_ends
    return backend.read(plan, namespace, queue, window=HOUR, cap=cap, now=now)


def runs(backend, *, now, queue="default", namespace="default", cap=100):
    plan = backend.storage.reads.recent_runs
    return backend.read(plan, namespace, queue, window=HOUR, cap=cap, now=now)


def test_a_task_is_stuck_that_runs_too_long_or_whose_lease_ran_out(backend):
    long, lost = claimed(backend), claimed(backend, now=after(3000))
    claimed(backend, now=after(3599), queue="default")
    renew(backend, holding(long, lease=seconds(9000)), now=after(10))
    insert(backend, new(), now=after(0))
    assert stuck(backend, now=after(3029)) == []
    assert stuck(backend, now=after(3031)) == [lost.id]
    assert stuck(backend, now=after(3600)) == [long.id, lost.id]
    assert stuck(backend, now=after(3600), limit=1) == [long.id]
    assert stuck(backend, now=after(3600), namespace="other") == []
    finish(backend, done(long), done(lost), now=after(3600))
    assert stuck(backend, now=after(3601)) == []


def test_ends_are_counted_by_state_within_the_window(backend):
    early = claimed(backend)
    finish(backend, done(early), now=after(1))
    for moment, state in ((100, "succeeded"), (200, "succeeded"), (300, "failed")):
        one = claimed(backend, now=after(moment))
        finish(backend, done(one, state=TaskState(state)), now=after(moment))
    waiting = new()
    insert(backend, waiting)
    cancel_waiting(backend, waiting.id)
    found = ends(backend, now=after(3650))
    assert found.counts == {TaskState.SUCCEEDED: 2, TaskState.FAILED: 1}
    assert (found.since, found.now) == (after(100), after(3650))
    assert ends(backend, now=after(3650), cap=1).counts == {TaskState.FAILED: 1}
    assert ends(backend, now=after(3650), queue="other").counts == {}
    assert ends(backend, now=after(3650), namespace="other").since is None


def test_a_run_says_how_long_it_waited_and_took(backend):
    define(backend, Definition(alias="Hello", key="hello"))
    insert(backend, new(delay=seconds(10)), new(definition=None, priority=-1, delay=seconds(10)))
    backend.run(backend.storage.upkeep.promote_tasks, limit=9, now=after(10))
    for moment, took in ((15, 2), (20, 4)):
        [one] = claim(backend, now=after(moment))
        finish(backend, done(one), now=after(moment + took))
    found = sorted(runs(backend, now=after(60)), key=lambda run: run.took)
    assert [(run.definition, run.waited, run.took) for run in found] == [
        ("Hello", seconds(5), seconds(2)),
        (None, seconds(10), seconds(4)),
    ]


def test_only_finished_tasks_that_ran_have_a_run(backend):
    one = claimed(backend)
    release(backend, back(one, delay=seconds(1), error=failure()))
    gone = new()
    insert(backend, gone)
    cancel_waiting(backend, gone.id)
    assert runs(backend, now=after(60)) == []
    old = claimed(backend)
    finish(backend, done(old), now=after(1))
    assert runs(backend, now=after(3700)) == []
    assert len(runs(backend, now=after(3000))) == 1
    assert runs(backend, now=after(3000), namespace="other") == []


def test_the_newest_runs_are_those_that_are_told(backend):
    for moment in (10, 20, 30):
        one = claimed(backend, now=after(moment))
        finish(backend, done(one), now=after(moment + moment))
    told = runs(backend, now=after(100), cap=2)
    assert sorted(run.took for run in told) == [seconds(20), seconds(30)]
