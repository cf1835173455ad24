"""Storing one task: by definition, by alias, by queue alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from uuid import UUID

import pytest

from rowlock import AsyncRowlock, Rowlock, TaskState
from rowlock.errors import PayloadError, UnknownDefinitionError
from tests.app.steps import count, greeting, is_empty
from tests.support.backends import DURABLE


def test_a_new_task_has_the_defaults(app):
    """C1, C91."""
    task = greeting(app).enqueue()
    assert (task.queue, task.state, task.attempt) == ("default", TaskState.QUEUED, 0)
    assert (task.started_at, task.finished_at, task.progress) == (None, None, 0)
    assert (task.max_attempts, task.crashes, task.priority) == (4, 0, 0)


def test_a_task_has_a_uuid_of_version_7_at_once(app):
    """C91."""
    task = greeting(app).enqueue()
    assert isinstance(task.id, UUID)
    assert task.id.version == 7


def test_times_are_aware_and_in_utc(app):
    """C1."""
    task = greeting(app).enqueue()
    assert task.created_at.utcoffset() == timedelta(0)
    assert task.run_at == task.created_at


def test_a_task_holds_queue_definition_and_payload(app):
    """C2."""
    task = greeting(app).options(queue="emails").enqueue("Ada", times=3)
    assert app.get_task(task) == task
    assert (task.queue, task.definition) == ("emails", "send_greeting")
    assert task.payload == {"name": "Ada", "times": 3}


def test_arguments_left_to_their_defaults_are_not_stored(app):
    assert greeting(app).enqueue("Ada").payload == {"name": "Ada"}


@pytest.mark.parametrize(
    "alias", ["send_greeting", "send-greeting", "SendGreeting", " SEND_greeting "]
)
def test_an_alias_may_be_spelled_in_any_way(app, alias):
    definition = greeting(app)
    task = app.enqueue(alias, {"name": "Ada"})
    assert (task.definition, task.payload) == (definition.enqueue().definition, {"name": "Ada"})


def test_an_alias_without_payload_takes_no_arguments(app):
    greeting(app)
    assert app.enqueue("send_greeting").payload == {}


def test_a_definition_can_be_passed_to_the_app(app):
    definition = greeting(app)
    assert app.enqueue(definition, {"name": "Ada"}).payload == {"name": "Ada"}


def test_an_unknown_alias_is_named_and_nothing_is_stored(app):
    """C3."""
    with pytest.raises(UnknownDefinitionError, match="no_such_task"):
        app.enqueue("no_such_task", {})
    assert is_empty(app)


@pytest.mark.parametrize("backend", DURABLE, indirect=True)
def test_an_alias_known_only_to_the_database_brings_its_defaults(opened):
    first, second = opened(), opened()
    greeting(first, queue="emails", priority=7, max_attempts=2, lifetime="1h").enqueue()
    task = second.enqueue("SEND-GREETING", {"name": "Ada"})
    assert (task.queue, task.priority, task.max_attempts) == ("emails", 7, 2)
    assert task.expires_at == task.run_at + timedelta(hours=1)


@pytest.mark.parametrize("backend", DURABLE, indirect=True)
def test_an_alias_known_only_to_the_database_takes_an_object(opened):
    first, second = opened(), opened()
    greeting(first).enqueue()
    with pytest.raises(PayloadError) as refused:
        second.enqueue("send_greeting", ["Ada"])
    assert refused.value.field == "payload"


@pytest.mark.parametrize("payload", [{"a": 1}, [1, 2], "text", 0, False, 1.5, {}])
def test_a_task_of_queue_and_payload_alone_takes_any_json_but_null(app, payload):
    task = app.enqueue(None, payload, queue="raw")
    assert (task.definition, task.payload, task.queue) == (None, payload, "raw")


def test_a_task_of_queue_alone_refuses_null(app):
    """C108."""
    with pytest.raises(PayloadError) as refused:
        app.enqueue(None, None, queue="raw")
    assert refused.value.field == "payload"
    assert is_empty(app)


def test_an_empty_queue_is_the_default_queue(app):
    """C5."""
    assert greeting(app).options(queue=" ").enqueue().queue == "default"


def test_a_queue_name_is_trimmed_and_lowered(app):
    """C106."""
    assert greeting(app).options(queue=" Emails ").enqueue().queue == "emails"


def test_a_queue_springs_into_being_at_first_use(app):
    greeting(app).options(queue="fresh").enqueue()
    assert [queue.name for queue in app.list_queues()] == ["fresh"]


class Colour(Enum):
    RED = "red"


@dataclass
class Address:
    street: str
    since: date


def test_rich_arguments_are_stored_as_json(app):
    @app.task
    def ship(to: Address, at: datetime, price: Decimal, colour: Colour, code: UUID) -> None: ...

    code = UUID(int=5)
    at = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)
    task = ship.enqueue(Address("Main", date(2020, 1, 1)), at, Decimal("1.10"), Colour.RED, code)
    assert app.get_task(task).payload == {
        "to": {"street": "Main", "since": "2020-01-01"},
        "at": "2030-01-02T03:04:05Z",
        "price": "1.10",
        "colour": "red",
        "code": str(code),
    }


@pytest.mark.parametrize(
    "text", ["naïve café", "日本語", "🚣", "a'b\"c\\d%s:x", "e\u0301", "line\nbreak"]
)
def test_any_text_comes_back_unchanged(app, text):
    task = app.enqueue(None, {"text": text})
    assert app.get_task(task).payload == {"text": text}


@pytest.mark.parametrize("length", [2_000, 2_100, 70_000, 1_000_000])
def test_a_payload_of_any_allowed_size_comes_back_unchanged(app, length):
    task = app.enqueue(None, {"text": "x" * length})
    assert app.get_task(task.id).payload == {"text": "x" * length}


def test_a_payload_that_cannot_be_encoded_is_refused(app):
    """C4."""
    with pytest.raises(PayloadError) as refused:
        greeting(app).enqueue(object())
    assert refused.value.field == "name"
    assert is_empty(app)


def test_a_second_reader_sees_a_task_at_once(app, opened):
    """C12."""
    task = greeting(app).enqueue("Ada")
    assert app.get_task(str(task.id)).payload == {"name": "Ada"}


@pytest.mark.parametrize("backend", DURABLE, indirect=True)
def test_another_process_sees_a_task_at_once(opened):
    """C12."""
    task = greeting(opened()).enqueue("Ada")
    assert opened().get_task(task.id) == task


async def test_a_definition_made_on_the_sync_app_enqueues_from_async_code(app):
    task = await greeting(app).aenqueue("Ada")
    assert app.get_task(task).payload == {"name": "Ada"}


async def test_the_async_app_stores_and_reads(backend):
    async with AsyncRowlock(backend.url) as app:

        @app.task
        async def add(a: int, b: int) -> int:
            return a + b

        stored = [
            await add.aenqueue(1, 2),
            await app.enqueue("ADD", {"a": 1, "b": 2}),
            await add.options(priority=3).aenqueue(1, b=2),
            await app.get_task((await add.aenqueue(1, 2)).id),
        ]
        assert [task.payload for task in stored] == [{"a": 1, "b": 2}] * 4
        assert len(await app.list_tasks()) == 4


async def test_a_definition_made_on_the_async_app_enqueues_from_sync_code(backend):
    async with AsyncRowlock(backend.url) as app:

        @app.task
        def add(a: int, b: int) -> int:
            return a + b

        task = add.enqueue(1, 2)
        assert await app.get_task(task) == task


@pytest.mark.parametrize("backend", DURABLE, indirect=True)
def test_a_namespace_does_not_see_the_tasks_of_another(opened):
    ours, theirs = opened(), opened(namespace="theirs")
    task = greeting(ours).options(unique="key", queue="mails").enqueue()
    assert theirs.list_tasks() == []
    assert theirs.list_queues() == []
    assert theirs.stats() == []
    assert theirs.enqueue_if_not_exists(None, 1, unique="key")[1]
    assert ours.list_tasks() == [task]


@pytest.mark.parametrize("backend", DURABLE, indirect=True)
def test_a_namespace_does_not_know_the_definitions_of_another(opened):
    ours, theirs = opened(), opened(namespace="theirs")
    greeting(ours).enqueue()
    with pytest.raises(UnknownDefinitionError):
        theirs.enqueue("send_greeting")


def test_a_definition_is_written_once_however_often_it_is_used(app):
    definition = greeting(app)
    definition.enqueue()
    definition.enqueue()
    assert count(app, "definition") == 1


def test_closing_an_app_twice_is_harmless(backend):
    app = Rowlock(backend.url)
    app.close()
    app.close()
