"""Choosing tasks through the facade: filters, orders, pages, counts, and what is refused."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from rowlock import Rowlock, TaskCount, Worker
from rowlock.errors import InvalidValueError
from rowlock.model.ids import new_task_id
from tests.app.steps import greeting

NAIVE = datetime(2030, 1, 1)  # noqa: DTZ001 - that is what is refused


def ids(tasks: Any) -> list[Any]:
    return [task.id for task in tasks]


@pytest.fixture
def ran(app):
    """Three greetings that ran, the first one enqueued the last one to finish."""
    hello = greeting(app)
    tasks = [hello.options(priority=place).enqueue(str(place)) for place in range(3)]
    Worker(app, concurrency=1).run_once()
    return tasks


def test_pages_by_time_of_end_go_on_from_a_task_or_its_id(app, ran):
    order = ids(app.list_tasks(order="finished_at"))
    assert set(order) == set(ids(ran))
    [first] = app.list_tasks(order="finished_at", limit=1)
    assert ids(app.list_tasks(order="finished_at", before=first)) == order[1:]
    assert ids(app.list_tasks(order="finished_at", before=str(first.id))) == order[1:]


def test_pages_by_due_time_go_on_from_a_task_or_its_id(app):
    hello = greeting(app)
    later, soon = (hello.options(delay=delay).enqueue() for delay in ("2h", "1h"))
    now = hello.enqueue()
    order = [now.id, soon.id, later.id]
    assert ids(app.list_tasks(order="run_at")) == order
    assert ids(app.list_tasks(order="run_at", before=now)) == order[1:]
    assert ids(app.list_tasks(order="run_at", states=("pending",), before=soon.id)) == order[2:]


def test_filters_find_what_ran_by_worker_argument_and_range(app, ran):
    first = app.get_task(ran[0])
    assert ids(app.list_tasks(worker=first.worker)) == ids(reversed(ran))
    found = app.list_tasks(definition="send_greeting", arguments={"name": "1"})
    assert ids(found) == [ran[1].id]
    later = first.finished_at + timedelta(hours=1)
    assert app.list_tasks(started_after=later) == []
    assert len(app.list_tasks(finished_before=later)) == 3


def test_a_count_is_told_without_the_tasks(app, ran):
    assert app.count() == TaskCount(count=3, capped=False)
    assert app.count(states=("failed",)).count == 0
    assert app.count(definition="SendGreeting", arguments={"name": "2"}).count == 1


BAD: list[tuple[str, dict[str, Any]]] = [
    ("order", {"order": "priority"}),
    ("order", {"order": "finished_at", "states": ("queued",)}),
    ("order", {"order": "run_at", "states": ("running",)}),
    ("order", {"order": "run_at", "states": ("queued", "failed")}),
    ("started_after", {"started_after": NAIVE}),
    ("finished_before", {"finished_before": "yesterday"}),
    ("worker", {"worker": ""}),
    ("unique", {"unique_key": "x" * 256}),
    ("error", {"error": ""}),
    ("error", {"error": "x" * 1001}),
    ("error", {"error": "a\x00b"}),
    ("arguments", {"arguments": {"a": 1}}),
    ("arguments", {"arguments": {}, "queue": "default"}),
    ("arguments", {"arguments": ["a"], "queue": "default"}),
    ("arguments", {"arguments": {"a": [1]}, "queue": "default"}),
    ("arguments", {"arguments": {"a": math.nan}, "queue": "default"}),
    ("arguments", {"arguments": {1: 1}, "queue": "default"}),
    ("arguments", {"arguments": {"a": 2**64}, "definition": "hello"}),
    ("before", {"order": "finished_at", "before": new_task_id()}),
]


@pytest.mark.parametrize(("field", "wanted"), BAD)
def test_what_no_task_can_have_is_refused(field, wanted):
    with Rowlock("memory://") as app:
        with pytest.raises(InvalidValueError) as refused:
            app.list_tasks(**wanted)
        assert refused.value.field == field


def test_a_page_cannot_go_on_from_a_task_without_that_time(app):
    waiting = app.enqueue(None, 1)
    with pytest.raises(InvalidValueError, match="it has no finished_at"):
        app.list_tasks(order="finished_at", before=waiting)
    assert app.list_tasks(created_after=datetime(2020, 1, 1, tzinfo=UTC))
