"""Changing every task that passes a filter: batches, refusals, interruption, resumption."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest

from rowlock import Operation, OperationState, Rowlock, TaskState, Worker
from rowlock.errors import InvalidValueError, OperationNotFoundError
from rowlock.model.ids import new_task_id
from rowlock.ops.bulk import BATCH
from tests.app.steps import count, greeting, is_empty
from tests.support.backends import DURABLE, Backend

SOON = datetime(2040, 1, 1, tzinfo=UTC)
MANY = 2 * BATCH + 100


class StoppedError(Exception):
    """What stands for a process that ends."""


def stop_after(batches: int) -> Any:
    """A progress callback that ends the operation after so many batches."""
    seen: list[Operation] = []

    def on_progress(operation: Operation) -> None:
        seen.append(operation)
        if len(seen) > batches:
            raise StoppedError

    return on_progress


def by_state(app: Rowlock) -> dict[str, int]:
    [counts] = app.stats()
    return {state.value: number for state, number in counts.counts.items() if number}


def canceled(app: Rowlock, number: int = MANY) -> None:
    """So many finished tasks."""
    app.enqueue_many(None, range(number))
    app.bulk("cancel", queue="default")


def test_every_task_that_passes_is_changed(app):
    app.enqueue_many(None, range(MANY))
    app.enqueue(None, 1, queue="other")
    told: list[int] = []
    done = app.bulk("cancel", queue="default", on_progress=lambda one: told.append(one.seen))
    assert (done.state, done.done, done.refused) == (OperationState.DONE, MANY, {})
    assert told == [0, BATCH, 2 * BATCH, MANY, MANY]
    counts = {one.queue: one.counts for one in app.stats()}
    assert counts == {"default": {TaskState.CANCELED: MANY}, "other": {TaskState.QUEUED: 1}}


def test_what_is_not_allowed_is_counted_and_left(app):
    greeting(app)
    app.enqueue_many("send_greeting", [{}, {}])
    Worker(app).run_once()
    app.enqueue_many(None, [1, 2, 3], delay="1h")
    paused = app.enqueue(None, 4)
    app.pause(paused)
    done = app.bulk("retry", queue="default")
    assert (done.done, done.refused) == (2, {"scheduled": 3, "paused": 1})
    assert by_state(app) == {"queued": 2, "scheduled": 3, "paused": 1}


def test_a_retry_gives_the_attempts_that_are_asked_for(app):
    app.register_queue("default", max_attempts=7)
    canceled(app, 2)
    app.bulk("retry", states=("canceled",))
    assert {task.max_attempts for task in app.list_tasks()} == {7}
    app.bulk("cancel", queue="default")
    app.bulk("retry", states=("canceled",), attempts=2)
    assert {task.max_attempts for task in app.list_tasks()} == {2}


def test_the_runs_before_a_retry_are_on_record(app):
    @app.task(max_attempts=1)
    def fail() -> None:
        raise ValueError("no")

    tasks = app.enqueue_many("fail", [{}, {}, {}])
    Worker(app).run_once()
    assert app.bulk("retry", states=("failed",), attempts=1).done == 3
    assert by_state(app) == {"queued": 3}
    Worker(app).run_once()
    runs = [[run.outcome for run in app.attempts(task)] for task in tasks]
    assert runs == [["failed", "failed"]] * 3


def test_a_key_that_is_held_leaves_the_finished_task(app):
    first = app.enqueue(None, 1, unique="k")
    app.cancel(first)
    second = app.enqueue(None, 1, unique="k")
    app.cancel(second)
    done = app.bulk("retry", states=("canceled",))
    assert (done.done, done.refused) == (1, {"duplicate": 1})
    assert by_state(app) == {"queued": 1, "canceled": 1}
    assert len({task.id for task in app.list_tasks()}) == 2


def test_edit_pause_and_resume(app):
    app.enqueue_many(None, range(5))
    assert app.bulk("edit", queue="default", changes={"priority": 4, "tags": ["x"]}).done == 5
    assert {(task.priority, task.tags) for task in app.list_tasks()} == {(4, ("x",))}
    assert app.bulk("pause", tags=["x"], until=SOON).done == 5
    assert by_state(app) == {"paused": 5}
    assert count(app, "pause") == 5
    assert app.bulk("resume", states=("paused",)).done == 5
    assert by_state(app) == {"queued": 5}
    assert count(app, "pause") == 0


def test_delete_restore_and_purge(app):
    canceled(app, 3)
    app.enqueue(None, 4)
    assert app.bulk("delete", queue="default").done == 4
    assert app.list_tasks() == []
    assert app.bulk("purge", queue="default").done == 0
    assert app.bulk("restore").done == 4
    assert by_state(app) == {"canceled": 4}
    app.bulk("delete", queue="default")
    assert app.bulk("purge", states=("deleted",)).done == 4
    assert is_empty(app)


def test_requeue_makes_tasks_beside_the_old_ones(app):
    greeting(app)
    app.enqueue_many("send_greeting", [{"name": name} for name in "abc"], queue="mail")
    app.enqueue(None, {"name": "d"}, queue="mail", unique="held")
    done = app.bulk("requeue", queue="mail", changes={"priority": 5})
    assert (done.done, done.refused) == (3, {"duplicate": 1})
    new = [task for task in app.list_tasks() if task.priority == 5]
    assert sorted(task.payload["name"] for task in new) == ["a", "b", "c"]
    assert {task.queue for task in new} == {"mail"}
    assert len(app.list_tasks()) == 7


def test_tasks_stored_later_are_left_alone(app):
    app.enqueue_many(None, range(BATCH + 1))

    def add_one(operation: Operation) -> None:
        if operation.seen == BATCH:
            app.enqueue(None, "late")

    done = app.bulk("cancel", queue="default", on_progress=add_one)
    assert done.done == BATCH + 1
    assert by_state(app) == {"queued": 1, "canceled": BATCH + 1}


def test_a_dry_run_counts_and_changes_nothing(app):
    app.enqueue_many(None, range(1_010))
    plan = app.bulk("cancel", queue="default", dry_run=True)
    assert (plan.state, plan.matched, plan.done) == (OperationState.PLANNED, 1_010, 0)
    assert by_state(app) == {"queued": 1_010}
    assert app.list_operations() == []
    assert app.audit() == []


def test_an_interrupted_operation_goes_on_where_it_stopped(app):
    canceled(app)
    with pytest.raises(StoppedError):
        app.bulk("retry", states=("canceled",), on_progress=stop_after(1))
    [stopped, _] = app.list_operations()
    assert (stopped.state, stopped.done) == (OperationState.RUNNING, BATCH)
    # What was retried ends the same way again, and is not taken a second time.
    app.bulk("cancel", states=("queued",))
    done = app.resume_operation(stopped)
    assert (done.state, done.done, done.refused) == (OperationState.DONE, MANY, {})
    assert by_state(app) == {"queued": MANY - BATCH, "canceled": BATCH}
    assert app.resume_operation(stopped.id) == done
    assert app.get_operation(str(stopped.id)) == done


def test_a_requeue_that_is_resumed_makes_no_task_twice(app):
    app.enqueue_many(None, range(BATCH + 10))
    with pytest.raises(StoppedError):
        app.bulk("requeue", queue="default", on_progress=stop_after(1))
    [stopped] = app.list_operations()
    assert app.resume_operation(stopped).done == BATCH + 10
    payloads = Counter(
        task.payload
        for page in (app.list_tasks(limit=1_000), app.list_tasks(limit=1_000, before=oldest(app)))
        for task in page
    )
    assert set(payloads.values()) == {2}
    assert len(payloads) == BATCH + 10


def oldest(app: Rowlock) -> Any:
    return app.list_tasks(limit=1_000)[-1].id


def test_two_who_resume_share_the_work(app):
    canceled(app)
    with pytest.raises(StoppedError):
        app.bulk("retry", states=("canceled",), on_progress=stop_after(0))
    [stopped, _] = app.list_operations()
    helped: list[Operation] = []

    def let_another_help(operation: Operation) -> None:
        if operation.done == BATCH and not helped:
            helped.append(app.resume_operation(operation))

    done = app.resume_operation(stopped, on_progress=let_another_help)
    assert (helped, done.done) == ([done], MANY)
    assert by_state(app) == {"queued": MANY}


KILLED = """
import os, signal, sys
from rowlock import Rowlock
def die(operation):
    if operation.done:
        os.kill(os.getpid(), signal.SIGKILL)
