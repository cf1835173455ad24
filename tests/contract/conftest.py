"""Fixtures of the contract tests."""

from __future__ import annotations

from uuid import UUID

import pytest

from rowlock.model.states import TaskState
from rowlock.model.tasks import NewTask
from tests.contract.steps import (
    after,
    back,
    cancel_waiting,
    claim,
    done,
    expire,
    finish,
    insert,
    new,
    release,
    seconds,
)
from tests.support.backends import Backend


@pytest.fixture
def one_of_each(backend: Backend) -> dict[UUID, str]:
    """A task in each state that a reader can see."""
    made: dict[UUID, str] = {}

    def make(label: str, **given) -> NewTask:
        task = new(**given)
        insert(backend, task)
        made[task.id] = label
        return task

    def make_claimed(label: str):
        make(label, priority=9)
        return claim(backend)[0]

    for state in ("succeeded", "failed", "canceled"):
        finish(backend, done(make_claimed(state), state=TaskState(state)))
    make("expired", lifetime=seconds(1))
    expire(backend, now=after(1))
    stamped = make("deleted")
    cancel_waiting(backend, stamped.id)
    sql = "UPDATE rowlock_history SET deleted_at = finished_at WHERE id = :id"
    backend.execute(sql, id=stamped.id)
    release(backend, back(make_claimed("retrying"), delay=seconds(60)))
    again = make_claimed("queued again")
    make_claimed("running")
    release(backend, back(again))
    make("queued")
    make("scheduled", delay=seconds(60))
    paused = make("paused")
    sql = "UPDATE rowlock_task SET state = 'paused' WHERE id = :id"
    backend.execute(sql, id=paused.id)
    make("late", lifetime=seconds(30))
    return made
