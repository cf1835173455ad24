"""What an app puts around its handlers."""

from __future__ import annotations

import asyncio
import threading
from contextlib import contextmanager

import pytest

from rowlock import Cancel, Context, RetryPolicy, TaskState, Worker
from rowlock.errors import InvalidValueError
from tests.worker.steps import finished, working

MEMORY = pytest.mark.parametrize("backend", ["memory"], indirect=True)


@pytest.fixture
def seen():
    return []


def add_layers(app, seen):
    """One layer of each kind, async and not."""

    @app.before
    def first(ctx: Context) -> None:
        seen.append("before 1")

    @app.around
    async def second(ctx: Context):
        seen.append("around 2 in")
        yield
        seen.append("around 2 out")

    @app.after
    async def third(ctx: Context, result, error) -> None:
        seen.append(f"after 3: {result} {type(error).__name__}")

    @app.around
    def fourth(ctx: Context):
        seen.append("around 4 in")
        try:
            yield
        finally:
            seen.append("around 4 out")

    @app.before
    async def fifth(ctx: Context) -> None:
        seen.append("before 5")

    @app.after
    def sixth(ctx: Context, result, error) -> None:
        seen.append(f"after 6: {result} {type(error).__name__}")


INWARDS = ["before 1", "around 2 in", "around 4 in", "before 5"]


@MEMORY
@pytest.mark.parametrize("is_async", [True, False])
def test_the_first_layer_is_the_outermost(app, seen, is_async):
    add_layers(app, seen)

    def work() -> int:
        seen.append("handler")
        return 7

    async def awork() -> int:
        return work()

    task = app.task(alias="work")(awork if is_async else work).enqueue()
    Worker(app).run_once()
    out = ["after 6: 7 NoneType", "around 4 out", "after 3: 7 NoneType", "around 2 out"]
    assert seen == [*INWARDS, "handler", *out]
    assert app.get_task(task).result == 7


@MEMORY
@pytest.mark.parametrize("is_async", [True, False])
def test_layers_see_what_the_handler_raises(app, seen, is_async):
    add_layers(app, seen)

    def work() -> None:
        raise KeyError("mine")

    async def awork() -> None:
        work()

    task = app.task(alias="work", max_attempts=1)(awork if is_async else work).enqueue()
    Worker(app).run_once()
    out = ["after 6: None KeyError", "around 4 out", "after 3: None KeyError"]
    assert seen == [*INWARDS, *out]
    assert app.get_task(task).error.type == "KeyError"


@MEMORY
def test_what_is_not_async_runs_on_the_handlers_thread(app, seen):
    @app.around
    def around(ctx: Context):
        seen.append(threading.current_thread())
        yield

    @app.around
    async def on_the_loop(ctx: Context):
        seen.append(asyncio.get_running_loop())
        yield

    @app.task
    def work() -> None:
        seen.append(threading.current_thread())

    work.enqueue()
    Worker(app).run_once()
    assert seen[0] is seen[2]
    assert isinstance(seen[1], asyncio.AbstractEventLoop)


def raising_layers(app, when):
    def early(ctx: Context) -> None:
        raise ValueError("broken")

    def around(ctx: Context):
        yield
        raise ValueError("broken")

    def late(ctx: Context, result: object, error: object) -> None:
        raise ValueError("broken")

    getattr(app, when)({"before": early, "around": around, "after": late}[when])


@pytest.mark.parametrize(
    ("when", "name"), [("before", "early"), ("around", "around"), ("after", "late")]
)
def test_a_layer_that_raises_fails_the_attempt_and_is_named(app, when, name):
    raising_layers(app, when)

    @app.task(max_attempts=2, retry="immediate")
    async def work() -> int:
        return 1

    task = work.enqueue()
    assert Worker(app).run_once() == 2
    found = app.get_task(task)
    assert (found.state, found.attempt, found.result) == (TaskState.FAILED, 2, None)
    assert found.error.type == "MiddlewareError"
    assert found.error.message == f"middleware {name}: ValueError: broken"
    assert "broken" in found.error.traceback


