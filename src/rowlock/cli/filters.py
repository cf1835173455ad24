"""The options that choose tasks, the same for every command that lists or changes many."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import click

from rowlock.model.states import TaskState
from rowlock.model.tasks import TaskFilter


def complete_state(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Complete the name of a state."""
    del ctx, param
    return [state.value for state in TaskState if state.value.startswith(incomplete)]


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
    click.option("--tag", metavar="TEXT", help="Only with this tag."),
)


def filter_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that choose tasks, as one `TaskFilter` named `wanted`."""

    @wraps(command)
    def run(**given: Any) -> None:
        chosen = {name: given.pop(name) for name in TaskFilter._fields if name in given}
        command(wanted=TaskFilter(**chosen), **given)

    decorated: Callable[..., None] = run
    for option in reversed(_FILTER_OPTIONS):
        decorated = option(decorated)
    return decorated
