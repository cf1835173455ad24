"""The options of commands that work on a database or on a server alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import wraps
from typing import Any

import click

from rowlock.cli.doors import C, Door, Place
from rowlock.cli.options import DATABASE_OPTIONS, database_from, with_options
from rowlock.cli.program import TOKENS, URLS

_WAYS = ("url", "server", "profile")
ASKER = "asker"
"""The parameter that says who asks; a server knows that by the token."""

_SERVER_OPTIONS = (
    click.option(
        "--server",
        envvar="ROWLOCK_SERVER",
        metavar="URL",
        help="Instead of a database, a server: https://host/path.  [env: ROWLOCK_SERVER]",
    ),
    click.option(
        "--token",
        envvar="ROWLOCK_TOKEN",
        metavar="TEXT",
        help="What the server knows you by; others see arguments.  [env: ROWLOCK_TOKEN]",
    ),
    click.option(
        "--profile",
        envvar="ROWLOCK_PROFILE",
        metavar="NAME",
        help="A server and token of rowlock/profiles.toml.  [env: ROWLOCK_PROFILE]",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Which server a command was told to ask, and as whom."""

    url: str
    token: str | None = field(repr=False)
    namespace: str | None

    def door(self, kind: Callable[..., C], *, create: bool = False) -> Door[C]:
        """Return the door of this server, which opens its database as it likes. See `Place`."""
        del kind, create
        from rowlock.cli.remote.door import RemoteDoor

        return RemoteDoor(self)


def place_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that name a database or a server, as one `Place`."""

    @wraps(command)
    def run(**given: Any) -> None:
        command(place=_place(click.get_current_context(), given), **given)

    return with_options(run, (*DATABASE_OPTIONS, *_SERVER_OPTIONS))


def _place(context: click.Context, given: dict[str, Any]) -> Place:
    """Take out of a command's values where it is to go.

    Raises:
        UsageError: Two places are named, or something that does not go with the one.
    """
    way = _way(context, given)
    server, token, profile = (given.pop(name) for name in ("server", "token", "profile"))
    database = database_from(given)
    context.meta[URLS], context.meta[TOKENS] = (database.url, server), (token,)
    if way not in {"server", "profile"}:
        _refuse(context, "url", ("token",))
        return database
    _refuse(context, way, ("prefix", "schema", ASKER))
    if way == "server":
        return Server(url=server, token=token, namespace=database.namespace)
    from rowlock.cli.profiles import profile_named

    known = profile_named(profile)
    if known.token is not None and not _is_typed(context, "token"):
        token = known.token
    namespace = database.namespace
    if known.namespace is not None and not _is_typed(context, "namespace"):
        namespace = known.namespace
    context.meta[URLS], context.meta[TOKENS] = (known.server,), (token, known.token)
    return Server(url=known.server, token=token, namespace=namespace)


def _way(context: click.Context, given: dict[str, Any]) -> str | None:
    """Return the option that says where; what was typed goes over the environment."""
    said = [name for name in _WAYS if given[name]]
    ways = [name for name in said if _is_typed(context, name)] or said
    if len(ways) > 1:
        if _is_typed(context, ways[0]):
            raise click.UsageError(f"--{ways[0]} and --{ways[1]} exclude each other", context)
        both = " and ".join(f"ROWLOCK_{name.upper()}" for name in ways[:2])
        raise click.UsageError(f"both {both} are set: give --{ways[0]} or --{ways[1]}", context)
    return ways[0] if ways else None


def _refuse(context: click.Context, way: str, names: tuple[str, ...]) -> None:
    for name in names:
        if _is_typed(context, name):
            [option] = (one.opts[0] for one in context.command.params if one.name == name)
            raise click.UsageError(f"{option} means nothing with --{way}", context)


def _is_typed(context: click.Context, name: str) -> bool:
    return context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE
