"""Claiming over several queues: the best of all comes first."""

from __future__ import annotations

from datetime import timedelta

import pytest

from rowlock.model.ids import new_token
from rowlock.ops.claim import claim_from
from rowlock.storage.contract import ClaimRequest


def claim(app, limit: int, *queues: str) -> list[str]:
    """Claim, and return the payloads in the order of the claim."""
    app.core.open()
    request = ClaimRequest(
        namespace="default", queue="", worker="w", token=new_token(), limit=limit,
        lease=timedelta(seconds=30),
    )  # fmt: skip
    storage = app.core.storage
    claims = storage.runner.run(claim_from, storage, request, queues or None)
    return [one.payload.strip('"') for one in claims]


@pytest.fixture
def line(app):
    """Tasks in three queues, named by the order in which they should be claimed."""
    for name, queue, priority in [
        ("4", "a", 0), ("1", "b", 9), ("5", "b", 0), ("2", "c", 5), ("6", "a", 0), ("3", "c", 1),
    ]:  # fmt: skip
        app.enqueue(None, name, queue=queue, priority=priority)


def test_without_queues_the_best_of_all_is_claimed(app, line):
    """C107."""
    assert [claim(app, 1) for _ in range(7)] == [["1"], ["2"], ["3"], ["4"], ["5"], ["6"], []]


def test_a_claim_of_several_takes_the_best_of_all(app, line):
    assert claim(app, 4) == ["1", "2", "3", "4"]
    assert claim(app, 4) == ["5", "6"]


def test_only_the_queues_that_are_named_are_claimed(app, line):
    """C8, C125."""
    assert claim(app, 9, "b", "c") == ["1", "2", "3", "5"]
    assert claim(app, 9, "a") == ["4", "6"]


def test_a_paused_queue_is_passed_over(app, line):
    app.pause_queue("b")
    assert claim(app, 9) == ["2", "3", "4", "6"]


def test_what_is_due_is_promoted_first(app):
    """C108."""
    app.enqueue(None, "later", delay="1h")
    app.enqueue(None, "soon", delay="1us")
    assert claim(app, 9) == ["soon"]


def test_nothing_anywhere_is_nothing(app):
    """C9."""
    assert claim(app, 5) == []
    assert claim(app, 5, "nowhere") == []


def test_a_claimed_task_says_who_holds_it(app, line):
    """C107."""
    claim(app, 1)
    [task] = app.list_tasks(states=("running",))
    assert (task.worker, task.attempt, task.started_at is not None) == ("w", 1, True)
