"""Assertions about what was enqueued, and what they say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from rowlock import Rowlock
from rowlock.errors import InvalidValueError
from rowlock.testing import all_enqueued, assert_enqueued, clock, drain, refute_enqueued

DAY = datetime(2030, 5, 1, 12, tzinfo=UTC)
ORDER = UUID(int=7)


@pytest.fixture
def orders(memory_app: Rowlock) -> Rowlock:
    """An app with three tasks."""
    return with_orders(memory_app)


def with_orders(app: Rowlock) -> Rowlock:
    @app.task(queue="emails")
    def send_mail(
        user: int, order: UUID | None = None, parts: dict[str, int] | None = None
    ) -> None:
        """Pretend to send a mail."""

    with clock(app, DAY):
        app.enqueue("send_mail", {"user": 1, "order": ORDER}, tags=["a", "b"], priority=5)
        app.enqueue("send_mail", {"user": 2, "parts": {"x": 1, "y": 2}}, delay="1h")
        app.enqueue(None, [1, 2], queue="raw")
    return app


@pytest.mark.parametrize(
    ("definition", "arguments", "sought", "users"),
    [
        (None, None, {}, [1, 2, None]),
        ("send_mail", None, {}, [1, 2]),
        ("Send-Mail", {"user": 2}, {}, [2]),
        ("send_mail", {"order": ORDER}, {}, [1]),
        ("send_mail", {"order": str(ORDER)}, {}, [1]),
        ("send_mail", {"parts": {"y": 2}}, {}, [2]),
        (None, [1, 2], {}, [None]),
        (None, None, {"queue": "EMAILS"}, [1, 2]),
        (None, None, {"tags": ["b"]}, [1]),
        (None, None, {"priority": 5}, [1]),
        (None, None, {"states": ["scheduled"]}, [2]),
        (None, None, {"states": ["pending"], "queue": "emails"}, [1, 2]),
        (None, None, {"run_at": DAY + timedelta(hours=1)}, [2]),
        (None, None, {"run_at": DAY + timedelta(minutes=50), "within": "15m"}, [2]),
    ],
)
def test_tasks_are_found_by_what_they_are(orders, definition, arguments, sought, users):
    found = all_enqueued(orders, definition, arguments, **sought)
    assert [dict(one.payload).get("user") if one.definition else None for one in found] == users
    assert assert_enqueued(orders, definition, arguments, **sought) == found
    assert_enqueued(orders, definition, arguments, count=len(users), **sought)
    with pytest.raises(AssertionError):
        assert_enqueued(orders, definition, arguments, count=len(users) + 1, **sought)
    with pytest.raises(AssertionError):
        refute_enqueued(orders, definition, arguments, **sought)


@pytest.mark.parametrize(
    ("definition", "arguments", "sought"),
    [
        ("send_letter", None, {}),
        ("send_mail", {"user": 3}, {}),
        ("send_mail", {"user": True}, {}),
        ("send_mail", {"street": "x"}, {}),
        ("send_mail", {"parts": {"z": 3}}, {}),
        (None, [1], {}),
        (None, None, {"queue": "default"}),
        (None, None, {"tags": ["a", "c"]}),
        (None, None, {"priority": -5}),
        (None, None, {"states": ["succeeded"]}),
        (None, None, {"run_at": DAY + timedelta(minutes=50)}),
    ],
)
def test_what_is_not_there_is_not_found(orders, definition, arguments, sought):
    assert all_enqueued(orders, definition, arguments, **sought) == []
    refute_enqueued(orders, definition, arguments, **sought)
    with pytest.raises(AssertionError, match="expected a task with"):
        assert_enqueued(orders, definition, arguments, **sought)


def test_finished_tasks_were_enqueued_too(app):
    orders = with_orders(app)
    assert len(assert_enqueued(orders, "send_mail", queue="emails", run_at=DAY)) == 1
    drain(orders)
    assert_enqueued(orders, "send_mail", {"user": 1}, states=["succeeded"])
    refute_enqueued(orders, "send_mail", {"user": 1}, states=["queued", "scheduled"])


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_other_namespaces_are_not_looked_at(app, backend):
    app.enqueue(None, 1)
    with Rowlock(backend.url, namespace="other") as other:
        refute_enqueued(other)


def test_a_failure_shows_the_nearest_first(orders):
    with pytest.raises(AssertionError) as failed:
        assert_enqueued(orders, "send_mail", {"user": 2, "order": "x"}, priority=5, tags=["b"])
    lines = str(failed.value).splitlines()
    assert lines[0] == (
        "expected a task with definition='send_mail', arguments={'order': 'x', 'user': 2}, "
        "tags=('b',), priority=5; 0 of 3 match"
    )
    assert lines[1].startswith('  there is send_mail {"order":"00000000-')
    assert lines[2] == f"      arguments.order is '{ORDER}', not 'x'"
    assert lines[3] == "      arguments.user is 1, not 2"
    assert "send_mail" in lines[4]
    assert lines[5] == "      arguments has no 'order'"
    assert "a task without definition [1,2] in raw, queued, id " in str(failed.value)
    assert "      definition is None, not 'send_mail'" in lines


def test_a_refusal_shows_what_is_there(orders):
    with pytest.raises(AssertionError) as failed:
        refute_enqueued(orders, None, None, queue="emails", states=["queued"])
    first, second = str(failed.value).splitlines()
    assert first == "expected no task with queue='emails', states=('queued',); 1 of 3 match"
    assert second.startswith("  match: send_mail ")


def test_a_long_list_is_cut(memory_app):
    memory_app.enqueue_many(None, range(1, 1_008))
    assert len(all_enqueued(memory_app)) == 1_007
    with pytest.raises(AssertionError, match="and 1002 more"):
        assert_enqueued(memory_app, None, 0)


@pytest.mark.parametrize(
    ("definition", "arguments", "sought", "field"),
    [
        (3, None, {}, "alias"),
        (None, {"a": object()}, {}, "arguments"),
        (None, None, {"queue": "no queue"}, "queue"),
        (None, None, {"tags": "a"}, "tags"),
        (None, None, {"states": ["lost and found"]}, "state"),
        (None, None, {"run_at": "today"}, "run_at"),
        (None, None, {"within": "x"}, "within"),
    ],
)
def test_bad_input_is_refused(memory_app, definition, arguments, sought, field):
    with pytest.raises(InvalidValueError) as refused:
        all_enqueued(memory_app, definition, arguments, **sought)
    assert refused.value.field == field


def test_an_argument_that_the_handler_does_not_have_is_refused(memory_app):
    @memory_app.task
    def note(word: str) -> None: ...

    with pytest.raises(InvalidValueError, match="'wrod' is not one; there are word"):
        refute_enqueued(memory_app, note, {"wrod": "x"})
