"""Tasks that are defined without an app and included in one."""

from __future__ import annotations

import pytest

from rowlock import Context, Rowlock, Tasks, Worker, depends
from rowlock.errors import ConfigError, DuplicateDefinitionError, InvalidValueError

MEMORY = pytest.mark.parametrize("backend", ["memory"], indirect=True)


@pytest.fixture
def tasks() -> Tasks:
    return Tasks()


@pytest.fixture
def send(tasks):
    @tasks.task(queue="mail", max_attempts=2)
    def send(ctx: Context, to: str) -> str:
        """Send an invoice."""
        return f"{ctx.task.definition} to {to}"

    return send


def test_a_collections_definition_enqueues_in_its_app(app, tasks, send):
    app.include(tasks, prefix="billing.")
    stored = [
        send.enqueue("Ada"),
        send.options(priority=3).enqueue(to="Bob"),
        app.enqueue("Billing.Send", {"to": "Cyd"}),
        app.enqueue(send, {"to": "Dan"}),
        *map(app.get_task, send.enqueue_many([{"to": "Eve"}])),
    ]
    assert {(one.definition, one.queue, one.max_attempts) for one in stored} == {
        ("billing.send", "mail", 2)
    }
    assert Worker(app, ["mail"]).run_once() == 5
    assert app.get_task(stored[0]).result == "billing.send to Ada"


async def test_a_collections_definition_enqueues_from_async_code(app, tasks, send):
    app.include(tasks)
    task = await send.aenqueue("Ada")
    twin, created = await send.aenqueue_if_not_exists("Bob")
    again, created_again = await send.aenqueue_if_not_exists("Bob")
    assert (task.definition, created, created_again) == ("send", True, False)
    assert twin.id == again.id
    assert len(await send.aenqueue_many([{"to": "Cyd"}] * 3)) == 3


@MEMORY
def test_a_collection_in_no_app_cannot_enqueue(app, send):
    with pytest.raises(ConfigError, match="'send': its collection is in no app yet"):
        send.enqueue("Ada")
    with pytest.raises(ConfigError, match="'send': its collection is not included in this app"):
        app.enqueue(send, {"to": "Ada"})


@MEMORY
def test_a_collection_in_several_apps_must_be_told_which(app, opened, tasks, send):
    other = opened(namespace="other")
    app.include(tasks, prefix="a.")
    other.include(tasks, prefix="b.")
    with pytest.raises(ConfigError, match="in 2 apps: say in which"):
        send.enqueue("Ada")
    assert app.enqueue(send, {"to": "Ada"}).definition == "a.send"
    assert other.enqueue(send, {"to": "Ada"}).definition == "b.send"
    assert [one.alias for one in (*app.definitions, *other.definitions)] == ["a.send", "b.send"]


@MEMORY
def test_including_again_changes_nothing(app, tasks, send):
    app.include(tasks, prefix="a.")
    app.include(tasks, prefix="a.")
    assert [one.alias for one in app.definitions] == ["a.send"]
    with pytest.raises(ConfigError, match=r"included already, as 'a\.'"):
        app.include(tasks, prefix="b.")


@MEMORY
def test_an_alias_that_is_taken_includes_nothing(app, tasks, send):
    tasks.task(alias="other")(lambda: None)
    app.task(alias="OTHER")(lambda: None)
    with pytest.raises(DuplicateDefinitionError):
        app.include(tasks)
    assert [one.alias for one in app.definitions] == ["OTHER"]
    app.include(tasks, prefix="x.")
    assert [one.alias for one in app.definitions] == ["OTHER", "x.send", "x.other"]


@MEMORY
def test_what_is_added_later_is_included_too(app, tasks):
    app.include(tasks, prefix="a.")

    @tasks.task
    def late() -> None: ...

    assert late.enqueue().definition == "a.late"


@MEMORY
def test_a_direct_call_needs_no_app(app, tasks, send):
    assert send("Ada") == "send to Ada"

    def get_name() -> str:
        return "real"

    @tasks.task
    def named(name: str = depends(get_name)) -> str:
        return name

    assert named() == "real"
    app.include(tasks)
    with app.override(get_name, lambda: "fake"):
        assert named() == "fake"


@MEMORY
@pytest.mark.parametrize("what", [None, "tasks", Rowlock])
def test_only_a_collection_can_be_included(app, what):
    with pytest.raises(InvalidValueError, match="tasks: must be a Tasks collection"):
        app.include(what)


@MEMORY
def test_a_prefix_must_make_an_alias(app, tasks, send):
    with pytest.raises(InvalidValueError, match="alias: is longer"):
        app.include(tasks, prefix="x" * 100)
    assert app.definitions == []
