"""A worker that was frozen past its leases: its handlers are told, its ends are refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from rowlock.ops.upkeep import RESCUE, RESCUE_GRACE
from tests.chaos.conftest import Place
from tests.chaos.fleet import Fleet, end_process, wait_until
from tests.chaos.journal import events_of
from tests.chaos.program import QUEUE, Options
from tests.chaos.runs import START_SECONDS, judged, wait_for_events, wait_until_drained

LEASE = timedelta(seconds=2)
A_LOOK = timedelta(seconds=2)
"""How often a worker looks whether a duty is due, and how long a claim takes, with room."""


def test_a_frozen_worker_is_told_and_its_settle_is_refused(place: Place):
    place.app.register_queue(QUEUE, lease="1s")
    options = Options(url=place.url, journal=str(place.journal), slots=1)
    task = place.app.enqueue("until_told").id
    with Fleet(options, size=2, log=place.log) as fleet:
        wait_for_events(place, "started", 1)
        [first] = events_of(place.journal, "started")
        [holder] = [worker for worker in fleet.workers if worker.pid == first["pid"]]
        fleet.freeze_between_writes(holder, place.can_write)
        wait_until_drained(place)
        fleet.thaw(everyone=True)
        wait_for_events(place, "answered", 1, pid=holder.pid, recorded=False)
        assert fleet.stop() == [0, 0], fleet.log_end
    history = judged(place, [task])
    told = {event["pid"]: event["told"] for event in events_of(place.journal, "ended")}
    assert told == {holder.pid: True, (set(told) - {holder.pid}).pop(): False}
    assert [(row.state, row.attempt, row.crashes) for row in history.tasks] == [("succeeded", 2, 1)]


def test_the_task_of_a_killed_worker_is_started_again_by_another_in_time(place: Place):
    """C145."""
    place.app.register_queue(QUEUE, lease=LEASE)
    options = Options(url=place.url, journal=str(place.journal), slots=1, hasty=False)
    task = place.app.enqueue("pause", {"seconds": 3.0}).id
    with Fleet(options, size=2, log=place.log) as fleet:
        wait_for_events(place, "started", 1)
        [first] = events_of(place.journal, "started")
        [holder] = [worker for worker in fleet.workers if worker.pid == first["pid"]]
        end_process(holder)
        killed_at = datetime.now(UTC)
        fleet.workers.remove(holder)
        wait_until_drained(place)
        assert fleet.stop() == [0], fleet.log_end
    judged(place, [task])
    lost, again = place.app.attempts(task)
    assert [(run.attempt, run.outcome) for run in (lost, again)] == [(1, "lost"), (2, "succeeded")]
    assert again.started_at is not None
    assert again.started_at - killed_at <= LEASE + RESCUE_GRACE + RESCUE.every + A_LOOK


def test_a_worker_that_takes_its_own_lost_task_again_keeps_the_two_runs_apart(place: Place):
    place.app.register_queue(QUEUE, lease="1s")
    options = Options(url=place.url, journal=str(place.journal), slots=2)
    storage = place.app.core.storage

    def rescued() -> bool:
        rescue, nothing = storage.upkeep.rescue_tasks, timedelta(0)
        return bool(storage.runner.run(rescue, grace=nothing, limit=10))

    task = place.app.enqueue("block", {"seconds": 2.0}).id
    with Fleet(options, size=1, log=place.log) as fleet:
        wait_for_events(place, "started", 1)
        fleet.freeze_between_writes(fleet.workers[0], place.can_write)
        wait_until(rescued, seconds=START_SECONDS, what="the lease ran out")
        fleet.thaw(everyone=True)
        wait_until_drained(place)
        # Both slots are free again: two tasks that need each other's start can run.
        more = [place.app.enqueue("meet").id for _ in range(2)]
        wait_until_drained(place)
        assert fleet.stop() == [0], fleet.log_end
    history = judged(place, [task, *more])
    assert len(history.starts) == 2 + len(more)
    found = place.app.get_task(task)
    assert (found.state, found.attempt, found.crashes) == ("succeeded", 2, 1)
