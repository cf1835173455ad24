"""A handler's context: cancellation, progress and the log."""

from __future__ import annotations

import gc
import json
import logging
import math
import sys
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from rowlock.definitions.context import Context, TaskCanceledError, TaskInfo, context
from rowlock.definitions.reports import MAX_LINE_LENGTH, MAX_LINES, MAX_LOG_BYTES
from rowlock.errors import InvalidValueError

NOW = datetime(2026, 1, 1, tzinfo=UTC)
INFO = TaskInfo(
    id=UUID(int=1),
    queue="emails",
    definition="send",
    namespace="default",
    attempt=2,
    max_attempts=4,
    tags=("a",),
    created_at=NOW,
    run_at=NOW,
    worker="w1",
)


@pytest.fixture
def ctx() -> Context:
    return Context(INFO, deadline=NOW + timedelta(seconds=30))


def logged(ctx: Context) -> list[list[str]]:
    """Return level and text of the lines taken."""
    report = ctx.take_report()
    assert report is not None
    assert report.log is not None
    return [line[1:] for line in json.loads(report.log)]


class Unprintable:
    def __str__(self) -> str:
        raise RuntimeError("no text")


def test_it_shows_the_task_and_the_attempt(ctx: Context):
    assert (ctx.task, ctx.attempt, ctx.deadline) == (INFO, 2, NOW + timedelta(seconds=30))


def test_it_is_canceled_once_it_is_asked_to(ctx: Context):
    before = ctx.canceled
    ctx.request_cancel()

    assert (before, ctx.canceled) == (False, True)


def test_it_is_canceled_when_all_that_share_the_event_are():
    stopping = threading.Event()
    ctx = Context(INFO, stopping=stopping)
    before = ctx.canceled
    stopping.set()

    assert (before, ctx.canceled) == (False, True)


def test_canceling_is_seen_from_another_thread(ctx: Context):
    def wait_for_it() -> bool:
        while not ctx.canceled:
            pass
        return True

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(wait_for_it)
        ctx.request_cancel()

        assert waiting.result(timeout=10)


def test_it_raises_only_if_canceled(ctx: Context):
    ctx.raise_if_canceled()
    ctx.request_cancel()

    with pytest.raises(TaskCanceledError, match="asked to stop") as caught:
        ctx.raise_if_canceled()
    assert caught.value.task_id == INFO.id


def test_progress_is_recorded_at_once(ctx: Context):
    ctx.progress(50, "half")

    assert (ctx.percent, ctx.message) == (50.0, "half")
    assert ctx.take_report() == (50.0, "half", None)


async def test_progress_can_be_awaited(ctx: Context):
    await ctx.progress(50)

    assert ctx.percent == 50.0


def test_progress_that_is_not_awaited_warns_nobody(ctx: Context):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ctx.progress(50)
        gc.collect()

    assert ctx.percent == 50.0


def test_progress_without_a_message_leaves_the_last_one(ctx: Context):
    ctx.progress(10, "loading")
    ctx.progress(20)

    assert ctx.take_report() == (20.0, "loading", None)


def test_nothing_is_taken_when_nothing_changed(ctx: Context):
    ctx.progress(10)
    first = ctx.take_report()
    ctx.progress(10)

    assert first == (10.0, None, None)
    assert ctx.take_report() is None


def test_a_log_line_alone_leaves_the_progress_unsaid(ctx: Context):
    ctx.progress(10, "loading")
    ctx.take_report()
    ctx.log.info("more")
    report = ctx.take_report()

    assert report is not None
    assert report[:2] == (None, None)


@pytest.mark.parametrize(
    ("given", "kept"), [(-1, 0.0), (100.5, 100.0), (math.inf, 100.0), (10**400, 100.0)]
)
def test_progress_outside_its_bounds_is_clamped_with_a_warning(
    ctx: Context, given: float, kept: float
):
    ctx.progress(given)

    assert ctx.percent == kept
    assert logged(ctx) == [["WARNING", f"progress {given} is not within 0 to 100"]]