@MEMORY
def test_what_a_handler_raises_counts_more_than_what_comes_after_it(app, caplog):
    raising_layers(app, "after")

    @app.task(max_attempts=1)
    async def work() -> None:
        raise KeyError("mine")

    task = work.enqueue()
    Worker(app).run_once()
    assert app.get_task(task).error.type == "KeyError"
    assert "middleware late: ValueError: broken" in caplog.text


@MEMORY
def test_before_may_end_the_attempt_without_the_handler(app, seen):
    @app.before
    def closed(ctx: Context) -> Cancel | None:
        return Cancel("closed") if ctx.task.queue == "default" else None

    @app.task
    async def work() -> None:
        seen.append("run")

    task, other = work.enqueue(), work.options(queue="other").enqueue()
    Worker(app, ["default", "other"]).run_once()
    found = app.get_task(task)
    assert (found.state, found.reason, seen) == (TaskState.CANCELED, "closed", ["run"])
    assert app.get_task(other).state is TaskState.SUCCEEDED


@MEMORY
def test_before_may_return_nothing_but_an_outcome(app):
    @app.before
    def odd(ctx: Context) -> int:
        return 1

    @app.task(max_attempts=1)
    async def work() -> None: ...

    task = work.enqueue()
    Worker(app).run_once()
    assert app.get_task(task).error.message.startswith("middleware odd: returned a int")


@MEMORY
def test_a_context_manager_may_swallow_or_replace_an_error(app):
    @app.around
    @contextmanager
    def tolerant(ctx: Context):
        try:
            yield
        except KeyError:
            return

    @app.task(max_attempts=1)
    async def forgiven() -> None:
        raise KeyError

    @app.task(max_attempts=1)
    def not_forgiven() -> None:
        raise OSError

    tasks = forgiven.enqueue(), not_forgiven.enqueue()
    Worker(app).run_once()
    assert [app.get_task(task).state for task in tasks] == ["succeeded", "failed"]


@MEMORY
def test_an_error_of_a_layer_is_retried_as_what_it_is(app):
    raising_layers(app, "before")

    @app.task(max_attempts=3, retry_for={ValueError: None})
    async def work() -> None: ...

    task = work.enqueue()
    assert Worker(app).run_once() == 1
    assert app.get_task(task).state is TaskState.FAILED


@MEMORY
async def test_a_timeout_passes_through_the_layers(app, seen):
    @app.around
    async def around(ctx: Context):
        try:
            yield
        finally:
            seen.append("cleaned up")

    @app.task(max_attempts=1, timeout="50ms")
    async def hang() -> None:
        await asyncio.Event().wait()

    async with working(app):
        [found] = await finished(app, hang.enqueue())
    assert found.error is not None
    assert (found.reason, found.error.type, seen) == ("timeout", "Timeout", ["cleaned up"])


@MEMORY
def test_a_direct_call_has_no_middleware(app, seen):
    add_layers(app, seen)

    @app.task
    def work() -> int:
        return 1

    assert (work(), seen) == (1, [])


def takes_nothing() -> None: ...


def yields(ctx: Context):
    yield


@pytest.mark.parametrize(
    ("when", "function"),
    [("before", takes_nothing), ("before", yields), ("around", 7), ("after", yields)],
)
@MEMORY
def test_what_cannot_be_a_layer_is_refused(app, when, function):
    with pytest.raises(InvalidValueError) as caught:
        getattr(app, when)(function)
    assert caught.value.field == when


@MEMORY
def test_an_app_without_middleware_pays_nothing_for_it(app):
    """The handler itself is called, with nothing around it."""

    @app.task(retry=RetryPolicy())
    def work() -> bool:
        import sys

        callers = sys._getframe(1), sys._getframe(2)
        return all(frame.f_code.co_name != "through_layers" for frame in callers)

    task = work.enqueue()
    Worker(app).run_once()
    assert app.get_task(task).result is True
