"""`rowlock doctor`: is everything in order, and what to do if not."""

from __future__ import annotations

from contextlib import closing

import click

from rowlock.cli.exits import ExitCode
from rowlock.cli.options import Database, database_options, examples, json_option
from rowlock.cli.output import colored, say, say_json, without_controls

_COLORS = {"ok": "green", "warn": "yellow", "fail": "red"}
CHECK_WIDTH = 12


@click.command(epilog=examples("rowlock doctor", "rowlock doctor --json"))
@database_options
@json_option
def command(database: Database, *, as_json: bool) -> None:
    """Check that everything is in order, and say what to do if not.

    Looks at the connection, the engine's version, the clocks, the schema and its checksums,
    wake-ups, queues and leases, and changes nothing. Exits with 6 if a check failed, with 3
    if the database cannot be reached; a warning is no failure.
    """
    from rowlock.cli.checks import Verdict, findings

    with closing(database.open()) as opened:
        found = list(findings(opened))
    if as_json:
        say_json([{**one._asdict(), "verdict": one.verdict.value} for one in found])
    else:
        for one in found:
            verdict = colored(one.verdict.value.ljust(5), _COLORS[one.verdict], bold=True)
            say(f"{verdict} {one.check.ljust(CHECK_WIDTH)} {without_controls(one.found)}")
            if one.advice is not None:
                say(f"{'':{CHECK_WIDTH + 7}}{without_controls(one.advice)}")
    if any(one.verdict is Verdict.FAIL for one in found):
        raise click.exceptions.Exit(ExitCode.UNHEALTHY)
