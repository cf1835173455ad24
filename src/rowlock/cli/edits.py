"""The options that say what a task is to be like, for `edit` and `requeue`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any
from uuid import UUID

import click

from rowlock.app import flows
from rowlock.app.flow import Flow
from rowlock.app.intake import Intake
from rowlock.cli.arguments import moment_from, task_arguments
from rowlock.cli.options import number
from rowlock.errors import InvalidValueError

_OPTIONS = (
    click.option("--priority", type=number, metavar="N", help="Higher runs first; 0 is usual."),
    click.option("--delay", metavar="DURATION", help="Not before: 30s, 1h30m, 7d; 0 is now."),
    click.option("--run-at", metavar="TIME", help="Not before: 2026-12-31T23:59:00Z."),
    click.option("--max-attempts", type=number, metavar="N", help="Runs in all."),
    click.option(
        "--set-tag",
        "tags",
        multiple=True,
        metavar="TEXT",
        help="Instead of its tags; again for more.",
    ),
)


def edit_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that say what a task is to be like, as one dict `changes`."""

    @wraps(command)
    def run(**given: Any) -> None:
        names = ("priority", "delay", "run_at", "max_attempts", "tags")
        values = {name: given.pop(name) for name in names}
        values["run_at"] = moment_from("run_at", values["run_at"])
        values["tags"] = list(values["tags"]) or None
        changes = {name: value for name, value in values.items() if value is not None}
        command(changes=changes, **given)

    decorated: Callable[..., None] = run
    for option in reversed(_OPTIONS):
        decorated = option(decorated)
    return decorated


def merged_arguments(
    core: Intake, task_id: UUID, pairs: tuple[str, ...]
) -> Flow[Mapping[str, Any] | None]:
    """Return a task's arguments with some of them changed; None if none is.

    Raises:
        InvalidValueError: Its payload has no arguments by name.
    """
    if not pairs:
        return None
    given = task_arguments(None, pairs)
    task = yield from flows.get_task(core, task_id)
    if not isinstance(task.payload, dict):
        raise InvalidValueError("arguments", "the task's payload has no arguments by name")
    return {**task.payload, **given}  # pyright: ignore[reportUnknownMemberType] - JSON
