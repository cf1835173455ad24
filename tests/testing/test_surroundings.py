"""What an app puts around handlers is there in tests too."""

from __future__ import annotations

import logging
from collections.abc import Iterator

from rowlock import Context, TaskState, depends
from rowlock.testing import run_task


def test_middleware_and_providers_are_around_the_handler(app):
    seen = []

    def get_word() -> Iterator[str]:
        seen.append("made")
        yield "word"
        seen.append("cleaned up")

    @app.before
    def note(ctx: Context) -> None:
        seen.append(str(ctx.task.definition))

    @app.task
    def say(name: str, word: str = depends(get_word)) -> str:
        return f"{word} {name}"

    assert run_task(app, say, {"name": "Ada"}).result == "word Ada"
    assert seen == ["say", "made", "cleaned up"]
    with app.override(get_word, lambda: "fake"):
        assert run_task(app, say, {"name": "Ada"}).result == "fake Ada"


def test_what_a_handler_logs_is_kept_where_that_is_asked_for(app):
    @app.task(capture_logs="info")
    def talk() -> None:
        logging.getLogger("helper").warning("from afar")

    handlers = list(logging.getLogger().handlers)
    run = run_task(app, talk)
    assert logging.getLogger().handlers == handlers
    assert [line.message for line in app.task_log(run.task)] == ["helper: from afar"]


def test_a_handler_may_settle_in_its_own_transaction(app):
    @app.task
    def settle(ctx: Context) -> None:
        with ctx.transaction() as block:
            block.result = "settled"

    run = run_task(app, settle)
    assert (run.outcome, run.result) == ("succeeded", "settled")
    assert run.task.state is TaskState.SUCCEEDED
