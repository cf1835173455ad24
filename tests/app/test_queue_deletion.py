"""Deleting queues while others go on, on every engine."""

from __future__ import annotations

import threading
import time
from functools import partial
from uuid import UUID

import pytest

from rowlock import Rowlock, Worker
from rowlock.errors import InvalidValueError, QueueBusyError, QueueNotFoundError, TaskNotFoundError
from rowlock.ops import queue_deletion
from tests.app.steps import greeting
from tests.contract.steps import together


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue_deletion, "BATCH", 10)


def names(app: Rowlock) -> list[str]:
    return [queue.name for queue in app.list_queues()]


def delete(app: Rowlock) -> str:
    try:
        return app.delete_queue("trial").name
    except QueueNotFoundError as error:
        return error.queue


def test_of_several_that_delete_a_queue_at_once_the_last_leaves_nothing(app):
    for _ in range(5):
        app.enqueue_many(None, range(60), queue="trial")
        assert together(*[partial(delete, app)] * 4) == ["trial"] * 4
        assert (names(app), app.list_tasks(queue="trial")) == ([], [])


def test_what_is_enqueued_after_the_answer_is_there(app):
    stored: list[UUID] = []
    deleted, enough = threading.Event(), threading.Event()
    before: list[int] = []

    def produce() -> None:
        while not enough.is_set():
            stored.append(app.enqueue(None, 1, queue="trial").id)
            time.sleep(0.001)  # in memory there is one connection, and nobody queues for it
            if deleted.is_set() and len(stored) > before[0] + 20:
                enough.set()

    app.enqueue_many(None, range(60), queue="trial")
    producer = threading.Thread(target=produce)
    producer.start()
    app.delete_queue("trial")
    before.append(len(stored))
    deleted.set()
    producer.join()
    left = {task.id for task in app.list_tasks(queue="trial", limit=1_000)}
    assert set(stored[before[0] :]) <= left
    assert left <= set(stored)


def test_a_worker_that_serves_the_queue_makes_it_anew(app):
    greet = greeting(app).options(queue="trial")
    app.register_queue("trial", max_attempts=9)
    greet.enqueue("Ann")
    app.delete_queue("trial")
    greet.enqueue("Bob")
    assert Worker(app, ["trial"]).run_once() == 1
    [queue] = app.list_queues()
    assert (queue.name, queue.paused, queue.max_attempts) == ("trial", False, 4)


def test_who_waits_for_a_task_is_told_that_it_is_gone(app):
    task = app.enqueue(None, 1, queue="trial")
    timer = threading.Timer(0.3, app.delete_queue, ["trial"])
    timer.start()
    with pytest.raises(TaskNotFoundError):
        app.wait(task, timeout=30)
    timer.join()


def test_it_is_told_in_the_audit_once_it_is_done(app):
    app.enqueue(None, 1, queue="trial")
    [held] = app.claim("w", ["trial"])
    with pytest.raises(QueueBusyError, match="tasks of it run: 1"):
        app.delete_queue("trial", reason="too soon")
    app.delete_queue("trial", force=True, actor="ann", reason="over")
    [entry] = app.audit(target="trial")
    assert (entry.action, entry.actor, entry.reason) == ("delete", "ann", "over")
    assert entry.detail == {"running": 1}
    with pytest.raises(TaskNotFoundError):
        app.get_task(held.id)


def test_nobody_opens_a_queue_that_is_being_deleted(app):
    app.enqueue_many(None, range(30), queue="trial")
    core = app.core
    mark = core.storage.deletions.mark
    core.storage.runner.run(mark, core.namespace, "trial", reason="being deleted")
    for change in (app.resume_queue, app.pause_queue):
        with pytest.raises(InvalidValueError, match="queue: 'trial' is being deleted"):
            change("trial")
    [queue] = app.list_queues()
    assert queue.paused
    assert app.claim("w", ["trial"]) == []