@pytest.mark.parametrize("given", [math.nan, "50", None, True])
def test_progress_that_is_no_number_is_refused(ctx: Context, given: Any):
    with pytest.raises(InvalidValueError) as caught:
        ctx.progress(given)
    assert caught.value.field == "percent"


def test_a_message_that_is_no_text_is_refused(ctx: Context):
    with pytest.raises(InvalidValueError, match="message: must be text"):
        ctx.progress(1, 2)  # type: ignore[arg-type] # what is refused


def test_a_message_is_made_storable(ctx: Context):
    ctx.progress(1, "a\x00b\ud800" + "x" * 1_000)

    assert ctx.message is not None
    assert ctx.message.startswith("a\\x00b\\ud800xxx")
    assert ctx.message.endswith("more characters)")


def test_lines_are_kept_with_time_level_and_text(ctx: Context):
    before = datetime.now(UTC)
    ctx.log.info("sent to %s", "tom")
    report = ctx.take_report()

    assert report is not None
    [[at, level, text]] = json.loads(report.log or "")
    assert (level, text) == ("INFO", "sent to tom")
    assert before <= datetime.fromisoformat(at) <= datetime.now(UTC)
    assert at.endswith("+00:00")


def test_every_level_from_info_up_is_kept_whatever_the_logger_shows(ctx: Context):
    logging.getLogger("rowlock.task.send").setLevel(logging.CRITICAL)
    ctx.log.debug("0")
    ctx.log.info("1")
    ctx.log.success("2")
    ctx.log.warning("3")
    ctx.log.error("4")
    ctx.log.critical("5")
    logging.getLogger("rowlock.task.send").setLevel(logging.NOTSET)

    assert logged(ctx) == [
        ["INFO", "1"],
        ["SUCCESS", "2"],
        ["WARNING", "3"],
        ["ERROR", "4"],
        ["CRITICAL", "5"],
    ]


def test_debug_is_kept_if_the_logger_shows_it(ctx: Context, caplog: pytest.LogCaptureFixture):
    with caplog.at_level(logging.DEBUG, "rowlock.task"):
        ctx.log.debug("detail")

    assert logged(ctx) == [["DEBUG", "detail"]]


def test_lines_reach_the_standard_library_with_the_task(
    ctx: Context, caplog: pytest.LogCaptureFixture
):
    with caplog.at_level(logging.INFO):
        ctx.log.success("done %(n)s", {"n": 3}, extra={"more": 1})

    [record] = caplog.records
    assert (record.name, record.levelname, record.message) == (
        "rowlock.task.send",
        "SUCCESS",
        "done 3",
    )
    assert vars(record) | {"more": 1, "task_id": str(INFO.id), "queue": "emails"} == vars(record)
    assert vars(record)["attempt"] == 2
    assert logged(ctx) == [["SUCCESS", "done 3"]]


@pytest.mark.parametrize("method", ["info", "success", "error", "warning"])
def test_a_record_names_the_line_that_logged(
    ctx: Context, caplog: pytest.LogCaptureFixture, method: str
):
    with caplog.at_level(logging.INFO):
        getattr(ctx.log, method)("here")

    assert caplog.records[0].funcName == "test_a_record_names_the_line_that_logged"


def test_clamped_progress_is_logged_at_the_handlers_line(
    ctx: Context, caplog: pytest.LogCaptureFixture
):
    ctx.progress(101)

    assert caplog.records[0].funcName == "test_clamped_progress_is_logged_at_the_handlers_line"


def failing() -> None:
    raise ValueError("broken")


def test_an_exception_is_kept_with_its_traceback(ctx: Context):
    try:
        failing()
    except ValueError:
        ctx.log.exception("could not")

    [[level, text]] = logged(ctx)
    assert level == "ERROR"
    assert text.startswith("could not\nTraceback")
    assert text.endswith("ValueError: broken")


@pytest.mark.parametrize("as_tuple", [True, False])
def test_an_exception_may_be_handed_over(ctx: Context, as_tuple: bool):
    try:
        failing()
    except ValueError as error:
        given: Any = sys.exc_info() if as_tuple else error
        ctx.log.warning("odd", exc_info=given)

    assert logged(ctx)[0][1].endswith("ValueError: broken")


