"""Reading, canceling and retrying tasks through the facade."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from rowlock import Canceled, TaskState, Worker
from rowlock.errors import InvalidValueError, TaskConflictError, TaskNotFoundError
from rowlock.model.tasks import Report
from tests.app.steps import greeting
from tests.support.backends import sql_plan
from tests.worker.steps import claim_elsewhere

FAILED = ("failed",)


@pytest.fixture
def tasks(app):
    """One task in each of five states, by state."""

    @app.task(max_attempts=1)
    def fail() -> None:
        raise ValueError("boom")

    hello = greeting(app)
    found = {"succeeded": hello.enqueue(), "failed": fail.enqueue()}
    Worker(app).run_once()
    found["canceled"] = hello.enqueue()
    app.cancel(found["canceled"])
    found["scheduled"] = hello.options(delay="1h", queue="later", tags=["slow"]).enqueue()
    found["queued"] = hello.enqueue()
    return {state: task.id for state, task in found.items()}


@pytest.mark.parametrize(
    ("word", "states"),
    [
        ("succeeded", ["succeeded"]),
        ("Success", ["succeeded"]),
        ("successful", ["succeeded"]),
        ("completed", ["succeeded"]),
        ("released", ["succeeded"]),
        ("done", ["succeeded"]),
        ("FAILED", ["failed"]),
        ("cancelled", ["canceled"]),
        ("canceled", ["canceled"]),
        ("scheduled", ["scheduled"]),
        ("Queued", ["queued"]),
        ("pending", ["queued", "scheduled"]),
        ("new", ["queued", "scheduled"]),
        ("retry", []),
        ("in_progress", []),
        ("in progress", []),
        ("retained", []),
        ("paused", []),
        ("expired", []),
        ("deleted", []),
    ],
)
def test_every_seed_word_for_a_state_is_a_filter(app, tasks, word, states):
    """C147."""
    found = app.list_tasks(states=(word,))
    assert sorted(task.state for task in found) == states


def test_several_words_show_tasks_of_any(app, tasks):
    """C18."""
    found = app.list_tasks(states=("failed", "success"))
    assert sorted(task.state for task in found) == ["failed", "succeeded"]


def test_tasks_are_listed_newest_first_over_all_states(app, tasks):
    found = [task.id for task in app.list_tasks()]
    assert found == sorted(tasks.values(), reverse=True)


def test_pages_follow_one_another(app, tasks):
    """C18."""
    first = app.list_tasks(limit=2)
    second = app.list_tasks(limit=2, before=first[-1].id)
    third = app.list_tasks(limit=2, before=str(second[-1].id))
    assert [task.id for task in first + second + third] == sorted(tasks.values(), reverse=True)


def test_tasks_are_listed_by_queue_definition_and_tag(app, tasks):
    later = tasks["scheduled"]
    assert [task.id for task in app.list_tasks(queue=" Later ")] == [later]
    assert [task.id for task in app.list_tasks(tags=["slow"])] == [later]
    assert [task.id for task in app.list_tasks(definition="FAIL")] == [tasks["failed"]]
    assert len(app.list_tasks(definition="send-greeting")) == 4


def test_tasks_are_listed_by_time_of_creation(app, tasks):
    """C18."""
    newest = app.list_tasks(limit=1)[0]
    assert app.list_tasks(created_after=newest.created_at) == [newest]
    assert newest not in app.list_tasks(created_before=newest.created_at)
    assert app.list_tasks(created_after=newest.created_at + timedelta(hours=1)) == []


def test_filters_and_limit_hold_together(app, tasks):
    """C18."""
    times = [
        app.enqueue("send_greeting", {"name": name}, queue="later", tags=["slow"]).created_at
        for name in "abcd"
    ]
    found = app.list_tasks(
        states=("queued", "failed"), queue="later", definition="SendGreeting", tags={"slow"},
        created_after=times[1], created_before=times[3], limit=1,
    )  # fmt: skip
    assert [task.payload["name"] for task in found] == ["c"]
    before = app.list_tasks(queue="later", created_after=times[1], limit=5, before=found[0].id)
    assert [task.payload["name"] for task in before] == ["b"]


def test_a_task_that_was_deleted_or_pruned_is_not_found(app, tasks):
    """C17."""
    deleted, pruned = tasks["succeeded"], tasks["failed"]
    runner, upkeep = app.core.storage.runner, app.core.storage.upkeep
    stamp = "UPDATE rowlock_history SET deleted_at = finished_at WHERE state = 'succeeded'"
    runner.run(sql_plan, stamp)
    with pytest.raises(TaskNotFoundError):
        app.get_task(deleted)
    assert deleted not in {task.id for task in app.list_tasks()}
    assert deleted in {task.id for task in app.list_tasks(include_deleted=True)}
    runner.run(upkeep.prune_history, "default", "default", older_than=timedelta(0), limit=10)
    with pytest.raises(TaskNotFoundError):
        app.get_task(pruned)
    assert pruned not in {task.id for task in app.list_tasks(include_deleted=True)}


def test_the_last_failures_can_be_listed(app, tasks):
    """C103."""
    [failed] = app.list_tasks(states=FAILED, limit=100)
    assert (failed.id, failed.error and failed.error.message) == (tasks["failed"], "boom")


def test_counts_by_queue_and_state(app, tasks):
    """C103."""
    counted = {one.queue: one.counts for one in app.stats()}
    assert counted == {
        "default": {
            TaskState.QUEUED: 1,
            TaskState.SUCCEEDED: 1,
            TaskState.FAILED: 1,
            TaskState.CANCELED: 1,
        },
        "later": {TaskState.SCHEDULED: 1},
    }


def test_depth_durations_and_what_is_stuck_can_be_told(app, tasks):
    """C103: per definition, over the last day, and running for more than an hour."""
    app.enqueue_many("send_greeting", [{}] * 3)
    waiting = app.list_tasks(definition="send_greeting", states=("pending",))
    assert len(waiting) == 5
    yesterday = datetime.now(UTC) - timedelta(days=1)
    [done] = app.list_tasks(
        definition="send_greeting", states=("succeeded",), created_after=yesterday
    )
    assert timedelta(0) <= done.finished_at - done.started_at < timedelta(minutes=1)
    now = datetime.now(UTC)
    [stuck] = claim_elsewhere(app, limit=1, now=now - timedelta(hours=2))
    claim_elsewhere(app)
    running = app.list_tasks(states=("running",))
    assert len(running) == 4
    assert [task.id for task in running if now - task.started_at > timedelta(hours=1)] == [stuck.id]


def test_a_registered_queue_without_tasks_is_counted_too(app):
    app.register_queue("emails")
    app.pause_queue("emails")
    [counts] = app.stats()
    assert (counts.queue, counts.paused, counts.counts) == ("emails", True, {})


def test_a_unique_prefix_stands_for_an_id(app):
    task = app.enqueue(None, 1)
    assert app.resolve(str(task.id)[:30]) == task.id
    assert app.resolve(str(task.id).upper()) == task.id


def test_a_prefix_of_several_ids_is_refused(app):
    first, _ = app.enqueue(None, 1), app.enqueue(None, 2)
    with pytest.raises(InvalidValueError) as refused:
        app.resolve(str(first.id)[:8])
    assert refused.value.field == "id"


def test_a_prefix_of_no_id_is_not_found_by_the_name_that_was_given(app):
    with pytest.raises(TaskNotFoundError) as refused:
        app.resolve(" FFFF-ffff ")
    assert str(refused.value) == "task FFFF-ffff: not found"
    assert refused.value.task_id == "FFFF-ffff"


def test_a_waiting_task_is_canceled_at_once(app):
    """C10."""
    task = greeting(app).enqueue()
    assert app.cancel(task) is Canceled.AT_ONCE
    found = app.get_task(task)
    assert (found.state, found.reason, found.attempt) == (TaskState.CANCELED, "canceled", 0)
    assert Worker(app).run_once() == 0


def test_a_scheduled_task_can_be_canceled(app):
    task = greeting(app).options(delay="1h").enqueue()
    assert app.cancel(str(task.id)) is Canceled.AT_ONCE
    assert app.get_task(task).state is TaskState.CANCELED


def test_a_finished_task_cannot_be_canceled(app, tasks):
    with pytest.raises(TaskConflictError) as refused:
        app.cancel(tasks["succeeded"])
    assert (refused.value.state, refused.value.wanted) == ("succeeded", "unfinished")


def test_a_finished_task_runs_again_under_its_id(app, tasks):
    task = app.retry(tasks["failed"])
    assert (task.id, task.state, task.attempt, task.max_attempts) == (
        tasks["failed"], TaskState.QUEUED, 1, 5,
    )  # fmt: skip
    Worker(app).run_once()
    runs = app.attempts(task)
    assert [run.attempt for run in runs][:2] == [1, 2]


def test_a_retry_can_say_how_many_more_runs(app, tasks):
    assert app.retry(tasks["succeeded"], attempts=1).max_attempts == 2


def test_an_unfinished_task_cannot_be_retried(app, tasks):
    with pytest.raises(TaskConflictError) as refused:
        app.retry(tasks["queued"])
    assert refused.value.wanted == "finished"


def test_a_task_that_never_ran_has_no_attempts_and_no_log(app):
    task = app.enqueue(None, 1)
    assert (app.attempts(task), app.task_log(task)) == ([], [])


def test_the_active_task_of_a_definition_and_a_tag_can_be_found(app):
    """C99."""
    hello = greeting(app)
    mine = hello.options(tags=["project:7"]).enqueue()
    hello.options(tags=["project:70"]).enqueue()
    wanted = {
        "definition": "send_greeting",
        "tags": ["project:7"],
        "states": ("pending", "running"),
    }
    assert [(task.id, task.progress) for task in app.list_tasks(**wanted)] == [(mine.id, 0)]
    [held, _] = claim_elsewhere(app)
    report = Report(held.id, held.token, progress=45)
    app.core.storage.runner.run(app.core.storage.claims.report, [report])
    assert [(task.id, task.progress) for task in app.list_tasks(**wanted)] == [(mine.id, 45)]
    app.cancel(mine, force=True)
    assert app.list_tasks(**wanted) == []
