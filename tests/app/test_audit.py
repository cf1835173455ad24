"""The audit: each administrative change in the transaction that makes it, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from rowlock import Rowlock, Worker
from rowlock.errors import InvalidValueError, TaskConflictError
from rowlock.model.changes import AuditEntry
from tests.app.steps import greeting

SOON = datetime(2040, 1, 1, tzinfo=UTC)


def told(entry: AuditEntry) -> tuple[Any, ...]:
    return entry.action, entry.kind, entry.target, entry.detail


def test_ordinary_work_is_not_recorded(app):
    greeting(app).enqueue("Ann")
    app.enqueue_many("send_greeting", [{}])
    Worker(app).run_once()
    app.list_queues()
    assert app.audit() == []


def test_each_change_is_recorded_with_what_was_set(app):
    task = greeting(app).enqueue("Ann")
    app.pause(task, until=SOON)
    app.resume(task)
    app.edit(task, priority=2, delay=0, tags=["a"], arguments={"name": "secret"})
    app.cancel(task)
    app.retry(task, attempts=3)
    new = app.requeue(task, priority=1)
    app.delete(new)
    app.restore(new)
    app.purge(new)
    app.cleanup("1d", queue="default", states=("failed",))
    target, copy = str(task.id), str(new.id)
    assert [told(entry) for entry in reversed(app.audit())] == [
        ("pause", "task", target, {"until": SOON.isoformat()}),
        ("resume", "task", target, None),
        (
            *("edit", "task", target),
            {"priority": 2, "delay": 0, "tags": ["a"], "arguments": "replaced"},
        ),
        ("cancel", "task", target, None),
        ("retry", "task", target, {"attempts": 3}),
        ("requeue", "task", target, {"task": copy}),
        ("delete", "task", copy, None),
        ("restore", "task", copy, None),
        ("purge", "task", copy, None),
        (
            *("cleanup", "history", "default"),
            {"older_than_seconds": 86_400, "queue": "default", "states": ["failed"]},
        ),
    ]


def test_changes_of_queues_are_recorded(app):
    app.register_queue("mail", max_attempts=2)
    app.register_queue("mail", max_attempts=2)
    app.pause_queue("mail", until=SOON, actor="ann", reason="deploy")
    app.resume_queue("mail", actor="bob")
    assert [told(entry) for entry in reversed(app.audit())] == [
        ("set_policy", "queue", "mail", {"max_attempts": "2"}),
        ("pause", "queue", "mail", {"until": SOON.isoformat()}),
        ("resume", "queue", "mail", None),
    ]
    assert [entry.actor for entry in app.audit()] == ["bob", "ann", None]


def test_a_bulk_operation_is_one_entry(app):
    app.enqueue_many(None, range(3))
    done = app.bulk("cancel", queue="default", actor=" ann ", reason="over")
    [entry] = app.audit()
    assert told(entry) == (
        *("cancel", "operation", str(done.id)),
        {"filter": {"queue": "default"}},
    )
    assert (entry.actor, entry.reason) == ("ann", "over")
    assert (done.actor, done.reason) == ("ann", "over")


def test_what_is_refused_is_not_recorded(app):
    task = greeting(app).enqueue("Ann")
    for change in (app.retry, app.purge, app.restore, app.resume):
        with pytest.raises(TaskConflictError):
            change(task)
    assert app.audit() == []


def test_it_is_listed_by_pages_and_filters(app):
    tasks = [app.enqueue(None, number) for number in range(3)]
    for task in tasks:
        app.pause(task, actor="ann")
    app.cancel(tasks[0], actor="bob", reason="done")
    newest = app.audit(limit=2)
    assert [entry.action for entry in newest] == ["cancel", "pause"]
    assert len(app.audit(before=newest[-1].id)) == 2
    assert [entry.actor for entry in app.audit(actor="bob")] == ["bob"]
    assert len(app.audit(action="pause")) == 3
    assert [entry.action for entry in app.audit(target=tasks[0])] == ["cancel", "pause"]
    assert [entry.reason for entry in app.audit(target=str(tasks[0].id), limit=1)] == ["done"]
    assert {entry.at <= newest[0].at for entry in app.audit()} == {True}


def test_it_stays_within_its_namespace(backend, opened):
    app = opened()
    app.cancel(app.enqueue(None, 1))
    assert opened(namespace="other").audit() == []


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"actor": "x" * 201}, "actor"),
        ({"actor": 7}, "actor"),
        ({"reason": "a\x00b"}, "reason"),
        ({"reason": "\ud800"}, "reason"),
    ],
)
def test_a_bad_actor_or_reason_changes_nothing(app: Rowlock, given, field):
    task = app.enqueue(None, 1)
    with pytest.raises(InvalidValueError) as refused:
        app.cancel(task, **given)
    assert refused.value.field == field
    assert app.get_task(task) == task


@pytest.mark.parametrize("limit", [0, 1_001])
def test_a_limit_out_of_range_is_refused(app, limit):
    with pytest.raises(InvalidValueError):
        app.audit(limit=limit)
    with pytest.raises(InvalidValueError):
        app.list_operations(limit=limit)
