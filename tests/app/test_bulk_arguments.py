"""Setting arguments of many tasks: what stays, what is refused, whose keys follow."""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import Any

import pytest

from rowlock import Rowlock, Worker
from rowlock.errors import DuplicateTaskError, InvalidValueError
from rowlock.ops.bulk import BATCH
from tests.app.steps import count, greeting
from tests.app.test_bulk import StoppedError, stop_after
from tests.contract.steps import together


def payloads(app: Rowlock, **wanted: Any) -> list[Any]:
    """The arguments of tasks, oldest first."""
    return [task.payload for task in reversed(app.list_tasks(limit=1000, **wanted))]


def test_given_arguments_are_set_and_the_others_stay(app):
    greeting(app)
    app.enqueue_many("send_greeting", [{"name": "Ann"}, {"name": "Bob", "times": 3}])
    done = app.bulk("edit", queue="default", set_arguments={"times": 2})
    assert (done.done, done.refused) == (2, {})
    assert payloads(app) == [{"name": "Ann", "times": 2}, {"name": "Bob", "times": 2}]
    Worker(app).run_once()
    assert {task.result for task in app.list_tasks()} == {"hello Ann" * 2, "hello Bob" * 2}


def test_other_changes_go_with_them(app):
    task = greeting(app).enqueue("Ann")
    app.bulk("edit", queue="default", set_arguments={"times": 2}, changes={"priority": 5})
    edited = app.get_task(task)
    assert (edited.payload, edited.priority) == ({"name": "Ann", "times": 2}, 5)


def test_a_value_is_stored_as_it_is_when_it_is_enqueued(app):
    @app.task
    def plan(day: date) -> None:
        """Plan a day."""

    plan.enqueue(date(2030, 1, 1))
    assert app.bulk("edit", queue="default", set_arguments={"day": date(2031, 2, 3)}).done == 1
    assert payloads(app) == [{"day": "2031-02-03"}]


def test_a_payload_may_become_large_and_small_again(app):
    app.enqueue_many(None, [{"n": 1}, {"n": 2, "text": "y" * 4_000}], queue="any")
    app.bulk("edit", queue="any", set_arguments={"text": "x" * 5_000})
    assert payloads(app) == [{"n": 1, "text": "x" * 5_000}, {"n": 2, "text": "x" * 5_000}]
    assert count(app, "payload") == 2
    app.bulk("edit", queue="any", set_arguments={"text": ""})
    assert payloads(app) == [{"n": 1, "text": ""}, {"n": 2, "text": ""}]
    assert count(app, "payload") == 0


def test_what_does_not_fit_is_counted_and_left(app):
    @app.task
    def other(number: int) -> None:
        """Take a number."""

    greeting(app).enqueue("Ann")
    other.enqueue(7)
    app.enqueue(None, ["no", "names"])
    app.enqueue(None, {"free": True})
    done = app.bulk("edit", queue="default", set_arguments={"name": "Bob"}, changes={"priority": 3})
    assert (done.done, done.refused) == (2, {"invalid_arguments": 1, "no_arguments": 1})
    assert payloads(app) == [
        {"name": "Bob"}, {"number": 7}, ["no", "names"], {"free": True, "name": "Bob"},
    ]  # fmt: skip
    assert [task.priority for task in reversed(app.list_tasks())] == [3, 0, 0, 3]


def test_what_runs_or_is_finished_is_left(app):
    greeting(app)
    app.enqueue_many("send_greeting", [{}, {}, {}])
    [held] = app.claim("w", limit=1)
    app.complete(held, held.token)
    app.claim("w", limit=1)
    done = app.bulk("edit", queue="default", set_arguments={"name": "Bob"})
    assert (done.done, done.refused) == (1, {"running": 1, "succeeded": 1})
    assert sorted(payloads(app), key=len) == [{}, {}, {"name": "Bob"}]


def test_where_the_code_is_not_known_any_arguments_are_stored(opened, backend):
    app = opened()
    greeting(app).enqueue("Ann")
    other = opened() if backend.durable else app
    done = other.bulk("edit", queue="default", set_arguments={"times": 2})
    assert done.done == 1
    assert payloads(other) == [{"name": "Ann", "times": 2}]


def test_keys_made_from_arguments_follow_them(app):
    @app.task(unique=["project"])
    def build(project: int, fast: bool = False) -> None:
        """Build a project."""

    one = build.enqueue(1)
    app.bulk("edit", definition="build", set_arguments={"fast": True})
    with pytest.raises(DuplicateTaskError) as held:
        build.enqueue(1)
    assert held.value.task_id == one.id
    app.bulk("edit", definition="build", set_arguments={"project": 2})
    assert build.enqueue(1).id != one.id
    with pytest.raises(DuplicateTaskError):
        build.enqueue(2)


def test_of_tasks_that_would_share_a_key_one_gets_it(app):
    @app.task(unique=["project"])
    def build(project: int, fast: bool = False) -> None:
        """Build a project."""

    build.enqueue_many([{"project": number} for number in range(4)])
    done = app.bulk("edit", definition="build", set_arguments={"project": 7})
    assert (done.done, done.refused) == (1, {"duplicate": 3})
    assert payloads(app) == [{"project": 0}, {"project": 1}, {"project": 2}, {"project": 7}]
    done = app.bulk("edit", definition="build", set_arguments={"project": 1})
    assert (done.done, done.refused) == (1, {"duplicate": 3})


