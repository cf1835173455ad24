"""What handlers log is kept with their tasks."""

from __future__ import annotations

import asyncio
import logging
import threading

import pytest

from rowlock import Context, Rowlock, Worker
from rowlock.errors import InvalidValueError
from tests.worker.steps import finished, until, working

MEMORY = pytest.mark.parametrize("backend", ["memory"], indirect=True)

library = logging.getLogger("library")
library.setLevel(logging.DEBUG)


def helper(text: str) -> None:
    """A function of somebody else's, which knows nothing of tasks."""
    library.info("helping %s", text)


def logged(app, task) -> list[tuple[str, str]]:
    return [(line.level, line.message) for line in app.task_log(task)]


def test_the_three_kinds_of_lines_are_kept_in_order(app):
    """C40."""

    @app.task
    def work(ctx: Context) -> None:
        ctx.log.info("one")
        ctx.log.error("two %d", 2)
        ctx.log.success("three")
        ctx.log.info("four")

    task = work.enqueue()
    Worker(app).run_once()
    lines = app.task_log(task)
    assert logged(app, task) == [
        ("INFO", "one"),
        ("ERROR", "two 2"),
        ("SUCCESS", "three"),
        ("INFO", "four"),
    ]
    assert sorted(line.at for line in lines) == [line.at for line in lines]
    last = {line.level: line.message for line in lines}
    assert last == {"INFO": "four", "ERROR": "two 2", "SUCCESS": "three"}


def test_a_line_knows_its_attempt(app):
    @app.task(max_attempts=2, retry="immediate")
    def work(ctx: Context) -> None:
        ctx.log.info("run %d", ctx.attempt)
        raise OSError

    task = work.enqueue()
    Worker(app).run_once()
    assert [(line.message, line.attempt) for line in app.task_log(task)] == [
        ("run 1", 1),
        ("run 2", 2),
    ]


async def test_a_line_of_a_running_attempt_knows_it_too(app):
    release = threading.Event()

    @app.task
    def work(ctx: Context) -> None:
        ctx.log.info("begun")
        release.wait(30)

    task = work.enqueue()
    async with working(app):
        [line] = await until(lambda: app.task_log(task))
        release.set()
        await finished(app, task)
    assert (line.message, line.attempt) == ("begun", 1)


@pytest.mark.parametrize("is_async", [True, False])
def test_everything_is_captured_where_it_is_asked_for(app, is_async):
    def work(ctx: Context, name: str) -> None:
        ctx.log.info("own")
        helper(name)
        try:
            int("shown")
        except ValueError:
            library.exception("caught")

    async def awork(ctx: Context, name: str) -> None:
        work(ctx, name)

    handler = awork if is_async else work
    told = app.task(alias="told", capture_logs=True)(handler).enqueue("Tom")
    not_told = app.task(alias="not_told")(handler).enqueue("Ada")
    Worker(app).run_once()
    assert logged(app, not_told) == [("INFO", "own")]
    own, helped, (level, caught) = logged(app, told)
    assert (own, helped) == (("INFO", "own"), ("INFO", "library: helping Tom"))
    assert (level, caught.splitlines()[0]) == ("ERROR", "library: caught")
    assert caught.endswith("'shown'")


@MEMORY
def test_each_task_has_its_own_lines(app):
    @app.task(capture_logs=True)
    async def work(name: str) -> None:
        for _ in range(3):
            helper(name)
            await asyncio.sleep(0)
        await asyncio.gather(asyncio.to_thread(helper, name), asyncio.create_task(later(name)))

    async def later(name: str) -> None:
        helper(name)

    tasks = {name: work.enqueue(name) for name in ("Ada", "Bob", "Cyd")}
    Worker(app).run_once()
    for name, task in tasks.items():
        assert logged(app, task) == [("INFO", f"library: helping {name}")] * 5


@MEMORY
@pytest.mark.parametrize(("level", "kept"), [("warning", 1), (logging.INFO, 2), (False, 0)])
def test_a_level_may_be_said(app, level, kept):
    @app.task(capture_logs=level)
    def work() -> None:
        library.debug("debug")
        library.info("info")
        library.warning("warning")

    task = work.enqueue()
    Worker(app).run_once()
    assert len(logged(app, task)) == kept


@MEMORY
def test_an_app_may_say_it_for_all_its_tasks(backend):
    with Rowlock(backend.url, capture_logs="INFO") as app:

        @app.task
        def work() -> None:
            helper("Tom")

        @app.task(capture_logs=False)
        def silent() -> None:
            helper("Tom")

        task, other = work.enqueue(), silent.enqueue()
        Worker(app).run_once()
        assert (len(logged(app, task)), logged(app, other)) == (1, [])


@MEMORY
def test_captured_lines_are_bounded(app):
    @app.task(capture_logs=True)
    def work() -> None:
        for _ in range(200):
            library.info("x" * 10_000)

    task = work.enqueue()
    Worker(app).run_once()
    texts = [text for _, text in logged(app, task)]
    assert any(text.endswith("more log lines were dropped") for text in texts)
    assert texts[0].endswith("more characters)")


@MEMORY
async def test_the_root_logger_is_left_as_it_was(app):
    app.task(capture_logs=True, alias="work")(lambda: None)
    before = list(logging.getLogger().handlers)
    async with working(app):
        assert len(logging.getLogger().handlers) == len(before) + 1
    assert logging.getLogger().handlers == before


@MEMORY
def test_warnings_still_go_to_stderr_where_logging_is_not_set_up(app, capsys, monkeypatch):
    @app.task(capture_logs=True)
    def work() -> None:
        library.warning("on stderr too")
        library.info("not on stderr")

    task = work.enqueue()
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    Worker(app).run_once()
    assert "on stderr too\n" in capsys.readouterr().err
    assert [level for level, _ in logged(app, task)] == ["WARNING", "INFO"]


@MEMORY
@pytest.mark.parametrize("value", ["loud", -1, 1.5, []])
def test_a_level_that_is_none_is_refused(app, value):
    with pytest.raises(InvalidValueError, match="capture_logs: must be a bool or a log level"):
        app.task(capture_logs=value)
    with pytest.raises(InvalidValueError, match="capture_logs"):
        Rowlock("memory://", capture_logs=value)


@MEMORY
def test_only_a_definition_may_say_it(app):
    @app.task
    def work() -> None: ...

    with pytest.raises(InvalidValueError, match="capture_logs: is not an option"):
        work.options(capture_logs=True)
