"""The options that choose tasks, the same for every command that lists or changes many."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import click

from rowlock.cli.arguments import moment_or_age, values_by_key
from rowlock.model.states import TaskState
from rowlock.model.tasks import TaskFilter


def complete_state(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Complete the name of a state."""
    del ctx, param
    return [state.value for state in TaskState if state.value.startswith(incomplete)]


_EVENTS = ("created", "started", "finished")

_FILTER_OPTIONS = (
    click.option(
        "--state",
        "--status",
        "states",
        multiple=True,
        metavar="STATE",
        shell_complete=complete_state,
        help=f"{', '.join(TaskState)}. Again for more states; other systems' words are understood.",
    ),
    click.option("--queue", metavar="NAME", help="Only of this queue."),
    click.option("--definition", metavar="ALIAS", help="Only of this definition."),
    click.option(
        "--tag",
        "tags",
        multiple=True,
        metavar="TEXT",
        help="Only with this tag. Again for more tags: all of them.",
    ),
    click.option("--worker", metavar="NAME", help="Only what this worker runs or ran last."),
    click.option("--unique", "unique_key", metavar="KEY", help="Only with this unique key."),
    click.option("--error", metavar="TEXT", help="Only with this text in the last error."),
    click.option(
        "--argument",
        "arguments",
        multiple=True,
        metavar="KEY=TEXT | KEY:=JSON",
        help="Only with this value in the payload; needs --definition or --queue. Again for more.",
    ),
    *(
        click.option(
            f"--{event}-{side}",
            metavar="TIME",
            help=f"Only {event} {words}: 2026-12-31T23:59:00Z, or 1h for an hour ago.",
        )
        for event in _EVENTS
        for side, words in (("after", "then or later"), ("before", "earlier"))
    ),
)


def filter_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that choose tasks, as one `TaskFilter` named `wanted`."""

    @wraps(command)
    def run(**given: Any) -> None:
        chosen = {name: given.pop(name) for name in TaskFilter._fields if name in given}
        chosen["arguments"] = values_by_key("arguments", chosen["arguments"])
        for field in [f"{event}_{side}" for event in _EVENTS for side in ("after", "before")]:
            chosen[field] = moment_or_age(field, chosen[field])
        command(wanted=TaskFilter(**chosen), **given)

    decorated: Callable[..., None] = run
    for option in reversed(_FILTER_OPTIONS):
        decorated = option(decorated)
    return decorated
