"""Changing single tasks: requeue, edit, pause, resume, delete, restore, purge, clean-up."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from rowlock import Rowlock, Task, TaskState, Worker
from rowlock.errors import (
    DuplicateTaskError,
    InvalidValueError,
    PayloadError,
    QueueNotFoundError,
    TaskConflictError,
    TaskNotFoundError,
    UnknownDefinitionError,
)
from rowlock.model.ids import new_task_id, new_token
from rowlock.storage.contract import ClaimRequest
from rowlock.storage.upkeep_contract import Ready
from tests.app.steps import count, greeting
from tests.support.backends import sql_plan

SOON = datetime(2040, 1, 1, tzinfo=UTC)
NO_TIME = datetime(2040, 1, 1)  # noqa: DTZ001 - what is refused


def states(app: Rowlock, **wanted: Any) -> list[str]:
    return [task.state.value for task in app.list_tasks(**wanted)]


def finished(app: Rowlock, **options: Any) -> Task:
    task = greeting(app).options(**options).enqueue("Ann")
    Worker(app, queues=[task.queue]).run_once()
    return app.get_task(task)


def running(app: Rowlock) -> Task:
    """A task that runs, as far as the database knows."""
    task = greeting(app).enqueue("Ann")
    request = ClaimRequest("default", task.queue, "w1", new_token(), 1, timedelta(minutes=5), None)
    app.core.storage.runner.run(app.core.storage.claims.claim_tasks, request)
    assert app.get_task(task).state is TaskState.RUNNING
    return app.get_task(task)


class TestRequeue:
    def test_a_new_task_with_edited_arguments_is_queued_in_the_same_queue(self, app):
        old = finished(app, queue="mail", priority=3, tags=["red"], timeout="9s")
        new = app.requeue(old, {"name": "Bob"})
        assert (new.queue, new.priority, new.tags) == ("mail", 3, ("red",))
        assert (new.payload, new.state, new.attempt) == ({"name": "Bob"}, TaskState.QUEUED, 0)
        assert new.timeout == timedelta(seconds=9)
        assert app.get_task(old) == old

    def test_the_same_arguments_unless_others_are_given(self, app):
        old = finished(app)
        new = app.requeue(old, delay="1h")
        assert (new.payload, new.state) == (old.payload, TaskState.SCHEDULED)

    def test_arguments_are_checked_by_the_code(self, app):
        old = finished(app)
        with pytest.raises(PayloadError):
            app.requeue(old, {"nome": "Bob"})
        assert len(app.list_tasks()) == 1
        assert app.audit() == []

    def test_a_key_made_from_arguments_is_made_again(self, app):
        old = greeting(app).options(unique=["name"]).enqueue("Ann")
        kept = greeting_key(app, old)
        with pytest.raises(DuplicateTaskError):
            app.requeue(old)
        app.cancel(old)
        assert app.requeue(old).unique_key == kept

    def test_what_identifies_a_task_cannot_be_given(self, app):
        old = finished(app)
        with pytest.raises(InvalidValueError, match="neither id nor transaction"):
            app.requeue(old, id=new_task_id())

    def test_an_unknown_definition_is_refused(self, app, opened):
        old = finished(app)
        sql = "UPDATE rowlock_history SET definition = 'gone'"
        app.core.storage.runner.run(sql_plan, sql)
        with pytest.raises(UnknownDefinitionError):
            app.requeue(old)


def greeting_key(app: Rowlock, task: Task) -> str | None:
    return app.get_task(task).unique_key


class TestEdit:
    def test_only_what_is_given_changes(self, app):
        task = greeting(app).options(tags=["a"], priority=1).enqueue("Ann")
        edited = app.edit(task, priority=9)
        assert (edited.priority, edited.tags, edited.payload) == (9, ("a",), {"name": "Ann"})
        assert (edited.run_at, edited.state) == (task.run_at, TaskState.QUEUED)
        again = app.edit(task, tags=["c", "b"], max_attempts=2)
        assert (again.priority, again.tags, again.max_attempts) == (9, ("b", "c"), 2)
        assert app.edit(task, tags=[]).tags == ()

    def test_arguments_are_replaced_and_run(self, app):
        task = greeting(app).enqueue("Ann")
        long = "x" * 5_000
        assert app.edit(task, arguments={"name": long}).payload == {"name": long}
        assert app.edit(task, arguments={"name": "Bob"}).payload == {"name": "Bob"}
        Worker(app).run_once()
        assert app.get_task(task).result == "hello Bob"
        assert count(app, "payload") == 0

    def test_arguments_are_checked_by_the_code(self, app):
        task = greeting(app).enqueue("Ann")
        with pytest.raises(PayloadError):
            app.edit(task, arguments={"times": "many"}, priority=4)
        assert app.get_task(task) == task

    def test_the_time_moves_and_the_lifetime_with_it(self, app):
        task = greeting(app).options(lifetime="1h").enqueue("Ann")
        later = app.edit(task, run_at=SOON)
        assert (later.state, later.run_at) == (TaskState.SCHEDULED, SOON)
        assert later.expires_at == SOON + timedelta(hours=1)
        now = app.edit(task, delay=0)
        assert (now.state, now.run_at < SOON) == (TaskState.QUEUED, True)
        assert now.expires_at == now.run_at + timedelta(hours=1)

    def test_a_paused_task_stays_paused(self, app):
        task = greeting(app).enqueue("Ann")
        app.pause(task)
        assert app.edit(task, run_at=SOON).state is TaskState.PAUSED
        assert app.resume(task).state is TaskState.SCHEDULED

    def test_a_key_made_from_arguments_is_made_again(self, app):
        task, _ = app.enqueue_if_not_exists(greeting(app), {"name": "Ann"})
        other, _ = app.enqueue_if_not_exists("send_greeting", {"name": "Bob"})
        with pytest.raises(DuplicateTaskError):
            app.edit(task, arguments={"name": "Bob"})
        assert app.get_task(task) == task
        app.edit(task, arguments={"name": "Cid"})
        _, created = app.enqueue_if_not_exists("send_greeting", {"name": "Ann"})
        assert created
        found, created = app.enqueue_if_not_exists("send_greeting", {"name": "Cid"})
        assert (found.id, created) == (task.id, False)
        assert other.id != task.id

    def test_a_given_key_stays(self, app):
        task = greeting(app).options(unique="mine").enqueue("Ann")
        assert app.edit(task, arguments={"name": "Bob"}).unique_key == "mine"

    @pytest.mark.parametrize(
        ("given", "field"),
        [
            ({}, "edit"),
            ({"queue": "other"}, "queue"),
            ({"priority": 99_999}, "priority"),
            ({"run_at": NO_TIME}, "run_at"),
            ({"run_at": SOON, "delay": 3}, "run_at"),
            ({"max_attempts": 0}, "max_attempts"),
        ],
    )
    def test_a_bad_value_is_refused_by_name(self, app, given, field):
        task = greeting(app).enqueue("Ann")
        with pytest.raises(InvalidValueError) as refused:
            app.edit(task, **given)
        assert refused.value.field == field
        assert app.get_task(task) == task


class TestPause:
    def test_a_paused_task_is_not_run_until_it_is_resumed(self, app):
        task = greeting(app).enqueue("Ann")
        assert app.pause(task, reason="look first").state is TaskState.PAUSED
        assert Worker(app).run_once() == 0
        assert states(app, states=("paused",)) == ["paused"]
        assert app.resume(task).state is TaskState.QUEUED
        assert Worker(app).run_once() == 1

    def test_it_says_why_and_until_when(self, app):
        task = greeting(app).options(timeout="5s", retry="fixed").enqueue("Ann")
        paused = app.pause(task, until=SOON, reason=' say "ü" \\ 🎉 ')
        assert (paused.paused_until, paused.pause_reason) == (SOON, 'say "ü" \\ 🎉')
        assert app.list_tasks(states=("paused",)) == [paused]
        again = app.pause(task, reason="another")
        assert (again.paused_until, again.pause_reason) == (None, "another")
        assert app.pause(task).pause_reason is None
        app.pause(task, until=SOON, reason="last")
        resumed = app.resume(task)
        assert (resumed.paused_until, resumed.pause_reason) == (None, None)
        assert (resumed.timeout, resumed.retry) == (task.timeout, task.retry)

    def test_what_was_paused_does_not_say_so_when_it_is_over(self, app):
        task = app.enqueue(None, 1)
        app.pause(task, until=SOON, reason="hold")
        app.cancel(task)
        assert app.get_task(task).pause_reason is None
        assert app.retry(task).paused_until is None
        assert app.pause(task).pause_reason is None

    def test_many_say_why_too(self, app):
        app.enqueue_many(None, range(3))
        app.bulk("pause", queue="default", until=SOON, reason="deploy")
        assert {(task.paused_until, task.pause_reason) for task in app.list_tasks()} == {
            (SOON, "deploy")
        }
        app.bulk("resume", queue="default")
        assert {(task.paused_until, task.pause_reason) for task in app.list_tasks()} == {
            (None, None)
        }

    def test_a_scheduled_task_is_scheduled_again(self, app):
        task = greeting(app).options(run_at=SOON).enqueue("Ann")
        app.pause(task)
        assert app.resume(task).state is TaskState.SCHEDULED

    def test_a_pause_may_be_given_another_end(self, app):
        task = greeting(app).enqueue("Ann")
        app.pause(task, until=SOON)
        app.pause(task, until=SOON + timedelta(days=1))
        assert count(app, "pause") == 1
        app.pause(task)
        assert count(app, "pause") == 0

    def test_a_pause_ends_by_itself(self, app):
        one, two, gone = (app.enqueue(None, name) for name in "abc")
        for task in (one, gone):
            app.pause(task, until=SOON)
        app.pause(two, until=SOON + timedelta(days=1))
        app.cancel(gone)
        storage = app.core.storage
        end = storage.changes.end_pauses
        assert storage.runner.run(end, limit=9, now=SOON - timedelta(seconds=1)) == []
        assert storage.runner.run(end, limit=9, now=SOON) == [Ready(one.id, "default", "default")]
        assert app.get_task(one).state is TaskState.QUEUED
        assert app.get_task(two).state is TaskState.PAUSED
        assert count(app, "pause") == 1

    def test_an_end_needs_a_time_zone(self, app):
        task = greeting(app).enqueue("Ann")
        with pytest.raises(InvalidValueError, match="until: must be a datetime with a time zone"):
            app.pause(task, until=NO_TIME)
        assert app.get_task(task) == task

    def test_an_end_in_the_past_is_refused(self, app):
        task = greeting(app).enqueue("Ann")
        past = {"until": datetime.now(UTC) - timedelta(days=2)}
        for pause in (
            partial(app.pause, task),
            partial(app.pause_queue, "default"),
            partial(app.bulk, "pause", queue="default"),
            partial(app.bulk, "pause", queue="default", dry_run=True),
        ):
            with pytest.raises(InvalidValueError, match="until: is in the past"):
                pause(**past)
        assert app.get_task(task) == task
        assert [queue.paused for queue in app.list_queues()] == [False]

    def test_the_lifetime_goes_on(self, app):
        task = greeting(app).options(lifetime="1h").enqueue("Ann")
        app.pause(task)
        assert app.get_task(task).expires_at == task.expires_at


class TestQueuePause:
    def test_it_tells_why_and_until_when(self, app):
        greeting(app).enqueue("Ann")
        app.pause_queue("default", until=SOON, reason="deploy", actor="ann")
        [queue] = app.list_queues()
        assert (queue.paused, queue.paused_until, queue.pause_reason) == (True, SOON, "deploy")
        assert Worker(app).run_once() == 0
        app.resume_queue("default")
        [queue] = app.list_queues()
        assert (queue.paused, queue.paused_until, queue.pause_reason) == (False, None, None)
        assert Worker(app).run_once() == 1

    def test_it_ends_without_anybody_doing_anything(self, app):
        greeting(app).enqueue("Ann")
        app.pause_queue("default", until=datetime.now(UTC) + timedelta(seconds=1))
        assert Worker(app).run_once() == 0
        deadline = time.monotonic() + 30
        while [one.paused for one in app.list_queues()] != [False]:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert [one.paused for one in app.stats()] == [False]
        assert Worker(app).run_once() == 1


class TestDelete:
    def test_a_finished_task_is_hidden_and_restored(self, app):
        task = finished(app)
        assert app.delete(task).deleted_at is not None
        assert app.list_tasks() == []
        assert len(app.list_tasks(include_deleted=True)) == 1
        with pytest.raises(TaskNotFoundError):
            app.get_task(task)
        with pytest.raises(TaskNotFoundError):
            app.delete(task)
        assert app.restore(task) == task

    def test_a_waiting_task_is_canceled_by_it(self, app):
        task = greeting(app).options(unique="k").enqueue("Ann")
        gone = app.delete(task)
        assert (gone.state, gone.reason) == (TaskState.CANCELED, "deleted")
        assert Worker(app).run_once() == 0
        assert app.restore(task).state is TaskState.CANCELED
        assert greeting_key(app, app.retry(task)) == "k"

    def test_a_running_task_is_deleted_by_force_only(self, app):
        task = running(app)
        with pytest.raises(TaskConflictError, match="is running, must be waiting or finished"):
            app.delete(task)
        assert app.get_task(task) == task
        assert app.delete(task, force=True).state is TaskState.CANCELED

    def test_what_is_not_deleted_is_not_restored(self, app):
        with pytest.raises(TaskConflictError, match="must be deleted"):
            app.restore(finished(app))


class TestPurge:
    @pytest.mark.parametrize("stamped", [False, True])
    def test_nothing_is_left_of_a_finished_task(self, app, stamped):
        task = greeting(app).enqueue("x" * 5_000)
        Worker(app).run_once()
        app.retry(task)
        Worker(app).run_once()
        if stamped:
            app.delete(task)
        assert app.purge(task) is None
        tables = ("task", "history", "payload", "attempt", "log")
        assert [count(app, table) for table in tables] == [0] * 5
        with pytest.raises(TaskNotFoundError):
            app.purge(task)

    def test_what_is_not_finished_is_kept(self, app):
        task = greeting(app).enqueue("Ann")
        with pytest.raises(TaskConflictError, match="is queued, must be finished"):
            app.purge(task)
        assert app.get_task(task) == task


@pytest.mark.parametrize("name", ["edit", "pause", "resume"])
@pytest.mark.parametrize("make", [running, finished])
def test_what_does_not_wait_is_left_as_it_is(app, name, make):
    task = make(app)
    given = {"priority": 3} if name == "edit" else {}
    with pytest.raises(TaskConflictError):
        getattr(app, name)(task, **given)
    assert app.get_task(task) == task
    assert app.audit() == []


@pytest.mark.parametrize(
    "name", ["requeue", "edit", "pause", "resume", "delete", "restore", "purge"]
)
def test_nothing_crosses_a_namespace(backend, opened, name):
    app = opened()
    task = greeting(app).enqueue("Ann")
    other = opened(namespace="other")
    given = {"priority": 3} if name == "edit" else {}
    for wanted in (task.id, new_task_id()):
        with pytest.raises(TaskNotFoundError):
            getattr(other, name)(wanted, **given)
    assert app.get_task(task) == task


class TestCleanup:
    def age(self, app: Rowlock, task: Task, age: timedelta) -> None:
        values = {"at": datetime.now(UTC) - age, "id": task.id}
        sql = "UPDATE rowlock_history SET finished_at = :at WHERE id = :id"
        app.core.storage.runner.run(sql_plan, sql, values)

    @pytest.mark.parametrize(
        ("old", "young", "older_than"),
        [
            (timedelta(days=8), timedelta(days=6), "7d"),
            (timedelta(minutes=61), timedelta(minutes=59), timedelta(hours=1)),
        ],
    )
    def test_the_older_one_goes_and_the_newer_stays(self, app, old, young, older_than):
        first, second = finished(app), app.enqueue("send_greeting", {})
        Worker(app).run_once()
        self.age(app, first, old)
        self.age(app, second, young)
        assert app.cleanup(older_than) == 1
        assert [task.id for task in app.list_tasks()] == [second.id]
        assert app.cleanup(older_than) == 0

    def test_only_of_a_queue_and_of_some_states(self, app):
        greeting(app)
        done = [app.enqueue("send_greeting", {}, queue=queue) for queue in ("a", "b", "b")]
        Worker(app, queues=["a", "b"]).run_once()
        app.cancel(app.enqueue("send_greeting", {}, queue="b"))
        waiting = app.enqueue("send_greeting", {}, queue="b")
        assert app.cleanup(0, queue="b", states=("success",)) == 2
        left = [task.state.value for task in app.list_tasks()]
        assert left == ["queued", "canceled", "succeeded"]
        assert app.cleanup(0) == 2
        assert [task.id for task in app.list_tasks()] == [waiting.id]
        assert len(done) == 3

    def test_more_than_a_batch(self, app):
        app.enqueue_many(None, range(1_100))
        app.bulk("cancel", queue="default")
        assert app.cleanup(0) == 1_100
        assert count(app, "history") == 0
        assert [entry.action for entry in app.audit()] == ["cleanup", "cancel"]

    @pytest.mark.parametrize(
        ("age", "given", "error"),
        [
            ("soon", {}, InvalidValueError),
            (-1, {}, InvalidValueError),
            ("1h", {"states": ("running",)}, InvalidValueError),
            ("1h", {"states": ("odd",)}, InvalidValueError),
            ("1h", {"queue": "nothing"}, QueueNotFoundError),
        ],
    )
    def test_a_bad_value_is_refused(self, app, age, given, error):
        task = finished(app)
        with pytest.raises(error):
            app.cleanup(age, **given)
        assert app.get_task(task) == task
