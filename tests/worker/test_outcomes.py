"""What becomes of a task when its handler returns or raises."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from rowlock import AsyncRowlock, Cancel, Context, Fail, Snooze, TaskState, Worker
from tests.worker.steps import run_again, waits

RESULTS = [False, True, 0, 0.0, "", "text", [], {}, [1, None], {"a": {"b": []}}, -1.5, 2**63 - 1]


@pytest.fixture
def echo(app):
    """A definition that returns its argument."""

    @app.task
    def echo(value: object) -> object:
        return value

    return echo


@pytest.mark.parametrize("value", RESULTS, ids=repr)
def test_a_return_value_is_the_result(app, echo, value):
    """C13."""
    task = echo.enqueue(value)
    assert Worker(app).run_once() == 1
    found = app.get_task(task)
    assert (found.state, found.result, found.error) == (TaskState.SUCCEEDED, value, None)


def test_no_return_value_is_no_result(app, echo):
    task = echo.enqueue(None)
    Worker(app).run_once()
    assert (app.get_task(task).state, app.get_task(task).result) == (TaskState.SUCCEEDED, None)


def test_a_task_that_succeeded_says_when_and_who(app, echo):
    """C13, C92."""
    task = echo.enqueue(1)
    Worker(app, worker_id="me").run_once()
    found = app.get_task(task)
    assert (found.attempt, found.progress, found.worker) == (1, 100, "me")
    assert found.created_at <= found.started_at <= found.finished_at


def test_an_async_handler_returns_its_result(app):
    @app.task
    async def add(a: int, b: int) -> int:
        await asyncio.sleep(0)
        return a + b

    task = add.enqueue(1, 2)
    Worker(app).run_once()
    assert app.get_task(task).result == 3


def test_a_handler_gets_the_types_that_it_asks_for(app):
    """C2."""
    seen = []

    @dataclass
    class Order:
        number: int
        price: Decimal

    def take(order: Order, at: datetime) -> None:
        seen.append((order, at))

    take.__annotations__ = {"order": Order, "at": datetime, "return": None}
    at = datetime(2030, 1, 1, tzinfo=UTC)
    app.task(take).enqueue(Order(123, Decimal("1.10")), at)
    Worker(app).run_once()
    assert seen == [(Order(123, Decimal("1.10")), at)]


def test_a_result_of_rich_types_is_stored_as_json(app):
    @app.task
    def price() -> dict[str, object]:
        return {"amount": Decimal("1.10"), "at": datetime(2030, 1, 1, tzinfo=UTC)}

    task = price.enqueue()
    Worker(app).run_once()
    assert app.get_task(task).result == {"amount": "1.10", "at": "2030-01-01T00:00:00Z"}


def test_an_exception_is_stored_with_its_traceback(app):
    """C16."""

    @app.task(max_attempts=1)
    def boom() -> None:
        raise ValueError("no such user")

    task = boom.enqueue()
    Worker(app).run_once()
    found = app.get_task(task)
    assert found.state is TaskState.FAILED
    assert (found.error.type, found.error.message) == ("ValueError", "no such user")
    assert 'raise ValueError("no such user")' in found.error.traceback


def test_a_failure_fails_only_its_own_task(app, echo):
    """C16."""

    @app.task(max_attempts=1)
    def boom() -> None:
        raise ValueError

    tasks = [echo.enqueue(1), boom.enqueue(), echo.enqueue(2)]
    assert Worker(app, concurrency=1).run_once() == 3
    states = [app.get_task(task).state.value for task in tasks]
    assert states == ["succeeded", "failed", "succeeded"]


@pytest.mark.parametrize("text", ["a\x00b", "\ud800 lone", "x" * 100_000, "", "naïve 🚣"])
def test_any_exception_message_is_stored(app, text):
    @app.task(max_attempts=1)
    def boom() -> None:
        raise RuntimeError(text)

    task = boom.enqueue()
    assert Worker(app).run_once() == 1
    error = app.get_task(task).error
    printable = text.replace("\x00", "\\x00").replace("\ud800", "\\ud800")
    assert error.message.partition("… (")[0] == printable[:10_000]


class UnspeakableError(Exception):
    def __str__(self) -> str:
        raise ValueError


@pytest.mark.parametrize(
    "error",
    [UnspeakableError(), KeyboardInterrupt(), SystemExit(3), StopIteration(1), GeneratorExit(),
     asyncio.CancelledError(), TimeoutError("theirs"), RecursionError(), BaseException("base")],
    ids=lambda error: type(error).__name__,
)  # fmt: skip
@pytest.mark.parametrize("backend", ["memory"], indirect=True)
@pytest.mark.parametrize("is_async", [True, False], ids=["async", "sync"])
def test_whatever_a_handler_raises_is_its_failure(app, error, is_async):
    def boom() -> None:
        raise error

    async def aboom() -> None:
        raise error

    task = app.task(alias="boom", max_attempts=1)(aboom if is_async else boom).enqueue()
    assert Worker(app).run_once() == 1
    found = app.get_task(task)
    assert (found.state, found.reason) == (TaskState.FAILED, None)
    assert found.error.type in {type(error).__name__, "RuntimeError"}


@pytest.mark.parametrize(
    "value", [object(), float("nan"), float("inf"), "a\x00b", "\ud800", 2**63, {1, object()},
              "x" * (1024 * 1024)],
    ids=["object", "nan", "inf", "nul", "surrogate", "65 bits", "set", "too long"],
)  # fmt: skip
def test_a_result_that_cannot_be_stored_fails_visibly(app, value):
    @app.task(max_attempts=1)
    def give() -> object:
        return value

    task = give.enqueue()
    assert Worker(app).run_once() == 1
    found = app.get_task(task)
    assert (found.state, found.reason, found.result) == (TaskState.FAILED, "result_invalid", None)
    assert found.error.type == "PayloadError"
    assert found.error.message.startswith("result: ")


def test_a_snoozed_task_runs_again_later_and_the_attempt_does_not_count(app):
    seen = []

    @app.task(max_attempts=1)
    def nap(ctx: Context) -> Snooze | None:
        seen.append(ctx.attempt)
        return Snooze("1h") if len(seen) < 4 else None

    task = nap.enqueue()
    Worker(app).run_once()
    waiting = app.get_task(task)
    assert waiting.state in {TaskState.SCHEDULED, TaskState.RETRYING}
    [run] = app.attempts(task)
    assert run.outcome == "snoozed"
    assert waits(waiting, run) == pytest.approx(3_600, abs=1)
    assert [run_again(app) for _ in range(3)] == [1, 1, 1]
    assert app.get_task(task).state is TaskState.SUCCEEDED


def test_a_handler_can_cancel_its_task_with_a_reason(app):
    @app.task
    def stop() -> Cancel:
        return Cancel("not needed\x00 any more")

    task = stop.enqueue()
    Worker(app).run_once()
    found = app.get_task(task)
    assert (found.state, found.reason) == (TaskState.CANCELED, "not needed\\x00 any more")


def test_a_handler_can_fail_for_good(app):
    @app.task(max_attempts=5)
    def refuse() -> Fail:
        return Fail("card declined", retry=False)

    task = refuse.enqueue()
    Worker(app).run_once()
    found = app.get_task(task)
    assert (found.state, found.attempt) == (TaskState.FAILED, 1)
    assert (found.error.type, found.error.message) == ("Fail", "card declined")


def test_a_handler_can_fail_and_be_retried(app):
    @app.task(max_attempts=2, retry="immediate")
    def refuse() -> Fail:
        return Fail("busy")

    task = refuse.enqueue()
    assert Worker(app).run_once() == 2
    assert (app.get_task(task).state, app.get_task(task).attempt) == (TaskState.FAILED, 2)


def test_a_payload_that_no_longer_fits_the_handler_fails_visibly(app):
    """The task may be older than the code."""

    @app.task(max_attempts=1)
    def pay(amount: int) -> None: ...

    task = pay.enqueue(1)
    app.core.registry._by_key.clear()

    @app.task(alias="pay", max_attempts=1)
    def pay_now(amount: int, currency: str) -> None: ...

    Worker(app).run_once()
    found = app.get_task(task)
    assert (found.state, found.error.type) == (TaskState.FAILED, "PayloadError")
    assert "currency" in found.error.message


def test_a_deep_recursion_is_bounded_in_the_record(app):
    @app.task(max_attempts=1)
    def dive() -> None:
        dive.handler()

    task = dive.enqueue()
    assert Worker(app).run_once() == 1
    error = app.get_task(task).error
    assert error.type == "RecursionError"
    assert len(error.traceback) <= 50_000
    assert sys.getrecursionlimit() > 0


async def test_the_worker_takes_the_async_app_too(backend):
    async with AsyncRowlock(backend.url) as app:

        @app.task
        async def add(a: int, b: int) -> int:
            return a + b

        task = await add.aenqueue(1, 2)
        assert await Worker(app).arun_once() == 1
        assert (await app.get_task(task)).result == 3
