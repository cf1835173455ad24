"""What `enqueue` and `schedule` share: arguments and options of tasks, and who checks them."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from typing import Any

import click

from rowlock.app.intake import Intake
from rowlock.cli.doors import Door, LocalDoor, Place
from rowlock.cli.options import Database, number
from rowlock.errors import InvalidValueError

_TERMS = (
    click.option("--priority", type=number, metavar="N", help="Higher runs first; 0 is usual."),
    click.option("--max-attempts", type=number, metavar="N", help="Runs in all; 1 runs once."),
    click.option("--timeout", metavar="DURATION", help="How long an attempt may take."),
    click.option("--lifetime", metavar="DURATION", help="Expires if not started by then."),
    click.option("--retry", metavar="BACKOFF", help="none, immediate, fixed, exponential …"),
    click.option("--tag", "tags", multiple=True, metavar="TEXT", help="Again for more tags."),
    click.option("--unique", metavar="KEY", help="Refused while a live task holds the key."),
)

_ARGUMENTS = (
    click.option("--args", metavar="JSON", help="All arguments as one object; '-' reads stdin."),
    click.option(
        "--app", metavar="MODULE:APP", help="Check the arguments against this app's code."
    ),
)


def task_term_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that say what a task is to be like, but for its queue."""
    for option in reversed(_TERMS):
        command = option(command)
    return command


def term_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that say what tasks of a definition are to be like."""
    queue = click.option("--queue", metavar="NAME", help="Instead of the definition's queue.")
    return queue(task_term_options(command))


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """A task's arguments as they were typed.

    Attributes:
        arguments: Each as `key=text` or `key:=json`.
        args: Or all of them as one JSON object; `-` reads it from stdin.
        app: `module:name` of the app whose code checks them.
    """

    arguments: tuple[str, ...]
    args: str | None
    app: str | None

    @contextmanager
    def checked_by(self, place: Place, *, create: bool) -> Generator[Door[Intake]]:
        """Go where tasks are to be stored; an error says how to write what is not text.

        Args:
            place: Which database, or which server.
            create: Make a SQLite file and its tables if they are not there.

        Raises:
            UsageError: Code is to check the arguments that a server's own code checks.
        """
        with self._door(place, create=create) as door:
            try:
                yield door
            except InvalidValueError as error:
                raise _with_hint(error, self.arguments) from error

    def _door(self, place: Place, *, create: bool) -> Door[Intake]:
        if self.app is None:
            return place.door(Intake, create=create)
        if not isinstance(place, Database):
            raise click.UsageError("--app is for databases: a server checks with its own code")
        from rowlock.cli.apps import load_app

        return LocalDoor(load_app(self.app, place).core)


def argument_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the arguments of a task, as one `Typed`."""

    @wraps(command)
    def run(**given: Any) -> None:
        names = ("arguments", "args", "app")
        command(typed=Typed(**{name: given.pop(name) for name in names}), **given)

    decorated: Callable[..., None] = run
    for option in reversed(_ARGUMENTS):
        decorated = option(decorated)
    return click.argument("arguments", nargs=-1, metavar="[KEY=TEXT | KEY:=JSON]...")(decorated)


def _with_hint(error: InvalidValueError, arguments: Sequence[str]) -> InvalidValueError:
    """Return the error; if a text was given where another type is wanted, with how to write it."""
    unwanted_text = "got `str`" in error.problem  # in the words of msgspec
    if unwanted_text and any(one.startswith(f"{error.field}=") for one in arguments):
        problem = f"{error.problem}; write {error.field}:=… for what is not text"
        return type(error)(error.field, problem)
    return error
