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


def running(backend, *, now, namespace="default", limit=100):
    return backend.read(backend.storage.reads.running_now, namespace, limit=limit, now=now)


def claimable(backend, *, now, queue="default", namespace="default", within=0.0, cap=100):
    plan = backend.storage.reads.count_claimable
    return backend.read(plan, namespace, queue, within=seconds(within), cap=cap, now=now)[:3]


def test_what_runs_is_told_by_queue_and_worker(backend):
    insert(backend, *(new() for _ in range(3)), new(queue="other"))
    claim(backend, limit=2)
    claim(backend, worker="w2", now=after(10))
    claim(backend, queue="other", now=after(10))
    insert(backend, new(), namespace="elsewhere")
    assert running(backend, now=after(20)) == [
        ("default", "w1", 2, seconds(20), 0),
        ("default", "w2", 1, seconds(10), 0),
        ("other", "w1", 1, seconds(10), 0),
    ]
    assert [one.overdue for one in running(backend, now=after(31))] == [2, 0, 0]
    assert len(running(backend, now=after(20), limit=2)) == 2
    assert running(backend, now=after(20), namespace="elsewhere") == []


def test_what_a_claim_could_take_is_counted_now_and_soon(backend):
    insert(backend, new(), new(), new(lifetime=seconds(5)), new(queue="other"))
    insert(backend, new(delay=seconds(30)), new(delay=seconds(60)))
    insert(backend, new(), namespace="elsewhere")
    claim(backend)
    assert claimable(backend, now=after(1)) == (2, 0, 1)
    assert claimable(backend, now=after(6)) == (1, 0, 1)
    assert claimable(backend, now=after(6), within=24) == (1, 1, 1)
    assert claimable(backend, now=after(6), within=54) == (1, 2, 1)
    assert claimable(backend, now=after(6), within=54, cap=1) == (1, 1, 1)
    assert claimable(backend, now=after(6), queue="nothing") == (0, 0, 0)


def test_what_expires_before_it_can_start_could_not_be_taken(backend):
    [task] = [new(delay=seconds(30), lifetime=seconds(10))]
    insert(backend, task)
    assert claimable(backend, now=after(0), within=30) == (0, 1, 0)
    assert claimable(backend, now=after(41), within=30) == (0, 0, 0)
