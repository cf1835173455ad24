"""`rowlock db`: make, check and print the tables."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import click

from rowlock.app import flows
from rowlock.app.opened import Opened
from rowlock.cli.exits import ExitCode
from rowlock.cli.options import Database, database_options, examples, json_option
from rowlock.cli.output import say, say_json, say_table, warn
from rowlock.errors import InvalidValueError, SchemaError
from rowlock.wire.values import Wire, time_to_wire

# Names for people; the URL only tells which engine's SQL is meant, nothing is connected.
_ENGINE_URLS = {
    "postgresql": "postgresql://",
    "mysql": "mysql://localhost/any",
    "mariadb": "mariadb://localhost/any",
    "sqlite": "memory://",
}


@click.group(
    invoke_without_command=True,
    epilog=examples(
        "rowlock db migrate --url postgresql://me@localhost/app",
        "rowlock db status",
        "rowlock db sql --engine postgresql --from 1",
        "rowlock db verify",
    ),
)
def command() -> None:
    """Make, check and print the tables."""
    ctx = click.get_current_context()
    if ctx.invoked_subcommand is None:
        say(ctx.get_help())


@command.command("migrate", epilog=examples("rowlock db migrate --url sqlite:///app.db"))
@database_options
@json_option
def migrate(database: Database, *, as_json: bool) -> None:
    """Bring the schema up to date.

    Of several that try at once, one does it and the others wait.
    """
    with closing(database.open(create=True)) as opened:
        applied = [f"{one.version:04} {one.name}" for one in flows.migrate(opened)]
        version = opened.storage.migrations.newest
    if as_json:
        say_json({"version": version, "applied": applied})
        return
    for name in applied:
        say(f"applied {name}")
    warn(f"the schema is at version {version}" + ("" if applied else ", nothing to do"))


@command.command("status", epilog=examples("rowlock db status", "rowlock db status --json"))
@database_options
@json_option
def status(database: Database, *, as_json: bool) -> None:
    """List the migrations, and which of them are applied.

    Exits with 4 if the schema is not the one that this version works with.
    """
    with closing(database.open()) as opened:
        rows = _status(opened)
        error = _mismatch(opened)
        wanted = opened.storage.migrations.newest
    if as_json:
        found = max((row["version"] for row in rows if row["applied_at"]), default=0)
        say_json({"version": found, "wanted": wanted, "migrations": rows})
    else:
        columns = ("VERSION", "NAME", "STATE", "APPLIED")
        cells = [
            [f"{row['version']:04}", row["name"], row["state"], row["applied_at"] or "-"]
            for row in rows
        ]
        say_table(columns, cells)
        if error is not None:
            warn(f"rowlock: {error}")
    if error is not None:
        raise click.exceptions.Exit(ExitCode.SCHEMA)


def _mismatch(opened: Opened) -> SchemaError | None:
    storage = opened.storage
    return storage.migrations.mismatch(storage.runner.read(storage.migrations.applied))


def _status(opened: Opened) -> list[Wire]:
    migrations = opened.storage.migrations
    applied = opened.storage.runner.read(migrations.applied)
    shipped = {one.version: one for one in migrations.all}
    changed = {one.version for one in migrations.changed(applied)}
    rows: list[Wire] = []
    for one in applied:
        state = "applied"
        if one.version in changed:
            state = "changed" if one.version in shipped else "newer"
        rows.append(_row(one.version, one.name, state, time_to_wire(one.applied_at)))
    done = {one.version for one in applied}
    pending = [migration for version, migration in shipped.items() if version not in done]
    return rows + [_row(one.version, one.name, "pending", None) for one in pending]


def _row(version: int, name: str, state: str, applied_at: str | None) -> Wire:
    return {"version": version, "name": name, "state": state, "applied_at": applied_at}


@command.command(
    "sql",
    epilog=examples(
        "rowlock db sql --engine postgresql > rowlock.sql",
        "rowlock db sql --engine mysql --prefix queue_ --from 1",
    ),
)
@click.option(
    "--engine",
    type=click.Choice(list(_ENGINE_URLS)),
    help="Which SQL.  [default: that of the URL]",
)
@click.option(
    "--from",
    "after",
    type=click.IntRange(min=0),
    default=0,
    metavar="N",
    help="Only what a schema at version N lacks.",
)
@database_options
def sql(database: Database, *, engine: str | None, after: int) -> None:
    """Print the migrations as SQL.

    Nothing is connected; the SQL is to be applied by other means.
    """
    from rowlock.storage.url import open_storage

    if engine is None and database.url is None:
        raise InvalidValueError("engine", "say --engine or --url: which SQL is wanted?")
    url = database.needed_url if engine is None else _ENGINE_URLS[engine]
    settings: dict[str, Any] = database.given()
    settings.pop("namespace", None)
    with closing(open_storage(url, **settings)) as storage:
        say(storage.migrations.script(after=after).rstrip("\n"))


@command.command("verify", epilog=examples("rowlock db verify"))
@database_options
@json_option
def verify(database: Database, *, as_json: bool) -> None:
    """Check version and checksums of what was applied.

    Exits with 4 if the schema is missing, too old or too new, with 6 if a migration was
    applied from another text than the one that this version ships.
    """
    with closing(database.open()) as opened:
        storage = opened.storage
        applied = storage.runner.read(storage.migrations.applied)
        error = storage.migrations.mismatch(applied)
        if error is not None:
            raise error
        changed = [f"{one.version:04} {one.name}" for one in storage.migrations.changed(applied)]
    version = applied[-1].version
    if as_json:
        say_json({"version": version, "changed": changed, "ok": not changed})
    for name in changed:
        warn(f"rowlock: {name} was applied from another text than this version ships")
    if changed:
        raise click.exceptions.Exit(ExitCode.UNHEALTHY)
    if not as_json:
        say(f"ok: version {version}, all migrations as shipped")
