"""What people wrote into tasks and definitions does not steer the terminal of who looks at them."""

from __future__ import annotations

from contextlib import closing

import pytest

from rowlock import Context, Rowlock, Worker
from tests.cli.commands import cli, cli_json

EVIL = "\x1b]0;owned\x07\x1b[2J\r[bold]<script>alert(1)</script>\x9b31m"
MARKUP = "[bold]<script>alert(1)</script>"
SIGNS = ("\x1b", "\x07", "\r", "\x9b")


@pytest.fixture
def hostile(url: str) -> str:
    """A database with such text wherever somebody can put some."""
    with closing(Rowlock(url)) as app:

        @app.task(alias=MARKUP, title=EVIL, description=EVIL, max_attempts=1)
        def bad(ctx: Context, text: str) -> None:
            ctx.log.error(EVIL)
            ctx.progress(5, EVIL)
            raise ValueError(text)

        bad.options(tags=[MARKUP], unique=MARKUP).enqueue(EVIL)
        Worker(app).run_once()
        waiting = bad.options(tags=[MARKUP], unique=MARKUP).enqueue(EVIL)
        app.pause(waiting, actor=EVIL, reason=EVIL)
        app.pause_queue("default", actor=EVIL, reason=EVIL)
        app.bulk("delete", states=("paused",), tags=[MARKUP], actor=EVIL, reason=EVIL)
        app.restore(waiting)
        app.retry(waiting)
        app.pause(waiting, reason=EVIL)
    return url


@pytest.mark.parametrize(
    "command",
    ["tasks", "task", "definitions", "definition", "queues", "stats", "audit", "operations",
     "count", "stuck", "doctor"],
)  # fmt: skip
def test_it_is_shown_harmless(hostile, command):
    """C90."""
    ids = [task["id"] for task in cli_json("tasks", url=hostile)]
    assert len(ids) == 2
    [alias] = [one["alias"] for one in cli_json("definitions", url=hostile)]
    more = {"task": [[one] for one in ids], "definition": [["show", alias]]}.get(command, [[]])
    for args in more:
        shown = cli(command, *args, url=hostile)
        for sign in SIGNS:
            assert sign not in shown.stdout + shown.stderr, command


def test_errors_that_quote_it_are_harmless_too(hostile):
    """C90."""
    for words in (
        "task",
        "tasks --state",
        "tasks --queue",
        "definition show",
        "enqueue",
        "pause",
        "",
    ):
        args = [*words.split(), EVIL]
        refused = cli(*args, url=hostile)
        assert refused.exit_code not in {0, 1}, args
        for sign in SIGNS:
            assert sign not in refused.stdout + refused.stderr, args
