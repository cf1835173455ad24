"""Events: what a transaction changes is told by it, while somebody watches."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from rowlock.model.events import TaskEvent
from rowlock.model.states import TaskState
from rowlock.model.tasks import Outcome, Report
from rowlock.storage.event_contract import WATCHED_SECONDS, Kept
from rowlock.storage.sql.events import MANY
from tests.contract.steps import (
    LEASE,
    T0,
    after,
    back,
    cancel_running,
    cancel_waiting,
    claim,
    claimed,
    done,
    expire,
    finish,
    insert,
    new,
    promote,
    release,
    request_cancel,
    rescue,
    seconds,
)
from tests.support.backends import Backend

WATCHING = timedelta(minutes=10)


@pytest.fixture(autouse=True)
def _clock(backend: Backend) -> Iterator[None]:
    backend.storage.catalog.clock = lambda: T0
    yield
    backend.storage.catalog.clock = None


def watch(backend: Backend, namespace: str = "default") -> None:
    backend.run(backend.storage.events.keep_subscription, namespace, lasting=WATCHING, now=T0)


def told(backend: Backend, after: int = 0) -> list[TaskEvent]:
    return backend.read(backend.storage.events.read_events, after=after, limit=1_000)


def states(backend: Backend) -> list[str]:
    return [event.state.value for event in told(backend)]


def change(backend: Backend, name: str, *args: Any, **kwargs: Any) -> Any:
    return backend.run(getattr(backend.storage.changes, name), *args, **kwargs)


def test_nothing_is_written_while_nobody_watches(backend: Backend):
    finish(backend, done(claimed(backend)))
    assert told(backend) == []
    assert backend.read(backend.storage.events.newest_event) == 0


def test_a_life_is_told_step_by_step(backend: Backend):
    watch(backend)
    task = new(delay=seconds(5))
    insert(backend, task)
    promote(backend, now=after(5))
    [one] = claim(backend, now=after(5))
    report = Report(task.id, one.token, 40.0, "half of it")
    backend.run(backend.storage.claims.report, [report], now=after(6))
    release(backend, back(one, delay=seconds(9)))
    promote(backend, now=after(60))
    [again] = claim(backend, now=after(60))
    finish(backend, done(again, state=TaskState.FAILED, reason="discarded"), now=after(61))

    events = told(backend)
    assert [event.state.value for event in events] == [
        "scheduled", "queued", "running", "running", "retrying", "queued", "running", "failed",
    ]  # fmt: skip
    assert {event.task for event in events} == {task.id}
    assert {event.tasks for event in events} == {1}
    assert [event.attempt for event in events] == [0, 0, 1, 1, 1, 1, 2, 2]
    assert (events[3].progress, events[3].progress_message) == (40.0, "half of it")
    last = events[-1]
    assert (last.namespace, last.queue, last.definition) == ("default", "default", "hello")
    assert (last.reason, last.at) == ("discarded", after(61))
    assert [event.id for event in events] == sorted({event.id for event in events})


def test_the_ways_out_are_told(backend: Backend):
    watch(backend)
    waiting, running = new(), new()
    insert(backend, waiting)
    cancel_waiting(backend, waiting.id)
    insert(backend, running)
    [one] = claim(backend)
    request_cancel(backend, running.id)
    cancel_running(backend, running.id)
    assert one.id == running.id
    insert(backend, new(lifetime=seconds(1)))
    expire(backend, now=after(1))
    assert states(backend) == [
        "queued", "canceled", "queued", "running", "running", "canceled", "queued", "expired",
    ]  # fmt: skip
    assert [event.cancel_requested for event in told(backend)].index(True) == 4


def test_a_rescue_is_told(backend: Backend):
    watch(backend)
    claimed(backend, max_crashes=2)
    rescue(backend, now=after(60))
    claim(backend, now=after(60))
    rescue(backend, now=after(120))
    assert states(backend) == ["queued", "running", "queued", "running", "failed"]


def test_handing_back_is_told(backend: Backend):
    watch(backend)
    release(backend, back(claimed(backend), Outcome.HANDED_BACK))
    assert states(backend) == ["queued", "running", "queued"]


def test_changes_by_people_are_told(backend: Backend):
    watch(backend)
    task = new()
    insert(backend, task)
    change(backend, "pause", [task.id], until=after(5))
    change(backend, "resume", [task.id], now=T0)
    change(backend, "pause", [task.id], until=after(5))
    change(backend, "end_pauses", limit=9, now=after(5))
    change(backend, "edit", [task.id], run_at=after(99), now=T0)
    change(backend, "bury", [task.id], reason="canceled", deleted=False, now=T0)
    change(backend, "retry", [task.id], attempts=2, now=T0)
    change(backend, "bury", [task.id], reason="canceled", deleted=True, now=T0)
    change(backend, "stamp", [task.id], deleted=False, now=T0)
    assert states(backend) == [
        "queued", "paused", "queued", "paused", "queued", "scheduled", "canceled", "queued",
        "canceled", "canceled",
    ]  # fmt: skip
    assert [event.deleted for event in told(backend)][-2:] == [True, False]


def test_many_are_told_together(backend: Backend):
    watch(backend)
    size = MANY + 20
    insert(backend, *[new() for _ in range(size)], new(queue="other"))
    finish(backend, *[done(one) for one in claim(backend, limit=size)])
    events = sorted(told(backend), key=lambda event: (event.state.value, event.queue))
    assert [(event.state.value, event.queue, event.tasks) for event in events] == [
        ("queued", "default", size),
        ("queued", "other", 1),
        ("running", "default", size),
        ("succeeded", "default", size),
    ]
    assert {event.task for event in events} == {None}


def test_as_many_as_have_a_name_each_are_told_one_by_one(backend: Backend):
    watch(backend)
    insert(backend, *[new() for _ in range(MANY)])
    assert len(told(backend)) == MANY


def test_a_bulk_is_told_by_its_counts(backend: Backend):
    watch(backend)
    tasks = [new(), new(priority=3), new(delay=seconds(9)), new(queue="other")]
    tasks += [new() for _ in range(MANY)]
    store = backend.storage.enqueue
    backend.run(store.insert_fresh_tasks, iter(tasks), namespace="default", now=T0)
    counts = {(event.queue, event.state.value): event.tasks for event in told(backend)}
    assert counts == {
        ("default", "queued"): MANY + 2,
        ("default", "scheduled"): 1,
        ("other", "queued"): 1,
    }


def test_a_small_bulk_is_told_one_by_one(backend: Backend):
    watch(backend)
    tasks = [new(), new(priority=3), new(delay=seconds(9))]
    store = backend.storage.enqueue
    backend.run(store.insert_fresh_tasks, iter(tasks), namespace="default", now=T0)
    assert {event.task for event in told(backend)} == {task.id for task in tasks}


def test_only_a_watched_namespace_is_told_of(backend: Backend):
    watch(backend, "seen")
    insert(backend, new(), namespace="seen")
    insert(backend, new(), namespace="unseen")
    many = [new() for _ in range(MANY + 1)]
    insert(backend, *many, namespace="unseen")
    fresh = iter([new()])
    backend.run(backend.storage.enqueue.insert_fresh_tasks, fresh, namespace="unseen", now=T0)
    assert [event.namespace for event in told(backend)] == ["seen"]


def test_what_is_rolled_back_is_not_told(backend: Backend):
    watch(backend)
    task = new(unique_key="k")
    insert(backend, task)
    insert(backend, new(unique_key="k"))
    assert [event.task for event in told(backend)] == [task.id]


def test_a_subscription_runs_out(backend: Backend):
    watch(backend)
    insert(backend, new())
    backend.storage.catalog.clock = lambda: T0 + WATCHING
    other = backend.twin()
    if backend.durable:
        other.storage.catalog.clock = lambda: T0 + WATCHING
    else:
        time.sleep(WATCHED_SECONDS)
    insert(other, new(), now=T0 + WATCHING)
    assert len(told(backend)) == 1


def test_whoever_watches_while_a_change_waits_is_told(backend: Backend):
    watch(backend)
    events: Any = backend.storage.events

    class Waiting(list[Any]):
        """Tasks whose storing takes so long that what was known of those who watch is old."""

        def __iter__(self) -> Iterator[Any]:
            events._known_until = 0.0
            return super().__iter__()

    events._watched, events._known_until = False, float("inf")
    store = backend.storage.enqueue
    backend.run(store.insert_tasks, Waiting([new()]), namespace="default", now=T0)
    assert states(backend) == ["queued"]


def test_a_break_is_noticed(backend: Backend):
    def keep(now: datetime, namespace: str = "default") -> Kept:
        store = backend.storage.events
        return backend.run(store.keep_subscription, namespace, lasting=seconds(10), now=now)

    assert keep(T0) == Kept(T0, unbroken=False)
    assert keep(after(5)) == Kept(after(5), unbroken=True)
    assert keep(after(5), "other") == Kept(after(5), unbroken=False)
    assert keep(after(14)) == Kept(after(14), unbroken=True)
    assert keep(after(24)) == Kept(after(24), unbroken=False)


def test_a_longer_subscription_stays(backend: Backend):
    keep = backend.storage.events.keep_subscription
    backend.run(keep, "default", lasting=WATCHING, now=T0)
    backend.run(keep, "default", lasting=seconds(1), now=T0)
    backend.storage.catalog.clock = lambda: after(2)
    insert(backend, new(), now=after(2))
    assert len(told(backend)) == 1


def test_events_are_read_from_a_place_on(backend: Backend):
    watch(backend)
    insert(backend, new())
    [first] = told(backend)
    insert(backend, new())
    [second] = told(backend, after=first.id)
    assert second.id > first.id
    assert backend.read(backend.storage.events.newest_event) == second.id
    read_late = backend.storage.events.read_late_events
    assert backend.read(read_late, [second.id, first.id, second.id + 7]) == [first, second]


def test_old_events_are_deleted(backend: Backend):
    watch(backend)
    for age in (0, 10, 20):
        insert(backend, new(), now=after(age))
    delete = backend.storage.events.delete_events
    assert backend.run(delete, older_than=seconds(5), limit=1, now=after(20)) == 1
    assert backend.run(delete, older_than=seconds(5), limit=9, now=after(20)) == 1
    assert len(told(backend)) == 1
    insert(backend, new())
    assert len({event.id for event in told(backend)}) == 2


def test_no_id_comes_twice(backend: Backend):
    watch(backend)
    insert(backend, new())
    [first] = told(backend)
    backend.run(backend.storage.events.delete_events, older_than=LEASE, limit=9, now=after(99))
    insert(backend, new())
    [second] = told(backend)
    assert second.id > first.id