@pytest.mark.parametrize(
    ("msg", "args", "text"),
    [
        ("%d apples", ("x",), "%d apples (cannot be formatted: TypeError)"),
        ("%s", (Unprintable(),), "%s (cannot be formatted: RuntimeError)"),
        (Unprintable(), (), "Unprintable (cannot be formatted: RuntimeError)"),
    ],
)
def test_a_line_that_cannot_be_formatted_does_not_fail_the_task(
    ctx: Context, monkeypatch: pytest.MonkeyPatch, msg: object, args: Any, text: str
):
    # The standard library reports such a line on its own; here only ours is looked at.
    monkeypatch.setattr(logging.getLogger("rowlock.task.send"), "disabled", True)
    ctx.log.info(msg, *args)

    assert logged(ctx) == [["INFO", text]]


def test_a_line_is_made_storable(ctx: Context):
    ctx.log.info("a\x00b\ud800")

    assert logged(ctx) == [["INFO", "a\\x00b\\ud800"]]


def test_a_long_line_is_shortened(ctx: Context):
    ctx.log.info("x" * (MAX_LINE_LENGTH + 7))

    assert logged(ctx) == [["INFO", "x" * MAX_LINE_LENGTH + "… (7 more characters)"]]


def test_lines_beyond_the_bound_are_counted(ctx: Context):
    for number in range(MAX_LINES + 10):
        ctx.log.info("%s", number)
    lines = logged(ctx)

    assert len(lines) == MAX_LINES
    assert lines[-2] == ["INFO", f"{MAX_LINES - 2}"]
    assert lines[-1] == ["WARNING", "11 more log lines were dropped"]


def test_bytes_beyond_the_bound_are_counted(ctx: Context):
    for _ in range(20):
        ctx.log.info("\x01" * MAX_LINE_LENGTH)
    report = ctx.take_report()

    assert report is not None
    assert report.log is not None
    assert len(report.log.encode()) <= MAX_LOG_BYTES
    assert "more log lines were dropped" in report.log


def test_there_is_room_again_after_a_take(ctx: Context):
    for _ in range(MAX_LINES + 1):
        ctx.log.info("x")
    ctx.take_report()
    ctx.log.info("y")

    assert logged(ctx) == [["INFO", "y"]]


def test_no_line_is_lost_or_doubled_between_threads(ctx: Context):
    taken: list[list[str]] = []

    def log_some(thread: int) -> None:
        for number in range(100):
            ctx.log.info("%s", thread * 100 + number)

    with ThreadPoolExecutor(4) as pool:
        running = [pool.submit(log_some, thread) for thread in range(4)]
        while not all(one.done() for one in running):
            taken += lines_so_far(ctx)
    taken += lines_so_far(ctx)

    assert sorted(int(text) for _, _, text in taken) == list(range(400))


def lines_so_far(ctx: Context) -> list[list[str]]:
    report = ctx.take_report()
    found: list[list[str]] = json.loads(report.log or "[]") if report else []
    return found


def test_a_detached_context_logs_to_the_standard_library_only(caplog: pytest.LogCaptureFixture):
    ctx = Context.detached("send")
    with caplog.at_level(logging.INFO):
        ctx.log.info("hello")

    assert [record.name for record in caplog.records] == ["rowlock.task.send"]
    assert ctx.take_report() is None


def test_a_detached_context_keeps_its_progress_in_memory():
    ctx = Context.detached()
    ctx.progress(50, "half")

    assert (ctx.percent, ctx.message) == (50.0, "half")


def test_a_detached_context_is_of_a_first_and_only_attempt():
    ctx = Context.detached("send")

    assert (ctx.task.definition, ctx.attempt, ctx.task.max_attempts) == ("send", 1, 1)
    assert not ctx.canceled
    assert ctx.deadline is None


def test_the_marker_works_as_a_detached_context():
    def handler(ctx: Context = context()) -> float:  # noqa: B008 - a marker
        ctx.progress(50)
        return ctx.percent

    assert handler() == 50.0
