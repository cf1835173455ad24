"""Retry policies by exception class, `Retry` as an outcome, and how long a result may be."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from rowlock import Context, Retry, RetryPolicy, Rowlock, TaskState, Worker
from rowlock.errors import InvalidValueError
from tests.app.steps import greeting
from tests.worker.steps import finished, run_again, waits, working

MEMORY = pytest.mark.parametrize("backend", ["memory"], indirect=True)
HOUR = timedelta(hours=1)


def fixed(hours: float) -> RetryPolicy:
    return RetryPolicy(backoff="fixed", base=hours * HOUR, cap=10 * HOUR, jitter=False)  # type: ignore[arg-type]


class BusyError(ConnectionError):
    """More specific."""


RETRY_FOR = {ConnectionError: fixed(2), OSError: fixed(3), ValueError: None, KeyError: "immediate"}
ERRORS = {
    "busy": BusyError,
    "reset": ConnectionResetError,
    "os": PermissionError,
    "value": ValueError,
}


@pytest.fixture
def fail(app):
    """A definition that raises what it is told."""

    @app.task(max_attempts=3, retry=fixed(1), retry_for=RETRY_FOR)
    def fail(kind: str) -> None:
        raise ERRORS.get(kind, RuntimeError)(kind)

    return fail


@pytest.mark.parametrize(("kind", "hours"), [("busy", 2), ("reset", 2), ("os", 3), ("other", 1)])
def test_the_most_specific_class_decides(app, fail, kind, hours):
    task = fail.enqueue(kind)
    Worker(app).run_once()
    [attempt] = app.attempts(task)
    assert round(waits(app.get_task(task), attempt) / 3600, 1) == hours


def test_none_does_not_retry(app, fail):
    task = fail.enqueue("value")
    assert Worker(app).run_once() == 1
    found = app.get_task(task)
    assert (found.state, found.attempt, found.error.type) == (TaskState.FAILED, 1, "ValueError")


@MEMORY
def test_it_goes_over_what_was_said_of_the_task(app, fail):
    task = fail.options(retry=fixed(7)).enqueue("busy")
    Worker(app).run_once()
    assert round(waits(app.get_task(task), app.attempts(task)[0]) / 3600, 1) == 2


@MEMORY
def test_a_timeout_is_a_timeout_error(app):
    @app.task(timeout="20ms", retry_for={TimeoutError: None})
    async def hang() -> None:
        await asyncio.Event().wait()

    task = hang.enqueue()
    assert Worker(app).run_once() == 1
    assert app.get_task(task).reason == "timeout"


@MEMORY
@pytest.mark.parametrize("value", [7, {"ValueError": None}, {int: None}, {ValueError: 7}])
def test_what_is_no_policy_is_refused(app, value):
    with pytest.raises(InvalidValueError):
        app.task(retry_for=value)


@MEMORY
def test_only_a_definition_may_say_it(app):
    with pytest.raises(InvalidValueError, match="retry_for: is not an option"):
        greeting(app).options(retry_for={})  # type: ignore[call-arg]
    with pytest.raises(InvalidValueError, match="retry_for: is not an option"):
        app.enqueue("send_greeting", {}, retry_for={})


def test_a_retry_uses_an_attempt_and_decides_when(app):
    @app.task(max_attempts=2)
    def work(ctx: Context) -> Retry:
        return Retry("2h", reason=f"rate limited {ctx.attempt}")

    task = work.enqueue()
    Worker(app).run_once()
    found, [attempt] = app.get_task(task), app.attempts(task)
    assert (found.state, found.attempt, attempt.outcome) == ("retrying", 1, "failed")
    assert (attempt.error.type, attempt.error.message) == ("Retry", "rate limited 1")
    assert round(waits(found, attempt) / 3600, 1) == 2
    run_again(app)
    found = app.get_task(task)
    assert (found.state, found.error.message) == (TaskState.FAILED, "rate limited 2")


@pytest.mark.parametrize("value", ["soon", -1, object()])
def test_a_retry_must_say_a_duration(value):
    with pytest.raises(InvalidValueError, match="after"):
        Retry(value)


def test_each_attempt_is_on_record(app):
    @app.task(max_attempts=2, retry="immediate")
    def work(ctx: Context) -> str:
        ctx.log.info("run %d", ctx.attempt)
        if ctx.attempt == 1:
            raise OSError("first")
        return "done"

    task = work.enqueue()
    Worker(app, worker_id="me").run_once()
    first, second = app.attempts(task)
    assert [one.outcome for one in (first, second)] == ["failed", "succeeded"]
    assert first.started_at <= first.finished_at <= second.started_at <= second.finished_at
    assert (first.worker, second.worker) == ("me", "me")
    assert (first.error.message, second.error) == ("first", None)
    assert "raise OSError" in first.error.traceback
    assert [(line.attempt, line.message) for line in app.task_log(task)] == [
        (1, "run 1"),
        (2, "run 2"),
    ]


def test_a_result_over_the_limit_fails_visibly(backend):
    with Rowlock(backend.url, max_result_bytes=100) as app:

        @app.task(max_attempts=1)
        def make(size: int) -> str:
            return "x" * size

        tasks = make.enqueue(98), make.enqueue(99)
        Worker(app).run_once()
        fits, too_long = map(app.get_task, tasks)
        assert (fits.state, len(fits.result)) == (TaskState.SUCCEEDED, 98)
        assert (too_long.state, too_long.reason) == (TaskState.FAILED, "result_invalid")
        assert too_long.error is not None
        assert too_long.error.message == "result: is 101 bytes of JSON; 100 is the limit"


@pytest.mark.parametrize("value", [0, -1, True, "1kB", 2**20 + 1])
def test_a_limit_that_is_none_is_refused(value):
    with pytest.raises(InvalidValueError, match="max_result_bytes"):
        Rowlock("memory://", max_result_bytes=value)


async def test_a_worker_goes_on_after_what_raises_and_what_hangs(app):
    """C132."""

    @app.task(max_attempts=1)
    def explode() -> None:
        raise BaseException("boom")  # noqa: TRY002 - as bad as it gets

    @app.task(max_attempts=1, timeout="20ms")
    async def hang() -> None:
        await asyncio.Event().wait()

    hello = greeting(app)
    async with working(app, concurrency=1):
        tasks = [explode.enqueue(), hang.enqueue(), hello.enqueue("Tom")]
        exploded, hung, greeted = await finished(app, *tasks)
    assert exploded.error is not None
    assert hung.error is not None
    assert (exploded.state, exploded.error.message) == (TaskState.FAILED, "boom")
    assert (hung.state, hung.error.message) == (TaskState.FAILED, "ran longer than 0.02 s")
    assert greeted.result == "hello Tom"


def test_what_was_reported_last_gives_way_to_the_end(app):
    """C92."""

    @app.task
    def work(ctx: Context) -> None:
        ctx.progress(45)

    task = work.enqueue()
    Worker(app).run_once()
    found = app.get_task(task)
    assert (found.progress, found.state) == (100, TaskState.SUCCEEDED)
    assert found.finished_at >= found.started_at