def test_a_key_that_only_other_code_understands_is_not_left_behind(opened, backend):
    app = opened()

    @app.task(unique=["project"])
    def build(project: int, fast: bool = False) -> None:
        """Build a project."""

    given = build.options(unique="by hand").enqueue(2)
    # Its key is that of all arguments by chance: the two part with another argument.
    one = build.enqueue(1)
    some = build.enqueue(3, fast=True)
    other = opened() if backend.durable else _without_code(app)
    done = other.bulk("edit", queue="default", set_arguments={"fast": False})
    assert (done.done, done.refused) == (1, {"unknown_unique_key": 2})
    for task, arguments in ((one, {"project": 1, "fast": True}), (some, {"project": 5})):
        for change in (other.edit, other.requeue):
            with pytest.raises(InvalidValueError) as refused:
                _given(change, task, arguments)
            assert refused.value.field == "unique"
        assert other.get_task(task) == task
    assert other.get_task(given).unique_key == "by hand"
    other.edit(one, arguments={"project": 4})
    with pytest.raises(DuplicateTaskError):
        build.enqueue(4)


def _without_code(app: Rowlock) -> Rowlock:
    """Another app on the same database in memory, which is shared with nobody else."""
    other = Rowlock("memory://")
    other.core.storage = app.core.storage
    other.core.open()
    return other


def _given(change: Any, task: Any, arguments: dict[str, Any]) -> None:
    if change.__name__ == "edit":
        change(task, arguments=arguments)
    else:
        change(task, arguments)


def test_new_tasks_like_others_get_them_too(app):
    greeting(app, max_attempts=1)
    app.enqueue_many("send_greeting", [{"name": "Ann"}, {"name": "Bob", "times": 3}])
    app.enqueue(None, 5)
    app.bulk("cancel", queue="default")
    done = app.bulk("requeue", states=("canceled",), set_arguments={"times": 9})
    assert (done.done, done.refused) == (2, {"no_arguments": 1})
    new = payloads(app, states=("queued",))
    assert sorted(new, key=str) == [{"name": "Ann", "times": 9}, {"name": "Bob", "times": 9}]
    assert payloads(app, states=("canceled",))[1] == {"name": "Bob", "times": 3}


def test_it_is_resumed_and_what_is_done_is_not_done_again(app):
    app.enqueue_many(None, [{"n": number} for number in range(BATCH + 50)])
    with pytest.raises(StoppedError):
        app.bulk("edit", queue="default", set_arguments={"m": 1}, on_progress=stop_after(1))
    [stopped] = app.list_operations()
    edited = app.list_tasks(limit=1)[0]
    app.edit(edited, arguments={"n": "by hand"})
    assert app.resume_operation(stopped).done == BATCH + 50
    assert app.get_task(edited).payload == {"n": "by hand"}
    assert app.count(queue="default", arguments={"m": 1}).count == BATCH + 49


def test_a_dry_run_changes_nothing(app):
    task = greeting(app).enqueue("Ann")
    plan = app.bulk("edit", queue="default", set_arguments={"times": 2}, dry_run=True)
    assert plan.matched == 1
    assert app.get_task(task) == task


def test_the_audit_names_the_arguments_and_keeps_their_values_secret(app):
    greeting(app).enqueue("Ann")
    app.bulk("edit", queue="default", set_arguments={"name": "secret"}, actor="ann")
    [entry] = app.audit()
    assert entry.detail == {"filter": {"queue": "default"}, "arguments": ["name"]}


@pytest.mark.parametrize(
    ("action", "given", "field"),
    [
        ("edit", {}, "set_arguments"),
        ("edit", {1: 2}, "set_arguments"),
        ("edit", [("a", 1)], "set_arguments"),
        ("edit", {"a": float("nan")}, "set_arguments"),
        ("edit", {"a": object()}, "set_arguments"),
        ("edit", {"a": 2**63}, "set_arguments"),
        ("cancel", {"a": 1}, "set_arguments"),
        ("pause", {"a": 1}, "set_arguments"),
    ],
)
def test_bad_arguments_are_refused_at_the_door(app, action, given, field):
    app.enqueue(None, {"a": 0})
    with pytest.raises(InvalidValueError) as refused:
        app.bulk(action, queue="default", set_arguments=given)
    assert refused.value.field == field
    assert payloads(app) == [{"a": 0}]
    assert app.list_operations() == []


def test_an_edit_and_an_enqueue_that_race_for_a_key_leave_one_holder(app):
    @app.task(unique=["project"])
    def build(project: int) -> None:
        """Build a project."""

    def enqueue(project: int) -> bool:
        try:
            build.enqueue(project)
        except DuplicateTaskError:
            return False
        return True

    for number in range(15):
        build.enqueue(number)
        wanted = {"definition": "build", "arguments": {"project": number}}
        setting = partial(app.bulk, "edit", set_arguments={"project": 100 + number}, **wanted)
        edited, stored = together(setting, partial(enqueue, 100 + number))
        assert edited.done + stored == 1
        assert edited.refused == ({"duplicate": 1} if stored else {})
        assert app.count(definition="build", arguments={"project": 100 + number}).count == 1
        assert not enqueue(100 + number)
