"""`rowlock doctor`: is everything in order, and what to do if not."""

from __future__ import annotations

import click

from rowlock.app.opened import Opened
from rowlock.cli.doors import Place
from rowlock.cli.exits import ExitCode
from rowlock.cli.findings import CONNECTION, DATABASE, Verdict
from rowlock.cli.options import examples, json_option
from rowlock.cli.output import colored, say, say_json, without_controls
from rowlock.cli.places import place_options

_COLORS = {"ok": "green", "warn": "yellow", "fail": "red"}
CHECK_WIDTH = 12


@click.command(
    epilog=examples(
        "rowlock doctor",
        "rowlock doctor --json",
        "rowlock doctor --server https://queue.example",
    )
)
@place_options
@json_option
def command(place: Place, *, as_json: bool) -> None:
    """Check that everything is in order, and say what to do if not.

    Looks at the connection, the engine's version, the clocks, the schema and its checksums,
    wake-ups, queues and leases, and changes nothing. At a server it looks at the way there,
    the certificate, versions, the token and its scopes, live events and limits, and at as much
    of the rest as the token may see. Exits with 6 if a check failed, with 3 if the server or
    the database cannot be reached; a warning is no failure.
    """
    with place.door(Opened) as door:
        found = list(door.findings())
    if as_json:
        say_json([{**one._asdict(), "verdict": one.verdict.value} for one in found])
    else:
        for one in found:
            verdict = colored(one.verdict.value.ljust(5), _COLORS[one.verdict], bold=True)
            say(f"{verdict} {one.check.ljust(CHECK_WIDTH)} {without_controls(one.found)}")
            if one.advice is not None:
                say(f"{'':{CHECK_WIDTH + 7}}{without_controls(one.advice)}")
    failed = {one.check for one in found if one.verdict is Verdict.FAIL}
    if failed & {CONNECTION, DATABASE}:
        raise click.exceptions.Exit(ExitCode.UNREACHABLE)
    if failed:
        raise click.exceptions.Exit(ExitCode.UNHEALTHY)
