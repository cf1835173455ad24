"""Stored definitions through both facades, on every engine."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from rowlock import AsyncRowlock, Definition, DefinitionTasks, TaskHandler
from rowlock.errors import (
    DefinitionNotFoundError,
    DuplicateDefinitionError,
    InvalidValueError,
    UnknownDefinitionError,
)
from tests.app.steps import count, greeting


class HelloWorldTask(TaskHandler):
    """Say hello."""

    def handle(self) -> bool:
        return True


def test_a_definition_is_created_and_found_by_alias_and_id(app):
    made = app.create_definition(
        "Nightly-Report", title="Report", memo="Ask Ada.", queue="Slow", lifetime="1h"
    )
    for wanted in ("nightlyreport", "NIGHTLY_REPORT", made.id, str(made.id), made):
        assert app.get_definition(wanted) == made
    assert (made.alias, made.title, made.memo, made.queue) == (
        "Nightly-Report", "Report", "Ask Ada.", "slow"
    )  # fmt: skip
    assert (made.status, made.lifetime) == ("active", timedelta(hours=1))
    assert made.created_at is not None
    assert made.created_at.utcoffset() == timedelta(0)


def test_a_definition_without_code_takes_tasks_with_its_defaults(app):
    app.create_definition("report", queue="slow", priority=4, max_attempts=2)
    task = app.enqueue("Re-Port", {"day": "today"})
    assert (task.definition, task.queue, task.priority, task.max_attempts) == (
        "report", "slow", 4, 2
    )  # fmt: skip


def test_a_taken_alias_is_refused_and_nothing_changes(app):
    made = app.create_definition("send-mail", title="Mine")
    with pytest.raises(DuplicateDefinitionError, match="'SendMail' already exists"):
        app.create_definition("SendMail", title="Other")
    assert app.list_definitions() == [made]


def test_a_definition_is_known_in_its_namespace_only(opened):
    made = opened().create_definition("hello")
    with pytest.raises(DefinitionNotFoundError):
        opened(namespace="other").get_definition(made.id)


@pytest.mark.parametrize("wanted", ["nope", UUID(int=1), str(UUID(int=1))])
@pytest.mark.parametrize("act", ["get_definition", "delete_definition", "count_definition_tasks"])
def test_a_definition_that_is_not_there_is_named(app, act, wanted):
    with pytest.raises(DefinitionNotFoundError, match=str(wanted)):
        getattr(app, act)(wanted)
    with pytest.raises(DefinitionNotFoundError):
        app.update_definition(wanted, title="x")


WRONG_VALUES: list[dict[str, Any]] = [
    {"title": "x" * 256},
    {"title": 7},
    {"memo": "x" * 10_001},
    {"status": "paused"},
    {"status": 1},
    {"queue": "no name"},
    {"priority": 40_000},
    {"max_attempts": 0},
    {"max_crashes": True},
    {"lifetime": "soon"},
    {"alias": "x"},
]


@pytest.mark.parametrize("given", WRONG_VALUES, ids=str)
def test_a_bad_value_is_refused_by_name(app, given):
    made = app.create_definition("known")
    [field] = given
    if field != "alias":
        with pytest.raises(InvalidValueError) as refused:
            app.create_definition("new", **given)
        assert refused.value.field == field
    with pytest.raises(InvalidValueError) as refused:
        app.update_definition("known", **given)
    assert refused.value.field == field
    assert app.list_definitions() == [made]


@pytest.mark.parametrize("alias", ["", "  ", "--_", "x" * 101, 7, None])
def test_a_bad_alias_is_refused(app, alias):
    for act in (app.create_definition, app.get_definition, app.delete_definition):
        with pytest.raises(InvalidValueError) as refused:
            act(alias)
        assert refused.value.field == "alias"


def test_only_what_is_given_changes_and_none_puts_it_back(app):
    made = app.create_definition("d", title="T", queue="slow", max_attempts=9)
    changed = app.update_definition("D", memo="new", status="Cancelled")
    assert (changed.id, changed.title, changed.queue) == (made.id, "T", "slow")
    assert (changed.memo, changed.status) == ("new", "canceled")
    assert changed.updated_at > made.updated_at
    back = app.update_definition(made, max_attempts=None, queue=None, title=None)
    assert (back.max_attempts, back.queue, back.title, back.memo) == (None, "default", "", "new")


def test_an_update_of_nothing_is_refused(app):
    app.create_definition("d")
    with pytest.raises(InvalidValueError, match="nothing is given"):
        app.update_definition("d")


def test_definitions_are_listed_filtered_ordered_paged_and_counted(app):
    start = datetime.now(UTC) - timedelta(days=1)
    for alias in ("b-mail", "a", "C_mail"):
        app.create_definition(alias)
    app.update_definition("a", status="canceled")

    def aliases(**how: Any) -> list[str]:
        return [one.alias for one in app.list_definitions(**how)]

    assert aliases() == ["a", "b-mail", "C_mail"]
    assert aliases(order="-created") == ["C_mail", "a", "b-mail"]
    assert aliases(limit=1, offset=1, order="-alias") == ["b-mail"]
    assert aliases(alias="MAIL") == ["b-mail", "C_mail"]
    assert aliases(status="inactive") == ["a"]
    assert aliases(created_after=start, created_before=start + timedelta(days=9)) == aliases()
    assert aliases(created_before=start) == []
    assert (app.count_definitions(), app.count_definitions(status="active")) == (3, 2)


@pytest.mark.parametrize(
    "how",
    [
        {"limit": 0},
        {"limit": 1_001},
        {"offset": -1},
        {"order": "size"},
        {"alias": ""},
        {"status": "x"},
        {"created_after": datetime(2026, 1, 1)},  # noqa: DTZ001 - that is what is refused
        {"title": "x"},
    ],
    ids=str,
)
def test_a_bad_filter_is_refused_by_name(app, how):
    with pytest.raises(InvalidValueError) as refused:
        app.list_definitions(**how)
    assert [refused.value.field] == list(how)


def test_tasks_of_a_definition_are_counted(app):
    greet = greeting(app)
    first = greet.enqueue()
    greet.enqueue()
    app.cancel(first)
    assert app.count_definition_tasks(greet) == DefinitionTasks(1, 0, 1)


@pytest.mark.parametrize("handler", [HelloWorldTask, HelloWorldTask(), "function"])
def test_registering_twice_stores_one_definition(app, handler):
    """C36."""

    def hello_world_task() -> None:
        """Say hello."""

    given = hello_world_task if handler == "function" else handler
    made = app.register(given)
    assert app.register(given) is made
    assert app.register(made) is made
    assert app.definitions == [made]
    [stored] = app.list_definitions()
    assert (stored.key, stored.status, stored.title) == ("helloworldtask", "active", "Say hello.")


def test_two_instances_that_are_alike_are_one(app):
    """C36."""
    assert app.register(HelloWorldTask()) is app.register(HelloWorldTask())


def test_without_create_a_missing_definition_is_an_error(app):
    """C37."""
    with pytest.raises(DefinitionNotFoundError, match="HelloWorldTask"):
        app.register(HelloWorldTask, create=False)
    assert app.definitions == []
    assert app.list_definitions(include_deleted=True) == []
    app.create_definition("hello-world-task")
    assert app.register(HelloWorldTask, create=False).alias == "HelloWorldTask"
    app.delete_definition("helloworldtask")
    with pytest.raises(DefinitionNotFoundError):
        app.register(HelloWorldTask, create=False)


def test_registering_refreshes_what_code_says_and_leaves_the_rest(app):
    made = app.create_definition("HELLO_WORLD_TASK", title="Old", memo="Keep.", status="canceled")
    app.register(HelloWorldTask, queue="fast")
    found = app.get_definition(made.id)
    assert (found.alias, found.title, found.queue) == ("HelloWorldTask", "Say hello.", "fast")
    assert (found.memo, found.status) == ("Keep.", "canceled")


def test_another_handler_under_a_taken_alias_is_refused(app):
    app.register(HelloWorldTask)

    def hello_world_task() -> None:
        """Something else."""

    with pytest.raises(DuplicateDefinitionError):
        app.register(hello_world_task)
    assert [one.title for one in app.list_definitions()] == ["Say hello."]


def test_a_deleted_alias_is_registered_and_created_again(app):
    """C54."""
    first = app.register(HelloWorldTask)
    old = app.delete_definition(first)
    assert app.list_definitions() == []
    assert app.register(HelloWorldTask) is first
    new = app.get_definition("HelloWorldTask")
    assert new.id != old.id
    assert first.enqueue().definition == "HelloWorldTask"
    app.delete_definition(new)
    third = app.create_definition("hello-world-task")
    assert app.list_definitions(include_deleted=True) == [third]


def test_a_deleted_definition_is_found_only_when_asked_for(app):
    made = app.create_definition("d")
    assert app.delete_definition("d") == made
    for wanted in ("d", made.id):
        with pytest.raises(DefinitionNotFoundError):
            app.get_definition(wanted)
    [hidden] = app.list_definitions(include_deleted=True)
    assert (hidden.id, app.count_definitions(), app.count_definitions(include_deleted=True)) == (
        made.id, 0, 1
    )  # fmt: skip


def test_a_removed_definition_is_forgotten(app):
    greet = greeting(app)
    greet.enqueue()
    app.delete_definition(greet, soft=False)
    assert count(app, "definition") == 0
    with pytest.raises(UnknownDefinitionError):
        app.enqueue("other")
    greet.enqueue()
    assert app.get_definition("send-greeting").alias == "send_greeting"


async def test_every_async_method_answers_as_the_sync_one(backend):
    async with AsyncRowlock(backend.url) as app:
        await app.migrate()
        hello = await app.register(HelloWorldTask)
        made: Definition = await app.create_definition("report", memo="x")
        assert await app.get_definition("RE-PORT") == made
        assert await app.count_definitions() == 2
        assert (await app.update_definition(made, memo="y")).memo == "y"
        assert (await app.delete_definition("report")).memo == "y"
        assert [one.alias for one in await app.list_definitions()] == ["HelloWorldTask"]
        await hello.aenqueue(name="Tom")
        assert await app.count_definition_tasks(hello) == DefinitionTasks(1, 0, 0)


def test_changes_of_definitions_are_recorded_and_code_is_not(app):
    @app.task
    def coded() -> None: ...

    app.register(coded)
    app.create_definition("report", actor="ada")
    app.update_definition("report", status="canceled", lifetime="1h", actor="bob", reason="broken")
    app.delete_definition("report", soft=False)
    recorded = [(one.action, one.target, one.actor, one.reason) for one in app.audit()]
    assert recorded == [
        ("purge", "report", None, None),
        ("edit", "report", "bob", "broken"),
        ("create", "report", "ada", None),
    ]
    [_, edited, _] = app.audit()
    assert edited.kind == "definition"
    assert edited.detail == {"status": "canceled", "lifetime": "PT3600S"}


def test_what_is_refused_is_not_recorded(app):
    app.create_definition("report")
    with pytest.raises(DuplicateDefinitionError):
        app.create_definition("Report")
    assert len(app.audit()) == 1
