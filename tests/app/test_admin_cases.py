"""What the seeds' admin pages and status routes show and do, in Python."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from rowlock import Rowlock, TaskState, Worker
from rowlock.errors import (
    InvalidValueError,
    PayloadError,
    TaskNotFoundError,
    UnknownDefinitionError,
)
from rowlock.model.ids import new_task_id
from tests.app.steps import greeting, is_empty


def failing(app: Rowlock, number: int) -> None:
    """So many failed tasks of `break_down`, and one that waits."""

    @app.task(max_attempts=1)
    def break_down(number: int) -> None:
        """Fail."""
        raise ValueError(f"part {number}")

    break_down.enqueue_many({"number": one} for one in range(number))
    Worker(app).run_once()
    app.enqueue("break_down", {"number": number})


def test_tasks_and_definitions_are_counted(app):
    """C82."""
    failing(app, 3)
    greeting(app).enqueue("Ann")
    assert (app.count().count, app.count_definitions()) == (5, 2)


def test_pages_keep_filter_and_order(app):
    """C83."""
    failing(app, 45)
    pages: list[list[int]] = []
    last = None
    while True:
        page = app.list_tasks(
            states=("failed",), queue="default", order="finished_at", limit=20, before=last
        )
        if not page:
            break
        pages.append([task.payload["number"] for task in page])
        assert {task.state for task in page} == {TaskState.FAILED}
        finished = [task.finished_at for task in page]
        assert finished == sorted(finished, reverse=True)
        last = page[-1]
    assert [len(page) for page in pages] == [20, 20, 5]
    assert sorted(number for page in pages for number in page) == list(range(45))


def test_filters_by_state_name_and_date_apply_together(app):
    """C84."""
    failing(app, 2)
    greeting(app).enqueue("Ann")
    hour = timedelta(hours=1)
    now = datetime.now(UTC)
    failed = app.list_tasks(states=("failed",))
    assert {task.payload["number"] for task in failed} == {0, 1}
    named = {"definition": "Break-Down", "created_after": now - hour, "created_before": now + hour}
    assert app.list_tasks(states=("failed",), **named) == failed
    assert len(app.list_tasks(**named)) == 3
    assert app.list_tasks(**{**named, "created_after": now + hour}) == []
    assert app.list_tasks(states=("failed",), definition="send_greeting") == []
    assert app.get_task(failed[0].id) == failed[0]


def test_a_requeue_makes_a_new_task_in_the_same_queue(app):
    """C85."""
    task = greeting(app).options(queue="letters").enqueue("Ann")
    Worker(app, queues=["letters"]).run_once()
    before = app.get_task(task)
    copy = app.requeue(task, {"name": "Bob"})
    assert (copy.queue, copy.state, copy.payload) == ("letters", TaskState.QUEUED, {"name": "Bob"})
    assert copy.id != task.id
    assert app.get_task(task) == before


def test_a_restart_runs_the_same_task_again_and_leaves_its_definition(app):
    """C86."""
    task = greeting(app).options(queue="letters").enqueue("Ann")
    worker = Worker(app, queues=["letters"])
    worker.run_once()
    definition = app.get_definition("send_greeting")
    again = app.retry(task)
    assert (again.id, again.state, again.queue) == (task.id, TaskState.QUEUED, "letters")
    assert again.payload == {"name": "Ann"}
    assert app.get_definition("send_greeting") == definition
    assert worker.run_once() == 1
    assert app.get_task(task).result == "hello Ann"


def test_what_cannot_be_a_task_is_refused_and_stores_none(app):
    """C87."""
    greeting(app)
    with pytest.raises(PayloadError):
        app.enqueue("send_greeting", {"name": object()})
    with pytest.raises(PayloadError):
        app.enqueue("send_greeting", "no object")
    with pytest.raises(PayloadError):
        app.enqueue(None, None)
    with pytest.raises(InvalidValueError):
        app.enqueue(" ", {})
    with pytest.raises(UnknownDefinitionError):
        app.enqueue("nothing", {})
    assert is_empty(app)
    assert app.enqueue("send_greeting").payload == {}


def test_a_definition_is_deleted_with_its_tasks(app):
    """C88."""
    failing(app, 2)
    other = greeting(app).enqueue("Ann")
    [running] = app.claim("w", definitions="send_greeting", limit=1)
    counts = app.count_definition_tasks("break_down")
    assert counts == (1, 0, 2)
    app.delete_definition("break_down", tasks=True, actor="ann")
    assert app.list_tasks(definition="break_down") == []
    hidden = app.list_tasks(definition="break_down", include_deleted=True)
    assert {task.state.value for task in hidden} == {"failed", "canceled"}
    assert [one.alias for one in app.list_definitions()] == ["send_greeting"]
    assert [(entry.action, entry.kind, entry.actor) for entry in app.audit()] == [
        ("delete", "operation", "ann"),
        ("delete", "definition", "ann"),
    ]
    app.delete_definition("send_greeting", tasks=True)
    assert app.get_task(other).state is TaskState.RUNNING
    assert app.complete(running, running.token).state is TaskState.SUCCEEDED


def test_a_definition_is_deleted_without_its_tasks_unless_told_so(app):
    """C88."""
    failing(app, 1)
    app.delete_definition("break_down")
    assert len(app.list_tasks(definition="break_down")) == 2


@pytest.mark.parametrize("method", ["get_task", "attempts", "task_log", "retry", "cancel", "delete",
                                    "pause", "requeue", "purge"])  # fmt: skip
@pytest.mark.parametrize("task", [None, "", "x", new_task_id()])
def test_a_task_that_is_not_there_is_told_and_nothing_changes(app, method, task):
    """C89."""
    kept = greeting(app).enqueue("Ann")
    with pytest.raises((InvalidValueError, TaskNotFoundError)):
        getattr(app, method)(task)
    assert app.list_tasks() == [kept]
    assert app.audit() == []


def test_a_status_tells_how_far_a_task_is(app):
    """C138."""
    failing(app, 1)
    task = greeting(app).enqueue("Ann")
    assert (task.state, task.progress, task.result) == (TaskState.QUEUED, 0, None)
    Worker(app, queues=["default"]).run_once()
    done = app.get_task(task)
    assert (done.state, done.progress, done.result) == (TaskState.SUCCEEDED, 100, "hello Ann")
    [failed, *_] = app.list_tasks(states=("failed",))
    assert (failed.progress, failed.error.message) == (0, "part 1")
    with pytest.raises(TaskNotFoundError):
        app.get_task(new_task_id())


def test_the_counts_by_state_sum_up(app):
    """C139."""
    failing(app, 3)
    greeting(app)
    app.enqueue_many("send_greeting", [{}, {}])
    app.claim("w", limit=1)
    [counts] = app.stats()
    by_state = {state.value: number for state, number in counts.counts.items() if number}
    assert by_state == {"failed": 3, "running": 1, "queued": 2}
    assert sum(by_state.values()) == app.count().count == len(app.list_tasks())
    assert app.count(states=("pending",)).count == 2
