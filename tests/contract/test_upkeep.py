"""Contract: promotion, expiry, pruning and duties."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from uuid import UUID

import pytest

from rowlock.model.states import TaskState
from rowlock.model.tasks import Report
from tests.contract.steps import (
    after,
    attempts,
    back,
    cancel_waiting,
    claim,
    claimed,
    done,
    expire,
    failure,
    finish,
    found,
    get,
    ids,
    insert,
    listed,
    new,
    promote,
    release,
    rescue,
    seconds,
    state_of,
    together,
)
from tests.support.backends import Backend

WEEK = timedelta(days=7)


def next_due(backend: Backend, *, now) -> float | None:
    return backend.read(backend.storage.upkeep.seconds_to_next_due, now=now)


def prune(
    backend: Backend, *, now, older_than: timedelta = WEEK, limit: int = 1000,
    queue: str = "default", namespace: str = "default",
) -> int:  # fmt: skip
    plan = backend.storage.upkeep.prune_history
    return backend.run(plan, namespace, queue, older_than=older_than, limit=limit, now=now)


def take(backend: Backend, name: str, *, now, every: float = 60) -> bool:
    return backend.run(backend.storage.upkeep.take_duty, name, every=seconds(every), now=now)


def finished(backend: Backend, *, at: float = 0, **given) -> UUID:
    one = claimed(backend, **given)
    finish(backend, done(one), now=after(at))
    return one.id


def rows_of(backend: Backend, task_id: UUID) -> list[int]:
    """How many rows of each kind belong to a task, besides its own."""
    tables = ("attempt", "log", "payload")
    sql = "SELECT count(*) FROM rowlock_{} WHERE task = :id"
    return [backend.execute(sql.format(name), id=task_id).rows[0][0] for name in tables]


def test_a_task_that_is_due_is_queued(backend):
    task = new(queue="emails", delay=seconds(10))
    insert(backend, task)
    assert promote(backend, now=after(10)) == [("default", "emails")]
    assert state_of(backend, task.id) is TaskState.QUEUED


def test_a_task_that_is_not_due_stays_scheduled(backend):
    task = new(delay=seconds(10))
    insert(backend, task)
    assert promote(backend, now=after(9.999999)) == []
    assert state_of(backend, task.id) is TaskState.SCHEDULED


def test_promotion_says_namespace_and_queue_of_each(backend):
    insert(backend, new(queue="a", delay=seconds(1)), new(queue="a", delay=seconds(2)))
    insert(backend, new(queue="b", delay=seconds(3)), namespace="other")
    assert sorted(promote(backend, now=after(5))) == [
        ("default", "a"),
        ("default", "a"),
        ("other", "b"),
    ]


def test_no_more_than_the_limit_is_promoted_and_the_earliest_first(backend):
    later, sooner = new(delay=seconds(2)), new(delay=seconds(1))
    insert(backend, later, sooner)
    assert len(promote(backend, now=after(5), limit=1)) == 1
    assert ids(claim(backend, limit=9)) == [sooner.id]


def test_a_promoted_task_stands_in_line_by_its_due_time(backend):
    delayed, immediate = new(delay=seconds(10)), new()
    insert(backend, delayed)
    insert(backend, immediate, now=after(5))
    promote(backend, now=after(20))
    assert ids(claim(backend, limit=2, now=after(20))) == [immediate.id, delayed.id]


def test_two_promoters_move_each_task_once(backend):
    insert(backend, *(new(delay=seconds(1)) for _ in range(50)))
    other = backend.twin()
    mine, theirs = together(
        partial(promote, backend, now=after(2)), partial(promote, other, now=after(2))
    )
    assert len(mine) + len(theirs) == 50


def test_nothing_is_due_next_when_nothing_is_scheduled(backend):
    insert(backend, new())
    assert next_due(backend, now=after(0)) is None


def test_the_earliest_scheduled_task_is_due_next(backend):
    insert(backend, new(delay=seconds(90)), new(delay=seconds(30.5)))
    assert next_due(backend, now=after(10)) == pytest.approx(20.5)


def test_what_is_overdue_is_due_now(backend):
    insert(backend, new(delay=seconds(30)))
    assert next_due(backend, now=after(99)) == 0


def test_the_next_due_time_is_by_the_clock_of_the_database(backend):
    insert(backend, new(delay=timedelta(hours=1)), now=None)
    due = next_due(backend, now=None)
    assert due is not None
    assert 3500 < due <= 3600


def test_a_waiting_task_past_its_lifetime_expires(backend):
    task = new(lifetime=seconds(10), unique_key="k")
    insert(backend, task)
    assert expire(backend, now=after(10)) == 1
    stored = get(backend, task.id)
    assert (stored.state, stored.reason, stored.finished_at) == (
        TaskState.EXPIRED,
        "lifetime",
        after(10),
    )
    assert (stored.started_at, stored.attempt, stored.unique_key) == (None, 0, "k")


def test_a_task_within_its_lifetime_does_not_expire(backend):
    insert(backend, new(lifetime=seconds(10)), new())
    assert expire(backend, now=after(9.999999)) == 0


def test_a_scheduled_task_expires_only_after_it_was_due(backend):
    insert(backend, new(delay=seconds(60), lifetime=seconds(10)))
    assert expire(backend, now=after(69)) == 0
    assert expire(backend, now=after(70)) == 1


def test_a_task_in_a_paused_queue_expires(backend):
    insert(backend, new(lifetime=seconds(10)))
    backend.run(backend.storage.queues.ensure_queue, "default", "default")
    backend.run(backend.storage.queues.pause_queue, "default", "default", True)
    assert expire(backend, now=after(10)) == 1


def test_a_running_task_does_not_expire(backend):
    one = claimed(backend, lifetime=seconds(10))
    assert expire(backend, now=after(99)) == 0
    assert finish(backend, done(one)) == {one.id}


def test_a_task_that_ran_before_does_not_expire(backend):
    one = claimed(backend, lifetime=seconds(10))
    release(backend, back(one))
    assert expire(backend, now=after(99)) == 0


def test_no_more_than_the_limit_expires(backend):
    insert(backend, *(new(lifetime=seconds(1)) for _ in range(5)))
    assert expire(backend, now=after(9), limit=3) == 3
    assert expire(backend, now=after(9), limit=3) == 2


def test_an_expired_task_frees_its_key(backend):
    insert(backend, new(lifetime=seconds(1), unique_key="k"))
    expire(backend, now=after(9))
    assert len(insert(backend, new(unique_key="k"))) == 1


def test_a_claim_and_an_expiry_that_race_take_each_task_once(backend):
    insert(backend, *(new(lifetime=seconds(10)) for _ in range(30)))
    other = backend.twin()
    taken, gone = together(
        lambda: [len(claim(backend, now=after(5))) for _ in range(30)],
        lambda: [expire(other, now=after(10), limit=1) for _ in range(30)],
    )
    assert sum(taken) + sum(gone) == 30
    assert len(listed(backend, states=("expired",))) == sum(gone)


def test_finished_tasks_past_their_retention_are_deleted(backend):
    old, young = finished(backend, at=0), finished(backend, at=2 * 86400)
    assert prune(backend, now=after(8 * 86400)) == 1
    assert (found(backend, old), state_of(backend, young)) == (None, TaskState.SUCCEEDED)


def test_the_border_of_retention_is_kept(backend):
    task_id = finished(backend)
    assert prune(backend, now=after(60), older_than=seconds(60)) == 0
    assert prune(backend, now=after(60.000001), older_than=seconds(60)) == 1
    assert found(backend, task_id) is None


def test_every_final_state_is_pruned(backend):
    insert(backend, new(), new(), new())
    first, second, third = claim(backend, limit=3)
    ends = [(first, "succeeded"), (second, "failed"), (third, "canceled")]
    finish(backend, *(done(one, state=TaskState(state)) for one, state in ends))
    insert(backend, new(lifetime=seconds(1)))
    expire(backend, now=after(1))
    assert prune(backend, now=after(9), older_than=seconds(1)) == 4


def test_unfinished_tasks_stay_however_old(backend):
    one = claimed(backend)
    retrying = claimed(backend)
    release(backend, back(retrying, delay=seconds(5)))
    insert(backend, new(), new(delay=seconds(5)))
    assert prune(backend, now=after(10**8), older_than=seconds(0)) == 0
    assert len(listed(backend)) == 4
    assert state_of(backend, one.id) is TaskState.RUNNING


def test_everything_that_belongs_to_a_task_goes_with_it(backend):
    task = new(payload='"' + "x" * 3000 + '"')
    insert(backend, task)
    [one] = claim(backend)
    release(backend, back(one, error=failure()))
    [again] = claim(backend)
    report = Report(again.id, again.token, log='[["2030-01-01T12:00:00+00:00","INFO","x"]]')
    backend.run(backend.storage.claims.report, [report], now=after(0))
    finish(backend, done(again))
    assert rows_of(backend, task.id) == [1, 1, 1]
    prune(backend, now=after(9), older_than=seconds(1))
    assert rows_of(backend, task.id) == [0, 0, 0]


def test_what_belongs_to_other_tasks_stays(backend):
    old = finished(backend)
    kept = new(payload='"' + "x" * 3000 + '"')
    insert(backend, kept)
    [one] = claim(backend)
    release(backend, back(one))
    prune(backend, now=after(9), older_than=seconds(1))
    assert (found(backend, old), rows_of(backend, kept.id)) == (None, [1, 0, 1])
    assert len(attempts(backend, kept.id)) == 1


def test_no_more_than_the_limit_is_pruned_and_the_oldest_first(backend):
    second, first = finished(backend, at=2), finished(backend, at=1)
    assert prune(backend, now=after(99), older_than=seconds(1), limit=1) == 1
    assert (found(backend, first), get(backend, second).id) == (None, second)


def test_250_finished_tasks_go_in_batches(backend):
    insert(backend, *(new() for _ in range(250)))
    finish(backend, *(done(one) for one in claim(backend, limit=250)))
    deleted = [prune(backend, now=after(9), older_than=seconds(1), limit=100) for _ in range(4)]
    assert deleted == [100, 100, 50, 0]


def test_pruning_is_of_one_queue_of_one_namespace(backend):
    finished(backend)
    assert prune(backend, now=after(9), older_than=seconds(1), queue="other") == 0
    assert prune(backend, now=after(9), older_than=seconds(1), namespace="other") == 0


def test_two_pruners_delete_each_task_once(backend):
    insert(backend, *(new() for _ in range(60)))
    finish(backend, *(done(one) for one in claim(backend, limit=60)))
    other = backend.twin()
    run = partial(prune, now=after(9), older_than=seconds(1))
    mine, theirs = together(partial(run, backend), partial(run, other))
    assert mine + theirs == 60


def test_a_pruned_task_can_be_enqueued_again(backend):
    task_id = finished(backend)
    prune(backend, now=after(9), older_than=seconds(1))
    assert insert(backend, new(id=task_id), replayed=True) == {task_id}


def test_a_duty_is_taken_by_who_asks_first(backend):
    assert take(backend, "sweep", now=after(0)) is True
    assert take(backend.twin(), "sweep", now=after(0)) is False


def test_a_duty_is_due_again_after_its_interval(backend):
    take(backend, "sweep", now=after(0), every=60)
    assert take(backend, "sweep", now=after(59.999999), every=60) is False
    assert take(backend, "sweep", now=after(60), every=60) is True
    assert take(backend, "sweep", now=after(61), every=60) is False


def test_duties_do_not_know_of_each_other(backend):
    take(backend, "sweep", now=after(0))
    assert take(backend, "prune", now=after(0)) is True


def test_a_missed_duty_is_done_once(backend):
    take(backend, "sweep", now=after(0))
    assert take(backend, "sweep", now=after(9999)) is True
    assert take(backend, "sweep", now=after(9999)) is False


def test_a_duty_is_due_by_the_clock_of_the_database(backend):
    assert take(backend, "sweep", now=None) is True
    assert take(backend, "sweep", now=None) is False
    assert backend.read(backend.storage.upkeep.resting_duties) == {"sweep"}


def test_a_duty_rests_until_its_time_has_come(backend):
    """One that nobody has ever done does not."""
    resting = partial(backend.read, backend.storage.upkeep.resting_duties)
    assert resting(now=after(0)) == set()
    take(backend, "sweep", now=after(0), every=60)
    take(backend, "prune", now=after(0), every=30)
    assert resting(now=after(29.999999)) == {"sweep", "prune"}
    assert resting(now=after(30)) == {"sweep"}
    assert resting(now=after(60)) == set()


def test_of_16_racing_for_a_new_duty_exactly_one_takes_it(backend):
    assert sum(together(*(partial(take, backend, "sweep", now=after(0)) for _ in range(16)))) == 1


def test_of_16_racing_for_a_due_duty_exactly_one_takes_it(backend):
    take(backend, "sweep", now=after(0))
    later = partial(take, backend, "sweep", now=after(60))
    assert sum(together(*(later for _ in range(16)))) == 1


def test_upkeep_of_an_empty_database_does_nothing(backend):
    assert promote(backend, now=after(0)) == []
    assert rescue(backend, now=after(0)) == []
    assert expire(backend, now=after(0)) == 0
    assert prune(backend, now=after(0)) == 0


def test_a_canceled_task_that_never_ran_is_pruned(backend):
    task = new()
    insert(backend, task)
    cancel_waiting(backend, task.id)
    assert prune(backend, now=after(9), older_than=seconds(1)) == 1
