"""A worker over HTTP does what a worker of the database does, on every engine."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from rowlock import (
    Backoff,
    Cancel,
    Context,
    Fail,
    Retry,
    RetryPolicy,
    Rowlock,
    Snooze,
    Task,
    Worker,
)
from rowlock.app import token_flows
from rowlock.app.flow import run_flow
from rowlock.client import HttpWorker
from rowlock.client.working.converting import in_batches
from rowlock.client.working.refusals import waited_for
from rowlock.errors import (
    BodyTooLargeError,
    InvalidValueError,
    RateLimitError,
    ScopeError,
    ServerUnavailableError,
    StorageUnavailableError,
    UnauthenticatedError,
    UnexpectedAnswerError,
)
from rowlock.http import Limits
from rowlock.worker.life import WorkerLife
from tests.app.conftest import app, opened
from tests.http.listening import served
from tests.worker.steps import finished, lose_leases, make_due, until

__all__ = ["app", "opened"]

GRACE = timedelta(0)


@pytest.fixture
def url(app: Rowlock) -> Iterator[str]:
    """The address of a server of the app."""
    with served(app) as address:
        yield address


@asynccontextmanager
async def working(worker: WorkerLife, grace: float = 0) -> AsyncIterator[WorkerLife]:
    """A worker that runs as long as the block."""
    await worker.start()
    try:
        yield worker
    finally:
        await worker.stop(grace=grace)


def define_all(app: Rowlock) -> list[tuple[str, Any]]:  # noqa: C901 - one for each end
    """Handlers that end in every way; returns their names, and what to call them with."""

    @app.task
    def doubles(ctx: Context, number: int) -> dict[str, int]:
        ctx.log.info("doubling %d", number)
        ctx.log.warning("it is %d", number * 2)
        return {"doubled": number * 2}

    @app.task
    async def halfway(ctx: Context) -> None:
        await ctx.progress(50, "halfway")

    @app.task(max_attempts=2, retry="immediate")
    def raises() -> None:
        raise ValueError("no such user")

    @app.task(max_attempts=3, retry=RetryPolicy(backoff=Backoff.NONE))
    def raises_once() -> None:
        raise OSError("disk full")

    @app.task(timeout="50ms", max_attempts=1)
    async def hangs() -> None:
        await asyncio.sleep(60)

    @app.task
    def cancels() -> Cancel:
        return Cancel("not needed")

    @app.task
    def fails() -> Fail:
        return Fail("for good", retry=False)

    @app.task(max_attempts=2)
    def asks_again() -> Retry:
        return Retry("1h", reason="busy")

    @app.task
    def snoozes() -> Snooze:
        return Snooze("1h")

    @app.task(max_attempts=1)
    def returns_no_json() -> object:
        return {1: object()}

    @app.task(max_attempts=1)
    def opens_a_transaction(ctx: Context) -> None:
        raise RuntimeError(ctx.task.queue, ctx.task.namespace, ctx.task.attempt, ctx.task.tags)

    return [
        ("doubles", {"number": 4}), ("halfway", {}), ("raises", {}),
        ("raises_once", {}), ("hangs", {}), ("cancels", {}), ("fails", {}), ("asks_again", {}),
        ("snoozes", {}), ("returns_no_json", {}), ("opens_a_transaction", {}),
    ]  # fmt: skip


def verdict(app: Rowlock, task: Task) -> dict[str, Any]:
    """All that is recorded of a task, but for times and ids."""
    now = app.get_task(task)
    error = now.error and (now.error.type, now.error.message, bool(now.error.traceback))
    return {
        "state": now.state, "reason": now.reason, "result": now.result, "error": error,
        "attempt": now.attempt, "crashes": now.crashes, "progress": now.progress,
        "message": now.progress_message, "worker": now.worker,
        "outcomes": [(one.attempt, one.outcome) for one in app.attempts(task)],
        "log": [(line.level, line.message, line.attempt) for line in app.task_log(task)],
        "waits": now.run_at.timestamp() - now.created_at.timestamp() > 3_000,
    }  # fmt: skip


def test_every_end_is_recorded_as_by_a_worker_of_the_database(app: Rowlock, url: str):
    orders = define_all(app)
    told: list[list[Any]] = []
    for worker in (Worker(app, worker_id="me"), HttpWorker(app, url, worker_id="me")):
        tasks = [app.enqueue(alias, arguments, tags=["x"]) for alias, arguments in orders]
        count = worker.run_once()
        verdicts = [verdict(app, task) for task in tasks]
        make_due(app)
        worker.run_once()
        again = [verdict(app, task) for task in tasks]
        told.append([count, *zip(orders, verdicts, again, strict=True)])
        for task in tasks:
            if not app.get_task(task).state.is_final:
                app.cancel(task)
    for ours, theirs in zip(*told, strict=True):
        assert ours == theirs
    assert told[0][0] == len(orders) + 1
    assert {one[1]["state"].value for one in told[1][1:]} >= {
        "succeeded", "failed", "canceled", "scheduled", "retrying",
    }  # fmt: skip


async def test_a_task_that_comes_is_run_at_once(app: Rowlock, url: str):
    @app.task
    def echo(value: int) -> int:
        return value

    app.register_queue("default")
    async with working(HttpWorker(app, url)) as worker:
        assert worker.is_running
        assert worker.is_connected
        await asyncio.sleep(0.3)
        began = asyncio.get_running_loop().time()
        [task] = await finished(app, echo.enqueue(7))
        assert asyncio.get_running_loop().time() - began < 3
        assert (task.result, task.worker) == (7, worker.id)
    assert not worker.is_running


def test_what_it_runs_is_known_as_from_a_worker_of_the_database(app: Rowlock, url: str):
    @app.task(queue="mail", max_attempts=5, priority=3, lifetime="2h")
    def send() -> None:
        """Send a letter.

        By post.
        """

    @app.task(max_attempts=1)
    def sends() -> str:
        return str(send.enqueue().id)

    def stored() -> list[tuple[Any, ...]]:
        return [
            (one.alias, one.title, one.description, one.queue, one.priority, one.max_attempts,
             one.max_crashes, one.lifetime, one.memo, one.status)
            for one in app.list_definitions()
        ]  # fmt: skip

    for queue in ("mail", "default"):
        app.register_queue(queue)
    app.create_definition("SEND", memo="ask Ann first", queue="elsewhere")
    HttpWorker(app, url).run_once()
    theirs = stored()
    task = sends.enqueue()
    HttpWorker(app, url).run_once()
    assert app.get_task(UUID(app.get_task(task).result)).queue == "mail"
    for one in app.list_definitions():
        app.delete_definition(one, soft=False)
    app.create_definition("SEND", memo="ask Ann first", queue="elsewhere")
    Worker(app).run_once()
    assert theirs == stored()
    assert ("send", "mail", "ask Ann first") in [(one[0], one[3], one[8]) for one in theirs]


def test_a_token_that_may_not_store_definitions_is_told_once_and_runs_them(app: Rowlock, caplog):
    @app.task
    def echo(value: int) -> int:
        return value

    task = echo.enqueue(7)
    app.delete_definition(echo, soft=False)
    with served(app, needs_token=True) as address:
        _, text = token_of(app, "tasks:work")
        assert HttpWorker(app, address, text).run_once() == 1
    assert app.get_task(task).result == 7
    assert app.list_definitions() == []
    told = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    why = "the token lacks the scope definitions:write"
    assert told == [f"its definitions are not stored, and it runs them all the same: {why}"]


async def test_more_workers_than_may_wait_run_their_tasks_too(app: Rowlock, caplog):
    @app.task
    def echo(value: int) -> int:
        return value

    queues = [f"q{number}" for number in range(5)]
    for queue in queues:
        app.register_queue(queue)
    caplog.set_level("INFO", "rowlock.client")
    with served(app, limits=Limits(waits=2)) as address:
        async with AsyncExitStack() as stack:
            workers = [
                HttpWorker(app, address, queues=[queue], worker_id=queue) for queue in queues
            ]
            for worker in workers:
                await stack.enter_async_context(working(worker))
            await until(lambda: caplog.text.count("looking for tasks every 5 s, as ") == 3)
            tasks = [app.enqueue(echo, {"value": 1}, queue=queue) for queue in queues]
            done = await finished(app, *tasks)
            assert all(worker.is_running and worker.is_connected for worker in workers)
    assert [task.worker for task in done] == queues
    assert "the service is full of requests that wait" in caplog.text


async def test_a_queue_that_is_not_there_yet_is_waited_for(app: Rowlock, url: str, caplog):
    @app.task(queue="later")
    def echo(value: int) -> int:
        return value

    async with working(HttpWorker(app, url, queues={"later": 2})):
        await until(lambda: "no queue later yet" in caplog.text)
        [task] = await finished(app, echo.enqueue(7))
        assert task.result == 7


async def test_a_running_task_is_canceled(app: Rowlock, url: str):
    began = threading.Event()

    @app.task
    async def hangs() -> None:
        began.set()
        await asyncio.sleep(60)

    app.register_queue("default", lease="1s")
    task = hangs.enqueue()
    async with working(HttpWorker(app, url)):
        await until(began.is_set)
        app.cancel(task)
        [done] = await finished(app, task)
    assert (done.state.value, done.reason) == ("canceled", "canceled")


async def test_a_lease_is_renewed_while_the_handler_runs(app: Rowlock, url: str):
    @app.task
    async def slow() -> int:
        await asyncio.sleep(2)
        return 1

    app.register_queue("default", lease="600ms")
    task = slow.enqueue()
    async with working(HttpWorker(app, url)):
        await until(lambda: app.get_task(task).state == "running")
        for _ in range(8):
            await asyncio.sleep(0.2)
            rescue = app.core.storage.upkeep.rescue_tasks
            assert app.core.storage.runner.run(rescue, grace=GRACE, limit=10) == []
        [done] = await finished(app, task)
    assert (done.result, done.attempt, done.crashes) == (1, 1, 0)


async def test_a_lost_claim_stops_its_handler_and_records_nothing(app: Rowlock, url: str):
    stopped: list[int] = []
    began: list[int] = []

    @app.task
    async def hangs(ctx: Context) -> str:
        began.append(ctx.task.attempt)
        if ctx.task.attempt > 1:
            return "second"
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            stopped.append(ctx.task.attempt)
            raise
        return "first"

    app.register_queue("default", lease="1s")
    task = hangs.enqueue()
    async with working(HttpWorker(app, url)):
        await until(lambda: began)
        assert lose_leases(app) == 1
        [done] = await finished(app, task)
        await until(lambda: stopped)
    assert (done.result, done.attempt, done.crashes) == ("second", 2, 1)
    assert began == [1, 2]
    assert [one.outcome for one in app.attempts(task)] == ["lost", "succeeded"]


async def test_a_stop_waits_and_then_hands_back(app: Rowlock, url: str):
    began: list[str] = []

    @app.task
    async def naps(seconds: float) -> None:
        began.append("")
        await asyncio.sleep(seconds)

    short, long = naps.enqueue(0.5), naps.enqueue(60)
    worker = HttpWorker(app, url)
    await worker.start()
    await until(lambda: len(began) == 2)
    assert await worker.stop(grace=2) == 1
    assert app.get_task(short).state == "succeeded"
    given_back = app.get_task(long)
    assert (given_back.state, given_back.attempt, given_back.crashes) == ("queued", 0, 0)
    assert [one.outcome for one in app.attempts(long)] == ["handed_back"]


async def test_a_server_that_is_away_for_a_while_loses_no_outcome(app: Rowlock, url: str):
    release = threading.Event()
    began: list[int] = []

    @app.task
    def waits(number: int) -> int:
        began.append(number)
        release.wait(60)
        return number

    app.register_queue("default", lease="20s")
    with served(app) as address:
        port = int(address.rpartition(":")[2])
        tasks = [waits.enqueue(number) for number in range(3)]
        worker = HttpWorker(app, address, queues={"default": 3})
        await worker.start()
        await until(lambda: len(began) == 3)
    release.set()
    await until(lambda: not worker.is_connected)
    assert worker.is_running
    tasks += [waits.enqueue(number) for number in range(3, 6)]
    assert not any(app.get_task(task).state.is_final for task in tasks)
    with served(app, port):
        done = await finished(app, *tasks)
        await worker.stop()
    assert [task.result for task in done] == list(range(6))
    assert {task.crashes for task in done} == {0}


async def test_a_handler_is_stopped_where_the_server_is_away_for_longer_than_its_lease(
    app: Rowlock,
):
    began, stopped = threading.Event(), threading.Event()

    @app.task
    async def hangs() -> None:
        began.set()
        try:
            await asyncio.sleep(60)
        finally:
            stopped.set()

    app.register_queue("default", lease="1s")
    hangs.enqueue()
    with served(app) as address:
        worker = HttpWorker(app, address)
        await worker.start()
        await until(began.is_set)
    await until(stopped.is_set)
    assert await worker.stop(grace=0) == 0


async def test_without_a_server_it_does_not_start(app: Rowlock):
    with served(app) as address:
        pass
    with pytest.raises(StorageUnavailableError):
        await HttpWorker(app, address).start()


def token_of(app: Rowlock, *scopes: str) -> tuple[Any, str]:
    return run_flow(app.core, token_flows.create_token(app.core, "test", scopes))


async def test_a_token_that_is_refused_ends_it_with_that_error(app: Rowlock):
    @app.task
    def echo() -> None:
        """Do nothing."""

    app.register_queue("default")
    with served(app, needs_token=True) as address:
        _, reads = token_of(app, "tasks:read")
        with pytest.raises(UnauthenticatedError):
            await HttpWorker(app, address, "rowlock_wrong").start()
        with pytest.raises(ScopeError, match="tasks:work"):
            await HttpWorker(app, address, reads).start()
        token, text = token_of(app, "tasks:work")
        worker = HttpWorker(app, address, text)
        await worker.start()
        await finished(app, echo.enqueue())
        run_flow(app.core, token_flows.revoke_token(app.core, token.id))
        with pytest.raises(UnauthenticatedError):
            await asyncio.wait_for(worker.wait(), 60)
    assert not worker.is_running


def test_nothing_of_another_namespace_is_run(app: Rowlock):
    seen: list[str] = []

    @app.task
    def tells(ctx: Context) -> None:
        seen.append(ctx.task.namespace)

    ours = tells.enqueue()
    with served(app) as address:
        assert HttpWorker(app, address, namespace="theirs").run_once() == 0
        assert app.get_task(ours).state == "queued"
        assert HttpWorker(app, address).run_once() == 1
    assert seen == ["default"]


def test_what_the_server_refuses_fails_visibly_and_the_rest_is_recorded(app: Rowlock, url: str):
    @app.task(max_attempts=1)
    def long(length: int) -> str:
        return "x" * length

    tasks = [long.enqueue(length) for length in (10, 1024 * 1024 - 10, 400_000, 400_000, 20)]
    assert HttpWorker(app, url, concurrency=5).run_once() == 5
    found = [app.get_task(task) for task in tasks]
    assert [task.state.value for task in found] == [
        "succeeded", "failed", "succeeded", "succeeded", "succeeded",
    ]  # fmt: skip
    assert (found[1].reason, found[1].error and found[1].error.type) == (
        "result_invalid", "BodyTooLargeError",
    )  # fmt: skip


def test_a_transaction_is_refused(app: Rowlock, url: str):
    @app.task(max_attempts=1)
    def writes(ctx: Context) -> None:
        with ctx.transaction():
            pass

    task = writes.enqueue()
    HttpWorker(app, url).run_once()
    error = app.get_task(task).error
    assert error is not None
    assert (error.type, "worker over HTTP" in error.message) == ("InvalidValueError", True)


def test_unknown_definitions_are_left_or_failed(app: Rowlock, url: str):
    @app.task
    def known() -> None:
        """Do nothing."""

    app.create_definition("Stranger")
    task = app.enqueue("stranger", max_attempts=1)
    assert HttpWorker(app, url).run_once() == 0
    assert app.get_task(task).state == "queued"
    assert HttpWorker(app, url, unknown="fail").run_once() == 1
    error = app.get_task(task).error
    assert error is not None
    assert "Stranger" in error.message


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"server": "ftp://x"}, "server"),
        ({"token": "a b"}, "token"),
        ({"queues": ["a b"]}, "queue"),
        ({"unknown": "x"}, "unknown"),
        ({"namespace": "A b"}, "namespace"),
    ],
)
def test_what_makes_no_sense_is_refused_at_once(given: dict[str, Any], field: str):
    values = {"server": "http://127.0.0.1:1", **given}
    with pytest.raises(InvalidValueError) as error:
        HttpWorker(Rowlock("memory://"), **values)
    assert error.value.field == field


async def test_handlers_store_tasks_by_way_of_the_server(app: Rowlock, url: str):
    @app.task(queue="sums", max_attempts=7, tags=["code"])
    def add(a: int, b: int = 1) -> int:
        return a + b

    @app.task(unique=["number"])
    def once(number: int, other: int) -> None:
        """Do nothing."""

    @app.task
    def stores() -> dict[str, Any]:
        task = add.options(delay="1h", priority=3, timeout="9s", retry="none").enqueue(a=1)
        again, created = app.enqueue_if_not_exists("once", {"number": 1, "other": 1})
        other, second = app.enqueue_if_not_exists("once", {"number": 1, "other": 2})
        many = add.enqueue_many({"a": number} for number in range(3))
        return {"id": str(task.id), "same": again.id == other.id, "many": len(many),
                "created": [created, second], "state": task.state.value}  # fmt: skip

    @app.task
    async def stores_async() -> int:
        await add.aenqueue(a=5)
        raw = app.enqueue(None, {"any": "json"}, queue="sums")
        return len(await add.aenqueue_many([{"a": 6}, {"a": 7}])) + len(raw.payload)

    for queue in ("default", "sums"):
        app.register_queue(queue)
    await app.core.aput_definitions()
    told, also = stores.enqueue(), stores_async.enqueue()
    async with working(HttpWorker(app, url)):
        [done, second] = await finished(app, told, also)
    assert done.result == {
        "id": done.result["id"], "same": True, "many": 3, "created": [True, False],
        "state": "scheduled",
    }  # fmt: skip
    assert second.result == 3
    assert app.count(queue="sums").count == 8
    stored = app.get_task(done.result["id"])
    assert (stored.definition, stored.queue, stored.payload) == ("add", "sums", {"a": 1})
    assert (stored.priority, stored.max_attempts, stored.tags) == (3, 7, ("code",))
    assert stored.timeout == timedelta(seconds=9)
    assert stored.retry == RetryPolicy(backoff=Backoff.NONE)


async def test_a_handler_is_told_that_there_is_no_database(app: Rowlock, url: str):
    other = Rowlock("memory://")
    seen: list[Any] = []

    @app.task(max_attempts=1)
    def looks() -> None:
        other.register_queue("q")  # of another app, whose database is its own matter
        seen.append(other.enqueue(None, 1, queue="q").queue)
        app.stats()

    @app.task(max_attempts=1)
    async def joins() -> None:
        app.enqueue("joins", transaction=object())

    app.register_queue("default")
    tasks = [looks.enqueue(), joins.enqueue()]
    async with working(HttpWorker(app, url)):
        found = [task.error for task in await finished(app, *tasks)]
    other.close()
    assert seen == ["q"]
    assert found[0] is not None
    assert found[1] is not None
    assert (found[0].type, "no database" in found[0].message) == ("ConfigError", True)
    assert (found[1].type, "transaction" in found[1].message) == ("InvalidValueError", True)
    assert app.stats()  # the program around it goes on as ever


def test_what_a_handler_stores_needs_the_scope_and_is_told_whole(app: Rowlock):
    @app.task(max_attempts=1)
    def stores(number: int) -> Any:
        return app.enqueue(None, {"number": number}, queue="default").payload

    app.register_queue("default")
    with served(app, needs_token=True) as address:
        works, enqueues = (
            token_of(app, *scopes)[1]
            for scopes in (("tasks:work",), ("tasks:work", "tasks:enqueue"))
        )
        tasks = []
        for token in (works, enqueues):
            tasks.append(stores.enqueue(1))
            assert HttpWorker(app, address, token).run_once() == 1
    refused, stored = (app.get_task(task) for task in tasks)
    assert refused.error is not None
    assert (refused.error.type, "tasks:enqueue" in refused.error.message) == ("ScopeError", True)
    assert stored.result == {"number": 1}


@pytest.mark.parametrize(
    ("given", "raised"),
    [
        (ServerUnavailableError("gone", outcome_unknown=True), StorageUnavailableError),
        (RateLimitError(1), StorageUnavailableError),
        (UnexpectedAnswerError(502, "bad gateway"), StorageUnavailableError),
        (UnexpectedAnswerError(413, "too large"), BodyTooLargeError),
        (UnexpectedAnswerError(200, "a page"), UnexpectedAnswerError),
        (UnauthenticatedError(), UnauthenticatedError),
    ],
)
def test_what_passes_by_itself_is_waited_for(given: Exception, raised: type[Exception]):
    with pytest.raises(raised), waited_for():
        raise given


def test_bodies_are_sent_in_batches_that_a_server_takes():
    bodies = ["x" * length for length in (300_000, 300_000, 10, 900_000, 10, *[1] * 1_500)]
    batches = list(in_batches(bodies))
    assert [len(batch) for batch in batches] == [1, 2, 1, 1_000, 501]
    assert [one for batch in batches for one in batch] == bodies
