"""A part of a worker that dies of what nobody foresaw: it begins again, or the worker ends."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from rowlock import Context, TaskState, Worker
from rowlock.model.ids import new_token
from rowlock.model.queues import Share
from rowlock.storage.contract import ClaimRequest
from rowlock.worker import loops, rules
from rowlock.worker.source import StorageSource
from tests.app.steps import greeting
from tests.support.backends import DURABLE, sql_plan
from tests.worker.steps import finished, run, until, working

BROKEN = "{"


def said(caplog, part: str) -> bool:
    return any(part in record.getMessage() for record in caplog.records)


async def test_a_loop_that_dies_begins_again(app, caplog, monkeypatch):
    """The policy of its queue cannot be read for a while; tasks are run all the same."""
    monkeypatch.setattr(rules, "FRESH_SECONDS", 0.05)
    monkeypatch.setattr(loops, "FIRST_PAUSE_SECONDS", 0.05)
    hello = greeting(app)
    app.register_queue("default", lease="10s")
    async with working(app) as worker:
        run(app, sql_plan, "UPDATE rowlock_queue SET policy = :policy", {"policy": BROKEN})
        await until(lambda: said(caplog, "reading policies died"))
        run(app, sql_plan, "UPDATE rowlock_queue SET policy = NULL")
        assert worker.is_running
        assert (await finished(app, hello.enqueue("Tom")))[0].state == "succeeded"
        caplog.clear()
        run(app, sql_plan, "UPDATE rowlock_queue SET policy = :policy", {"policy": BROKEN})
        await until(lambda: said(caplog, "reading policies died"))
        run(app, sql_plan, "UPDATE rowlock_queue SET policy = NULL")


@pytest.mark.parametrize("backend", ["memory", "sqlite"], indirect=True)
async def test_a_worker_that_cannot_claim_any_more_stops_and_says_why(app, caplog):
    """A row whose id is none: only SQLite can hold one."""
    hello = greeting(app)
    hello.enqueue("Tom")
    run(app, sql_plan, "UPDATE rowlock_task SET id = :id", {"id": BROKEN})
    worker = Worker(app)
    await worker.start()
    await until(lambda: not worker.is_running)
    assert said(caplog, "claiming died, the worker stops")
    with pytest.raises(ValueError, match="UUID"):
        await worker.stop()


def test_a_task_whose_tags_cannot_be_read_fails_alone(app):
    @app.task
    def tell(ctx: Context) -> int:
        return len(ctx.task.tags)

    broken, other = tell.options(max_attempts=1).enqueue(), tell.enqueue()
    change = "UPDATE rowlock_task SET tags = :tags WHERE id = :id"
    run(app, sql_plan, change, {"tags": BROKEN, "id": broken.id})
    assert Worker(app).run_once() == 2
    assert app.get_task(other).result == 0
    run(app, sql_plan, "UPDATE rowlock_history SET tags = NULL")
    ended = app.get_task(broken)
    assert (ended.state, ended.error.type) == (TaskState.FAILED, "DecodeError")


def test_a_task_whose_options_cannot_be_read_fails_alone(app):
    hello = greeting(app)
    broken, other = hello.enqueue("Ada"), hello.enqueue("Tom")
    change = "UPDATE rowlock_task SET options = :options WHERE id = :id"
    run(app, sql_plan, change, {"options": BROKEN, "id": broken.id})
    assert Worker(app).run_once() == 2
    assert app.get_task(other).state is TaskState.SUCCEEDED
    run(app, sql_plan, "UPDATE rowlock_history SET options = NULL")
    assert app.get_task(broken).state is TaskState.FAILED


@pytest.mark.parametrize("backend", DURABLE, indirect=True)
async def test_claims_that_are_found_again_are_renewed_before_they_run(app):
    hello = greeting(app)
    task = hello.enqueue("Tom")
    app.register_queue("default", lease="30s")
    storage = app.core.storage
    source = StorageSource(storage, app.core.namespace, "me", app.core.policies, None)
    token = new_token()
    claimed = run(app, storage.claims.claim_tasks, request(app, token, lease=2.0))
    source._taking._unconfirmed.append(token)
    [found] = await source.claim([Share("default", 1)], 1)
    assert found.id == task.id
    more = app.get_task(task).lease_until - claimed[0].lease_until
    assert more.total_seconds() > 20


def request(app, token: UUID, *, lease: float) -> ClaimRequest:
    return ClaimRequest(
        namespace=app.core.namespace,
        queue="default",
        worker="me",
        token=token,
        limit=10,
        lease=timedelta(seconds=lease),
    )
