"""The options that say what a task is to be like, for `edit` and `requeue`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import Any

import click

from rowlock.cli.arguments import moment_from, task_arguments
from rowlock.cli.changing import Chosen
from rowlock.cli.options import number

_OPTIONS = (
    click.option("--priority", type=number, metavar="N", help="Higher runs first; 0 is usual."),
    click.option("--delay", metavar="DURATION", help="Not before: 30s, 1h30m, 7d; 0 is now."),
    click.option("--run-at", metavar="TIME", help="Not before: 2026-12-31T23:59:00Z."),
    click.option("--max-attempts", type=number, metavar="N", help="Runs in all."),
    click.option(
        "--set-tag",
        "set_tags",
        multiple=True,
        metavar="TEXT",
        help="Instead of its tags; again for more.",
    ),
)


def edit_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command what a task is to be like: `changes`, and `arguments` to set or None.

    The arguments stand among the tasks, as `key=text` or `key:=json`, which no id looks like.
    """

    @wraps(command)
    def run(*, chosen: Chosen, **given: Any) -> None:
        pairs = tuple(word for word in chosen.tasks if "=" in word)
        ids = tuple(word for word in chosen.tasks if "=" not in word)
        names = ("priority", "delay", "run_at", "max_attempts")
        values = {name: given.pop(name) for name in names}
        values["run_at"] = moment_from("run_at", values["run_at"])
        values["tags"] = list(given.pop("set_tags")) or None
        changes = {name: value for name, value in values.items() if value is not None}
        command(
            chosen=replace(chosen, tasks=ids),
            changes=changes,
            arguments=task_arguments(None, pairs) or None,
            **given,
        )

    decorated: Callable[..., None] = run
    for option in reversed(_OPTIONS):
        decorated = option(decorated)
    return decorated