Rowlock(sys.argv[1]).bulk("retry", states=("canceled",), on_progress=die)
"""


@pytest.mark.parametrize("backend", DURABLE, indirect=True)
def test_what_was_killed_is_resumed_by_another_process(app, backend: Backend):
    canceled(app)
    ended = subprocess.run(
        [sys.executable, "-c", KILLED, backend.url], env=os.environ, timeout=60, check=False
    )
    assert ended.returncode == -signal.SIGKILL
    [stopped, _] = app.list_operations()
    assert (stopped.state, stopped.done) == (OperationState.RUNNING, BATCH)
    assert app.resume_operation(stopped).done == MANY
    assert by_state(app) == {"queued": MANY}


@pytest.mark.parametrize(
    ("action", "given", "field"),
    [
        ("retry", {}, "filter"),
        ("retry", {"include_deleted": True}, "filter"),
        ("explode", {"queue": "default"}, "action"),
        (None, {"queue": "default"}, "action"),
        ("retry", {"states": ("odd",)}, "state"),
        ("cancel", {"states": []}, "filter"),
        ("cancel", {"states": (), "tags": []}, "filter"),
        ("cancel", {"states": "queued"}, "states"),
        ("cancel", {"states": (5,)}, "state"),
        ("cancel", {"tag": "red"}, "tag"),
        ("cancel", {"tags": "red"}, "tags"),
        ("cancel", {"tags": [5]}, "tags"),
        ("retry", {"queue": "no spaces"}, "queue"),
        ("retry", {"created_after": datetime(2030, 1, 1)}, "created_after"),  # noqa: DTZ001
        ("retry", {"queue": "default", "attempts": 0}, "attempts"),
        ("cancel", {"queue": "default", "attempts": 2}, "attempts"),
        ("retry", {"queue": "default", "force": True}, "force"),
        ("retry", {"queue": "default", "until": SOON}, "until"),
        ("retry", {"queue": "default", "changes": {"priority": 1}}, "changes"),
        ("edit", {"queue": "default"}, "changes"),
        ("edit", {"queue": "default", "changes": {"arguments": {}}}, "arguments"),
        ("edit", {"queue": "default", "changes": {"priority": "x"}}, "priority"),
    ],
)
def test_a_bad_value_is_refused_and_nothing_is_stored(app, action, given, field):
    app.enqueue(None, 1)
    with pytest.raises(InvalidValueError) as refused:
        app.bulk(action, **given)
    assert refused.value.field == field
    assert by_state(app) == {"queued": 1}
    assert app.list_operations() == []


def test_an_unknown_operation_is_told(app, opened):
    with pytest.raises(OperationNotFoundError):
        app.get_operation(new_task_id())
    with pytest.raises(OperationNotFoundError):
        app.resume_operation(new_task_id())


def test_operations_stay_within_their_namespace(backend, opened):
    mine, other = opened(), opened(namespace="other")
    mine.enqueue(None, 1)
    assert other.bulk("cancel", all_tasks=True).done == 0
    done = mine.bulk("cancel", all_tasks=True)
    assert done.done == 1
    # Each app in memory has a database of its own.
    assert [one.id for one in other.list_operations()] != [done.id]
    with pytest.raises(OperationNotFoundError):
        other.get_operation(done)
