"""Options that many commands share, and how they open the database."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial, wraps
from typing import Any, TypeVar

import click

from rowlock.app.opened import Opened
from rowlock.cli.doors import C, Door, LocalDoor
from rowlock.cli.program import DEBUG, URLS
from rowlock.errors import InvalidValueError, StorageUnavailableError
from rowlock.storage.url import database_file

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """Which database, and which part of it, a command was told to use; None is not given."""

    url: str | None
    namespace: str | None
    prefix: str | None
    schema: str | None

    @property
    def needed_url(self) -> str:
        """The URL.

        Raises:
            InvalidValueError: Nobody said it.
        """
        if not self.url:
            raise InvalidValueError(
                "url", "which database? Add --url sqlite:///path or set ROWLOCK_URL"
            )
        return self.url

    def given(self) -> dict[str, Any]:
        """Return what was said besides the URL."""
        values = {"namespace": self.namespace, "prefix": self.prefix, "schema": self.schema}
        return {name: value for name, value in values.items() if value is not None}

    def open(self, *, create: bool = False, reserved: bool = False) -> Opened:
        """Return the database, without definitions; nothing is connected yet.

        Args:
            create: Make a SQLite file and its tables if they are not there. Looking at a
                database changes nothing in it.
            reserved: The namespace may be the system's own.

        Raises:
            InvalidValueError: No URL was given, or the namespace is no name.
            ConfigError: The URL or a setting cannot work.
            StorageUnavailableError: The SQLite file is not there.
        """
        return self.open_as(partial(Opened, reserved=reserved), create=create)

    def open_as(self, kind: Callable[..., T], *, create: bool = False) -> T:
        """Return the database as another kind of `Opened`. See `open`."""
        url = self.needed_url
        path = None if create else database_file(url)
        if path is None:
            return kind(url, **self.given())
        if not os.path.exists(path):  # noqa: PTH110 - pathlib takes long to load
            raise StorageUnavailableError(f"there is no database file {path}")
        return kind(url, **self.given(), migrate=False)

    def door(self, kind: Callable[..., C], *, create: bool = False) -> Door[C]:
        """Return the door of this database. See `Place`."""
        return LocalDoor(self.open_as(kind, create=create))


def _set_debug(ctx: click.Context, _: click.Parameter, value: Any) -> None:
    ctx.meta[DEBUG] = value


DATABASE_OPTIONS = (
    click.option(
        "--url",
        envvar="ROWLOCK_URL",
        metavar="URL",
        help="The database: sqlite:///path, postgresql://…, mysql://….  [env: ROWLOCK_URL]",
    ),
    click.option(
        "--namespace",
        envvar="ROWLOCK_NAMESPACE",
        metavar="NAME",
        help="Whose tasks; 'default' if not given.  [env: ROWLOCK_NAMESPACE]",
    ),
    click.option(
        "--prefix",
        envvar="ROWLOCK_PREFIX",
        metavar="TEXT",
        help="What the tables' names begin with; 'rowlock_' if not given.",
    ),
    click.option(
        "--schema",
        envvar="ROWLOCK_SCHEMA",
        metavar="NAME",
        help="PostgreSQL: the schema that holds the tables.",
    ),
)

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")

debug_option = click.option(
    "--debug",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=_set_debug,
    help="Show the traceback of an error.",
)


def database_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that name a database, as one `Database`, and `--debug`."""

    @wraps(command)
    def run(**given: Any) -> None:
        database = database_from(given)
        click.get_current_context().meta[URLS] = (database.url,)
        command(database=database, **given)

    return with_options(run, DATABASE_OPTIONS)


def database_from(given: dict[str, Any]) -> Database:
    """Take what names a database out of a command's values."""
    names = ("url", "namespace", "prefix", "schema")
    return Database(**{name: given.pop(name) for name in names})


def with_options(
    command: Callable[..., None], options: Sequence[Callable[..., Any]]
) -> Callable[..., None]:
    """Give a command options in the order of its help, and `--debug` as the last one."""
    decorated: Callable[..., None] = debug_option(command)
    for option in reversed(options):
        decorated = option(decorated)
    return decorated


def number(text: str) -> int | str:
    """Return the integer that a text is; what is none is refused where it is, as in Python."""
    try:
        return int(text)
    except ValueError:
        return text


def examples(*lines: str) -> str:
    """Return the end of a command's help."""
    return "\n".join(["\b", "Examples:", *(f"  {line}" for line in lines)])
