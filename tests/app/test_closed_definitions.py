"""A canceled or deleted definition takes no new tasks, whoever asks, and nothing is stored."""

from __future__ import annotations

import pytest

from rowlock import TaskState, Worker
from rowlock.errors import DefinitionClosedError
from tests.app.steps import count, greeting
from tests.support.backends import sql_plan
from tests.worker.steps import run


def close(app, how: str) -> None:
    if how == "canceled":
        app.update_definition("send_greeting", status="canceled")
    else:
        app.delete_definition("send_greeting")


each_way = pytest.mark.parametrize("how", ["canceled", "deleted"])


@each_way
def test_nothing_is_enqueued_by_code_or_by_alias(app, how):
    """C53."""
    greet = greeting(app)
    greet.enqueue()
    close(app, how)
    for enqueue in (
        greet.enqueue,
        greet.enqueue_if_not_exists,
        lambda: app.enqueue("Send-Greeting"),
        lambda: greet.enqueue_many([{}, {"times": 2}]),
        lambda: app.enqueue_many("send_greeting", ({} for _ in range(3)), chunk=1),
    ):
        with pytest.raises(DefinitionClosedError, match=f"'send_greeting' is {how}"):
            enqueue()
    assert count(app, "task") == 1


@each_way
async def test_nothing_is_enqueued_by_async_code(app, how):
    """C53."""
    greet = greeting(app)
    greet.enqueue()
    close(app, how)
    with pytest.raises(DefinitionClosedError):
        await greet.aenqueue()
    with pytest.raises(DefinitionClosedError):
        await greet.aenqueue_many([{}])
    assert count(app, "task") == 1


@each_way
def test_a_process_that_comes_later_is_told_too(app, opened, backend, how):
    greet = greeting(app)
    greet.enqueue()
    close(app, how)
    app.core.known.forget("sendgreeting")  # as in a process that just started
    with pytest.raises(DefinitionClosedError):
        greet.enqueue()
    with pytest.raises(DefinitionClosedError):
        app.enqueue("send-greeting")
    assert count(app, "task") == 1


@each_way
def test_a_process_without_code_is_told(app, how):
    greeting(app).enqueue()
    close(app, how)
    app.core.registry._by_key.clear()
    with pytest.raises(DefinitionClosedError):
        app.enqueue("send_greeting")


@pytest.mark.parametrize("by_alias", [False, True])
def test_what_another_process_closed_is_seen_when_the_memory_is_old(app, monkeypatch, by_alias):
    greet = greeting(app)
    greet.enqueue()
    if by_alias:
        app.core.registry._by_key.clear()
        app.enqueue("send_greeting")
    run(app, sql_plan, "UPDATE rowlock_definition SET status = 'canceled'")
    monkeypatch.setattr("rowlock.ops.definitions.FRESH_SECONDS", -1.0)
    with pytest.raises(DefinitionClosedError):
        app.enqueue("send_greeting")
    run(app, sql_plan, "UPDATE rowlock_definition SET status = 'active'")
    app.enqueue("send_greeting")


def test_the_database_is_not_asked_for_each_task(app, monkeypatch):
    greet = greeting(app)
    greet.enqueue()

    def asked(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(type(app.core.storage.definitions), "get_definition", asked)
    greet.enqueue()
    app.enqueue("send_greeting")


@each_way
def test_a_worker_that_starts_reopens_nothing(app, how):
    greet = greeting(app)
    task = greet.enqueue()
    close(app, how)
    assert Worker(app).run_once() == 1
    assert app.get_task(task).state is TaskState.SUCCEEDED
    with pytest.raises(DefinitionClosedError):
        greet.enqueue()


def test_an_opened_definition_takes_tasks_again_at_once(app):
    greet = greeting(app)
    greet.enqueue()
    close(app, "canceled")
    with pytest.raises(DefinitionClosedError):
        greet.enqueue()
    app.update_definition(greet, status="active")
    assert greet.enqueue().state is TaskState.QUEUED
